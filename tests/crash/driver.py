"""A watcher in a process of its own that kills itself at the n-th effect. Used by test_every_effect.py.

    python -m tests.crash.driver < lines of: DATA_DIR N

Effects are counted by the interpreter's own audit hook (every rename, link, removal, folder made, file opened for writing),
and by SQLAlchemy's commit event: nothing in the product knows of it. The hook is called before an effect, so the n-th run
dies after effect n-1 and before effect n. Pages are examined in this process, one after the other, so that the effects come in
one order. With N = 0 it runs to the end and prints how many effects there were; else it prints how it ended. One process reads
the lines and forks for each, so that the modules are loaded once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import Future
from importlib import import_module
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from scanpipe.desk.conveyor import Carried, Conveyor
from scanpipe.desk.watching import Watch
from scanpipe.faults import Fault
from scanpipe.settings import load_settings
from scanpipe.wiring import open_hot_folder, open_parts

_EFFECTS = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Countdown:
    """Dies by SIGKILL when the count of effects is reached."""

    def __init__(self, fatal: int) -> None:
        self.count = 0
        self._fatal = fatal

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _EFFECTS or (event == "open" and isinstance(args[2], int) and args[2] & _WRITING):
            self.step()

    def step(self, *_: Any) -> None:
        self.count += 1
        if self.count == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


class InProcess:
    """An engine without processes: the answer is there when `submit` returns."""

    workers, far = 1, False
    _lock = threading.Lock()

    def submit(self, function: str, *args: Any) -> Future[Any]:
        module, name = function.split(":")
        done: Future[Any] = Future()
        with self._lock:
            done.set_result(getattr(import_module(module), name)(*args))
        return done


class Silent:
    """Hears a watcher, and says only what is wrong."""

    def count(self, carried: Carried) -> None:
        """Nothing to say."""

    def complain(self, fault: Fault) -> None:
        print(fault, file=sys.stderr)

    def relieved(self) -> None:
        """Nothing to say."""


def run(data_dir: Path, countdown: Countdown) -> None:
    """Works the inbox until it is empty and nothing is in flight."""
    environ = {
        "SCANPIPE__DATA_DIR": str(data_dir),
        "SCANPIPE__INBOX__POLLING": "true",
        "SCANPIPE__INBOX__POLLING_S": "0.05",
        "SCANPIPE__INBOX__QUIET_S": "0",
    }
    config = data_dir / "driver.toml"
    settings, _ = load_settings(config if config.exists() else None, environ)
    with open_parts(settings) as parts:
        conveyor = Conveyor(parts, InProcess())
        inbox = open_hot_folder(settings)
        stop = threading.Event()
        watch = Watch(parts, conveyor, inbox, Silent(), stop)
        sys.addaudithook(countdown.audit)
        sa.event.listen(sa.Engine, "commit", countdown.step)
        watch.inherit()
        threading.Thread(target=_stop_when_empty, args=(settings.inbox_path, stop), daemon=True).start()
        watch.run()
        inbox.close()
        conveyor.close()


def _stop_when_empty(inbox: Path, stop: threading.Event) -> None:
    tick = threading.Event()
    while any(p.is_file() for p in inbox.rglob("*")):
        tick.wait(0.01)
    stop.set()


def in_a_fork(data_dir: Path, fatal: int) -> int:
    """Runs in a child; answers the number of effects, or the negative number of the signal that ended it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        countdown = Countdown(fatal)
        run(data_dir, countdown)
        os.write(writing, str(countdown.count).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        count = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return int(count) if status == 0 else status


if __name__ == "__main__":
    for line in sys.stdin:
        place, _, number = line.rstrip("\n").rpartition(" ")
        print(in_a_fork(Path(place), int(number)), flush=True)
