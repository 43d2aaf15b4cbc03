"""A worker's answer in, a settled future or a fault out.

A worker has had a hostile file in its hands: whatever it says is data. Only plain values, and classes of the packages that the
engine was told of, are made of it; nothing is imported or called that could do more than hold values.
"""

from __future__ import annotations

import builtins
import dataclasses
import enum
import io
import pickle
import sys
from concurrent.futures import Future
from typing import Any

from scanpipe.engines import TaskLost
from scanpipe.engines._wire import Frame, Kind
from scanpipe.faults import Fault
from scanpipe.saying import Said

_PLAIN = {"set", "frozenset", "complex", "bytearray", "range", "slice"}
Packages = tuple[str, ...]


class _Unpickler(pickle.Unpickler):
    """Makes values, exceptions, and what holds values: sentences, dataclasses and enumerations of known packages."""

    def __init__(self, body: bytes, packages: Packages) -> None:
        super().__init__(io.BytesIO(body))
        self._packages = packages

    def find_class(self, module: str, name: str) -> Any:
        if module == "builtins":
            found = getattr(builtins, name, None)
            if name in _PLAIN or (isinstance(found, type) and issubclass(found, Exception)):
                return found
        elif module.partition(".")[0] in self._packages and module in sys.modules and "." not in name:
            found = getattr(sys.modules[module], name, None)
            if isinstance(found, type) and _holds_values(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} may not come from a worker")


def _holds_values(found: type) -> bool:
    return dataclasses.is_dataclass(found) or issubclass(found, enum.Enum | Exception | Said)


def settle(future: Future[Any], answer: Frame, packages: Packages) -> None:
    """Gives the future what the worker answered."""
    if answer.kind == Kind.RESULT:
        try:
            result = _Unpickler(answer.body, packages).load()
        except Exception as e:  # whatever the bytes make of it
            future.set_exception(_unreadable(e))
        else:
            future.set_result(result)
    else:
        future.set_exception(_exception(answer, packages))


def fault_of_setup(answer: Frame, packages: Packages) -> Fault:
    """What the setup function raised, when that is a fault already; else a fault that names it."""
    error = _exception(answer, packages)
    if isinstance(error, Fault):
        return error
    if isinstance(error, TaskLost):
        return fault_of_start(f"their setup {error.how}")
    return fault_of_start(f"their setup raised {type(error).__name__}: {error}")


def fault_of_start(how: str) -> Fault:
    """Workers cannot be had; `how` is a sentence without a full stop."""
    return Fault(
        f"Worker processes do not start: {how}.",
        "See what `scanpipe doctor` says; engine.memory_mib must leave room for the libraries.",
    )


def _exception(answer: Frame, packages: Packages) -> Exception:
    """The exception that was raised, with a note where in the worker that was."""
    if answer.kind == Kind.UNSENDABLE:
        return TaskLost(answer.body.decode(errors="replace"))
    try:
        body, words, trace = _Unpickler(answer.body, packages).load()
    except Exception as e:  # whatever the bytes make of it
        return _unreadable(e)
    try:
        error = _Unpickler(body, packages).load()
        if isinstance(error, TaskLost):  # it was told by an engine out there, and says all that there is to say
            return error
        error.add_note(f"In the worker:\n{trace}")
    except Exception:  # of a class that is not known here, say
        return TaskLost(f"raised {words}")
    return error if isinstance(error, Exception) else TaskLost(f"raised {words}")


def _unreadable(error: Exception) -> TaskLost:
    return TaskLost(f"its answer cannot be read: {type(error).__name__}: {error}")
