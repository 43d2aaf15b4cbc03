"""A command in, what it and all of its descendants cost out."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scanpipe.faults import Fault

_SAMPLE_EVERY_S = 0.1
_TICKS_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """`cpu_s` is that of the command and all descendants that it waited for, `own_cpu_s` its own alone.

    `peak_mib` is the largest sum of the proportional set sizes (PSS: shared pages count once) of the tree, sampled ten times a
    second. `written_bytes` is what the tree handed to write calls.
    """

    wall_s: float
    cpu_s: float
    own_cpu_s: float
    peak_mib: float
    written_bytes: int
    out: str


def measured(command: list[str], environ: Mapping[str, str]) -> Usage:
    """Runs a command. Raises Fault when it fails."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        since = time.monotonic()
        process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        with _Watcher(process.pid) as watcher:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            wall_s = time.monotonic() - since
        own, written = _own_cpu_s(process.pid), _written_bytes(process.pid)
        _, status, rusage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            err.seek(0)
            message = err.read()[-2000:].decode(errors="replace").strip()
            raise Fault(f"{' '.join(command[1:4])} … ended with {process.returncode}: {message}")
        out.seek(0)
        return Usage(wall_s, rusage.ru_utime + rusage.ru_stime, own, watcher.peak_mib, written, out.read().decode())


def clean_environment() -> dict[str, str]:
    """This process's, without what would change the program: its settings, and what keeps compiled modules from being kept."""
    dropped = ("SCANPIPE_", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
    return {k: v for k, v in os.environ.items() if not k.startswith(dropped)}


def python(module: str, *args: object) -> list[str]:
    return [sys.executable, "-m", module, *map(str, args)]


class _Watcher:
    """Samples the memory of a process and its descendants until it is told to stop."""

    def __init__(self, pid: int) -> None:
        self.peak_mib = 0.0
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_SAMPLE_EVERY_S):
            self.peak_mib = max(self.peak_mib, memory_mib(self._pid))


def memory_mib(pid: int) -> float:
    """The proportional set sizes of a process and its living descendants, summed up."""
    return sum(_pss_kib(p) for p in family(pid)) / 1024


def family(pid: int) -> Iterator[int]:
    """A process and its living descendants."""
    yield pid
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from family(int(child))


def _pss_kib(pid: int) -> int:
    """0 for a process that has just ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def _own_cpu_s(pid: int) -> float:
    """User and system time of the process without its children; also of one that has ended and was not waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_S


def _written_bytes(pid: int) -> int:
    """What was handed to write calls by the process and the children that it waited for."""
    for line in Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("wchar:"):
            return int(line.split()[1])
    return 0
