"""A worker's answer in, a settled future or a fault out."""

from __future__ import annotations

import pickle
from concurrent.futures import Future
from typing import Any

from scanpipe.engines import TaskLost
from scanpipe.engines._wire import Frame, Kind
from scanpipe.faults import Fault


def settle(future: Future[Any], answer: Frame) -> None:
    """Gives the future what the worker answered."""
    if answer.kind == Kind.RESULT:
        try:
            result = pickle.loads(answer.body)
        except Exception as e:  # unpickling runs the code of whatever class it is
            future.set_exception(_unreadable(e))
        else:
            future.set_result(result)
    else:
        future.set_exception(_exception(answer))


def fault_of_setup(answer: Frame) -> Fault:
    """What the setup function raised, when that is a fault already; else a fault that names it."""
    error = _exception(answer)
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


def _exception(answer: Frame) -> Exception:
    """The exception that was raised, with a note where in the worker that was."""
    if answer.kind == Kind.UNSENDABLE:
        return TaskLost(answer.body.decode(errors="replace"))
    try:
        error, trace = pickle.loads(answer.body)
        error.add_note(f"In the worker:\n{trace}")
    except Exception as e:  # see above
        return _unreadable(e)
    return error if isinstance(error, Exception) else _unreadable(TypeError(error))


def _unreadable(error: Exception) -> TaskLost:
    return TaskLost(f"its answer cannot be read: {type(error).__name__}: {error}")
