"""Can the installation be used at this moment? Asked of each part anew; a probe of every operation is `scanpipe doctor`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from scanpipe.desk.parts import Parts
from scanpipe.faults import Fault
from scanpipe.saying import of_system

_ANY_KEY = "probe/object"


def look(parts: Parts) -> Iterator[tuple[str, str]]:
    """Each part, and what is wrong with it as a sentence; empty when nothing is."""
    for name, ask in (("ledger", _ledger), ("store", ask_store), ("inbox", _inbox)):
        yield name, _problem(ask, parts)


def _problem(ask: Callable[[Parts], object], parts: Parts) -> str:
    try:
        ask(parts)
    except Fault as fault:
        return fault.message
    except OSError as e:
        return of_system(e)
    return ""


def _ledger(parts: Parts) -> None:
    with parts.ledger.read() as r:
        r.definition("any")


def ask_store(parts: Parts) -> None:
    """One question to the object store. Raises StoreFault where it does not answer."""
    parts.store.stat(_ANY_KEY)


def _inbox(parts: Parts) -> None:
    os.listdir(parts.folders.inbox)
