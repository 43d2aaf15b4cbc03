"""`scanpipe`, loaded once. Each command is a fork of it: a process of its own, without the time that loading takes.

A thousand commands are called in the tests, and what Python needs to load the program was most of their time.

    python -m tests.loaded SOCKET

For every connection a child is forked. It takes the arguments, the environment and the three standard files, forks the command,
tells its process id, and its exit code when it has ended. The server ends when its standard input does.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parent.parent
_ALL = ("scanpipe.wiring", "scanpipe.web.app", "scanpipe.web.site", "scanpipe.web.serving", "scanpipe.web.notice_words")
_LONGEST = 1 << 20
_STARTING = threading.Lock()


def call(
    args: Sequence[str], env: Mapping[str, str], stdin: str | None, timeout_s: float, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """`scanpipe …` with this environment, and what came of it. Raises TimeoutExpired when it was ended for that."""
    with _STARTING:
        path = _started()
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write((stdin or "").encode())
        given.seek(0)
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(path)
            _request(line, [list(args), dict(env), str(cwd)], [f.fileno() for f in (given, out, err)])
            command = Running(line)
            try:
                code = command.wait(timeout_s)
            except subprocess.TimeoutExpired:
                command.kill()
                raise
        return subprocess.CompletedProcess(["scanpipe", *args], code, _text(out), _text(err))


class Running:
    """A command that goes on, as `subprocess.Popen` has it."""

    def __init__(self, line: socket.socket) -> None:
        self._line, self._answers = line, line.makefile()
        self.pid, self.returncode = int(self._answers.readline()), None

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._line], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            self.returncode = int(self._answers.readline())
            self._answers.close()
            self._line.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    args: Sequence[str], env: Mapping[str, str], out: IO[Any], err: IO[Any], cwd: Path = ROOT
) -> Running | subprocess.Popen[Any]:
    """`scanpipe …` with this environment, writing to open files; without input.

    What is to be loaded before all else (a clock that is wrong) needs a process that is no fork.
    """
    if "LD_PRELOAD" in env:
        command = [sys.executable, "-m", "scanpipe", *args]
        return subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    with _STARTING:
        path = _started()
    line = socket.socket(socket.AF_UNIX)
    line.connect(path)
    with open(os.devnull, "rb") as nothing:
        _request(line, [list(args), dict(env), str(cwd)], [f.fileno() for f in (nothing, out, err)])
    return Running(line)


def _request(line: socket.socket, what: list[Any], files: list[int]) -> None:
    socket.send_fds(line, [b"f"], files)
    line.sendall(json.dumps(what).encode())
    line.shutdown(socket.SHUT_WR)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@cache
def _started() -> str:
    place = tempfile.TemporaryDirectory(prefix="scanpipe-loaded-")
    path = f"{place.name}/line"
    command = [sys.executable, "-m", "tests.loaded", path]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)
    assert server.stdin is not None and server.stdout is not None
    assert server.stdout.readline() == "ready\n" and server.wait() == 0

    def end() -> None:
        assert server.stdin is not None
        server.stdin.close()
        place.cleanup()

    atexit.register(end)
    return path


def _serve(path: str) -> None:
    from scanpipe.cli import main

    for part in _ALL:  # what the program itself loads when a command needs it
        import_module(part)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children that hold a line
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as events:
        listener.bind(path)
        listener.listen(64)
        events.register(listener, selectors.EVENT_READ)
        events.register(sys.stdin, selectors.EVENT_READ)
        print("ready", flush=True)
        if os.fork():
            os._exit(0)  # it is nobody's child: tests count those of the program
        while not any(key.fileobj is sys.stdin for key, _ in events.select()):
            line, _ = listener.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                _hold(line, main)
            line.close()


def _hold(line: socket.socket, main: Callable[[], object]) -> None:
    """Starts the command and stays on the line until it has ended. Does not come back."""
    _, files, _, _ = socket.recv_fds(line, 1, 3)
    args, env, cwd = json.loads(b"".join(iter(lambda: line.recv(_LONGEST), b"")))
    child = os.fork()
    if child == 0:
        line.close()
        os.chdir(cwd)
        _become(args, env, files, main)
    line.sendall(f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(args: list[str], env: dict[str, str], files: list[int], main: Callable[[], object]) -> None:
    """The process is the command from here on."""
    for standard, file in enumerate(files):
        os.dup2(file, standard)
        os.close(file)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["scanpipe", *args]
    code = 0
    try:
        main()
    except SystemExit as e:
        code = e.code if isinstance(e.code, int) else bool(e.code)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        code = 1
    finally:
        _end(code)


def _end(code: int) -> None:
    """As the interpreter ends: threads are waited for, what was registered is run, what was written goes out."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(sys.argv[1])
