"""`scanpipe watch` in a process of its own, as tests drive it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from tests.installation import ROOT, Installation
from tests.loaded import Running, start


class Watcher:
    """`scanpipe watch --json` in a process of its own."""

    def __init__(self, home: Installation, log: str = "watch", prefix: tuple[str, ...] = (), **settings: str) -> None:
        env = {**os.environ, **home.environ, **settings}
        self.log = home.data_dir.parent / f"{log}.jsonl"
        self.errors = home.data_dir.parent / f"{log}.err"
        with self.log.open("ab") as out, self.errors.open("ab") as err:
            self.process = _start(prefix, env, out, err)

    def said(self) -> str:
        """What it told the operator beside the answers."""
        return self.errors.read_text(encoding="utf-8")

    def answers(self) -> dict[str, dict[str, Any]]:
        lines = self.log.read_text(encoding="utf-8").splitlines(keepends=True)
        return {a["file"]: a for a in (json.loads(line) for line in lines if line.endswith("\n"))}

    def wait_for(self, *files: str, timeout_s: float = 30) -> dict[str, dict[str, Any]]:
        self.wait_until(lambda: set(files) <= set(self.answers()), timeout_s)
        return self.answers()

    def wait_until(self, done: Callable[[], bool], timeout_s: float = 30) -> None:
        deadline = time.monotonic() + timeout_s
        while not done():
            assert time.monotonic() < deadline, f"only {sorted(self.answers())} came; it said: {self.said()}"
            assert self.process.poll() is None, self.said()
            time.sleep(0.05)


def _start(
    prefix: tuple[str, ...], env: dict[str, str], out: IO[bytes], err: IO[bytes]
) -> Running | subprocess.Popen[bytes]:
    command = ("watch", "--json")
    if not prefix:
        return start(command, env, out, err)
    whole = [*prefix, sys.executable, "-m", "scanpipe", *command]
    return subprocess.Popen(whole, env=env, cwd=ROOT, stdout=out, stderr=err)


@contextmanager
def watching(
    home: Installation, log: str = "watch", prefix: tuple[str, ...] = (), **settings: str
) -> Iterator[Watcher]:
    watcher = Watcher(home, log, prefix, **settings)
    try:
        yield watcher
    finally:
        watcher.process.send_signal(signal.SIGTERM)
        watcher.process.wait(timeout=60)
    assert watcher.process.returncode == 0, watcher.said()
