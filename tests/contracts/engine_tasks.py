"""What the workers of the engine tests are asked to do: importable, small, and some of it deadly."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import Any, NoReturn

from scanpipe.faults import LibraryMissing

_set_up_with: list[str] = []


def double(n: int) -> int:
    return 2 * n


def echo(value: Any) -> Any:
    return value


def nap(s: float) -> int:
    """Sleeps; the worker's process id."""
    time.sleep(s)
    return os.getpid()


def noted_double(folder: str, n: int, s: float) -> int:
    """Leaves a file for every time that it was begun, named for the task and the worker."""
    note(folder, n)
    time.sleep(s)
    return 2 * n


def meet(folder: str, n: int) -> int:
    """Waits until `n` workers are in it at once; the worker's process id."""
    note(folder, "here")
    while len(os.listdir(folder)) < n:
        time.sleep(0.01)
    return os.getpid()


def note(folder: str, what: object) -> None:
    Path(folder, f"{what}-{os.getpid()}-{time.monotonic_ns()}").touch()


def segfault() -> None:
    ctypes.string_at(0)


def abort() -> NoReturn:
    os.abort()


def leave() -> NoReturn:
    os._exit(3)


def leave_politely() -> NoReturn:
    sys.exit(3)


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def close_everything() -> None:
    """What a library that daemonises itself does to its host."""
    os.closerange(3, 200)
    time.sleep(600)


def talk(words: bytes) -> None:
    """Writes into every descriptor that is open, and does not come back."""
    for fd in map(int, os.listdir("/proc/self/fd")):
        try:
            if fd > 2:
                os.write(fd, words)
        except OSError:
            continue
    time.sleep(600)


def die_first_time(folder: str) -> str:
    """Kills its worker the first time, then answers."""
    first = not any(Path(folder).iterdir())
    note(folder, "died")
    if first:
        kill_itself()
    return "alive"


def spin() -> NoReturn:
    """Hangs and does not listen."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        pass


def hang_with_child(folder: str) -> None:
    child = subprocess.Popen(["sleep", "600"])
    Path(folder, str(child.pid)).touch()
    child.wait()


def hoard_at_once(mib: int) -> int:
    return len(bytearray(mib << 20))


def hoard_bit_by_bit(mib: int) -> int:
    return len([bytes(1000) for _ in range(mib << 10)])


class Stubborn(Exception):
    """Cannot be pickled."""

    def __init__(self) -> None:
        super().__init__("stubborn")
        self.lock = threading.Lock()


class TwoWords(Exception):
    """Can be pickled, and not unpickled."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} {other}")


class HomeOnly:
    """Falls apart on the way out of the worker."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (_only_in, (os.getpid(),))


def _only_in(pid: int) -> HomeOnly:
    if os.getpid() != pid:
        raise RuntimeError("not at home")
    return HomeOnly()


def raise_value_error() -> NoReturn:
    raise ValueError("it is blåbær")


def raise_fault() -> NoReturn:
    raise LibraryMissing("no zbar", "Install it.")


def raise_stubborn() -> NoReturn:
    raise Stubborn


def raise_two_words() -> NoReturn:
    raise TwoWords("one", "other")


def raise_foreign() -> NoReturn:
    raise zlib.error("of no package that the engine was told of")


class Command:
    """What a hostile file would have a worker answer."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self.command,)


def give_command(command: str) -> Command:
    return Command(command)


def call(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


def give_lock() -> object:
    return threading.Lock()


def give_home_only() -> HomeOnly:
    return HomeOnly()


def environment() -> dict[str, str]:
    return dict(os.environ)


def open_files() -> list[str]:
    """What the descriptors of the worker lead to."""
    own = f"/proc/{os.getpid()}/fd"
    return sorted(os.readlink(f"{own}/{fd}") for fd in os.listdir(own) if os.path.lexists(f"{own}/{fd}"))


def chatter() -> str:
    """Everything that a library may try on a terminal; what it can read there."""
    print("from Python", flush=True)
    os.write(1, b"from C\n")
    return sys.stdin.read()


def set_up(*words: str) -> None:
    _set_up_with.extend(words)


def set_up_with() -> list[str]:
    return _set_up_with


def set_up_in_vain(folder: str) -> NoReturn:
    note(folder, "start")
    raise ValueError("no such reader")


def set_up_and_die(folder: str) -> NoReturn:
    note(folder, "start")
    kill_itself()
    raise AssertionError("outlived SIGKILL")


def set_up_without_library(folder: str) -> NoReturn:
    note(folder, "start")
    raise_fault()


def set_up_hoarding(folder: str) -> NoReturn:
    note(folder, "start")
    raise AssertionError(hoard_at_once(1 << 20))


def set_up_every_third_time(folder: str) -> None:
    note(folder, "start")
    if len(os.listdir(folder)) % 3:
        kill_itself()


def set_up_if_there(path: str) -> None:
    Path(path).stat()


def burn_on_threads() -> None:
    """Four threads at once, outside of the interpreter's lock."""
    data = bytes(1 << 20)
    threads = [threading.Thread(target=lambda: [zlib.crc32(data) for _ in range(1 << 20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def burn(cpu_s: float) -> None:
    end_s = time.process_time() + cpu_s
    while time.process_time() < end_s:
        pass
