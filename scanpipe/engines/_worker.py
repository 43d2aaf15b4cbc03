"""A worker process: takes tasks from its socket one by one until the socket is closed.

    python -m scanpipe.engines._worker SOCKET CELL PARENT MEMORY_MIB CPU_S CONFINED

SOCKET and CELL are inherited descriptors, PARENT the parent's process id. CPU_S is for each task, CONFINED is 0 or 1. CELL is a
small piece of memory shared with the parent, where the number of the task that was begun last is noted: it outlives the process.
"""

from __future__ import annotations

import ctypes
import io
import math
import os
import pickle
import resource
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, BinaryIO

from scanpipe.engines import end_if_out_of_memory
from scanpipe.engines._wire import HEADER, Frame, Kind, packed

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_OPEN_FILES = 256


def main(socket_fd: int, cell_fd: int, parent: int, memory_mib: int, cpu_s: int, confined: int) -> None:
    """The life of a worker."""
    _die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for fd in (socket_fd, cell_fd):
        os.set_inheritable(fd, False)
    _limit(memory_mib)
    if confined:
        _leave_network()
    with socket.socket(fileno=socket_fd) as line, line.makefile("rb") as inflow:
        if _prepare(line, inflow):
            while task := _next(inflow, cell_fd):
                _allow_cpu(cpu_s)
                line.sendall(packed(task.number, *attempt(_call, task.body)))


def _die_with(parent: int) -> None:
    """Asks the kernel for an end together with the parent, then looks whether the parent went before we asked."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _limit(memory_mib: int) -> None:
    """Bounds the address space and the number of open files. A crash is an answer here, no reason to write a core file."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    if memory_mib:
        limit = memory_mib * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _allow_cpu(cpu_s: int) -> None:
    """So much from now on; 0: no limit. Wall time is the parent's to watch, but a task can burn on many threads."""
    if cpu_s:
        limit = math.ceil(time.process_time()) + cpu_s
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _leave_network() -> None:
    """Into a network of its own, which has no way out. Where the system does not let one, it goes without."""
    libc = ctypes.CDLL(None)
    if libc.unshare(_CLONE_NEWNET) != 0:  # that was for root
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _prepare(line: socket.socket, inflow: BinaryIO) -> bool:
    """Calls the setup function, if any. False when it raised: the engine then hears what, instead of READY."""
    start = _next(inflow)
    if start is None:
        return False
    kind, body = attempt(_set_up, start.body)
    ready = kind is Kind.RESULT
    line.sendall(packed(0, Kind.READY if ready else kind, body))
    return ready


def _set_up(body: bytes) -> None:
    if body:
        _call(body)


def _next(inflow: BinaryIO, cell_fd: int | None = None) -> Frame | None:
    """The next frame, None at the end. The task counts as begun before its body is even read."""
    header = inflow.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    number, kind, size = HEADER.unpack(header)
    if cell_fd is not None:
        os.pwrite(cell_fd, number.to_bytes(8, "little"), 0)
    return Frame(number, kind, inflow.read(size))


def _call(body: bytes) -> Any:
    function, args = pickle.loads(body)
    return _named(function)(*args)


@cache
def _named(function: str) -> Callable[..., Any]:
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def attempt(call: Callable[[bytes], Any], body: bytes) -> tuple[Kind, bytes]:
    """Calls; the answer, pickled. Whatever a task raises is its answer, except that memory ran out, which ends the worker."""
    try:
        return Kind.RESULT, pickle.dumps(call(body), pickle.HIGHEST_PROTOCOL)
    except BaseException as e:
        end_if_out_of_memory(e)
        return _raised(e)


def _raised(error: BaseException) -> tuple[Kind, bytes]:
    """The exception, its words, and where it came from; the words alone when it would not survive the journey."""
    trace = "".join(traceback.format_exception(error))
    try:
        body = _pickled(error)
        whole = isinstance(pickle.loads(body), Exception)
    except Exception:  # pickling runs whatever code the exception brings along
        whole = False
    if whole:
        return Kind.RAISED, pickle.dumps((body, _described(error), trace))
    return Kind.UNSENDABLE, f"raised {_described(error)}, which cannot be sent as it is".encode(
        errors="backslashreplace"
    )


def _pickled(error: BaseException) -> bytes:
    """As exceptions pickle by themselves, whatever a library (tblib) has told `copyreg` of them."""
    body = io.BytesIO()
    pickler = pickle.Pickler(body)
    pickler.dispatch_table = {}
    pickler.dump(error)
    return body.getvalue()


def _described(error: BaseException) -> str:
    told = traceback.TracebackException(type(error), error, None)
    told.__notes__ = None
    return list(told.format_exception_only())[-1].strip()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
