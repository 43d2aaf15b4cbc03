"""What a completeness report says of a test: told from the state alone, so that it can be told again from the events.

Candidates are in it by their numbers, never by name. Of pages of other tests that lie in this one's stacks it says no more than
which test they name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from scanpipe.desk.completeness import View, gather, look
from scanpipe.desk.report_acts import told_acts
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.chain import Event
from scanpipe.model import Difference, PageId
from scanpipe.stages.completeness import Arrival, Books, Counted, Declared, Figures, Found, Standing

FORMAT = 2
FORMATS: Mapping[int, frozenset[str]] = {1: frozenset({"acts"}), 2: frozenset()}
"""Every format that was ever written, and what it does not have of what is told today."""
_STATES = (
    "filed",
    "placing",
    "waiting",
    "held",
    "rescan",
    "split",
    "replaced",
    "discarded",
    "withdrawn",
    "blank",
    "separator",
    "retired",
)
"""Of several pages of a serial, the one in the first of these states says where the sheet ended."""


def report_facts(tx: Transaction, test: str, acts: Iterable[Event]) -> dict[str, Any]:
    """All of it, as plain values for JSON. `acts` are those of all tests up to then. Raises UnknownThing."""
    view = look(tx, test)
    told = gather(tx, view.definition)
    books = Books(told)
    pages = _pages(books, view)
    decisions = _decisions(tx, {PageId(a.scan, a.page) for a in pages})
    return {
        "format": FORMAT,
        "test": _of_test(tx, view),
        "figures": {"test": _figures(view.whole), "rooms": [_figures(r) for r in view.rooms]},
        "standing": _standing(view.standing),
        "printed": _printed(books),
        "scans": _scans(tx, books, pages),
        "decisions": decisions,
        "acts": told_acts(tx, acts, view.definition.id, {d["id"] for d in decisions}),
        "expected": {
            "counted": [_counted(e) for e in told.counted],
            "declared": [_declared(e) for e in told.declared],
            "attendance": [[c, present] for c, present in told.attendance.items()],
            "stacks": [
                [stack, n] for stack, n in told.stacks.items() if stack in {a.stack for a in pages} | told.promised
            ],
        },
        "differences": {
            "open": [difference(f) for f in view.open],
            "closed": [difference(f) | {"by": c.by, "why": c.why, "at": c.at} for f, c in view.closed],
        },
    }


def in_format(told: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The same facts as a report of an earlier format has them. Raises KeyError for one that never was."""
    return {name: value for name, value in told.items() if name not in FORMATS[number]} | {"format": number}


def difference(found: Found) -> dict[str, Any]:
    """A difference as plain values."""
    told = asdict(found) | {"kind": str(found.kind)}
    return told | {"serials": list(found.serials), "pages": list(found.pages)}


def _standing(standing: Standing) -> dict[str, Any]:
    return asdict(standing) | {"unaccounted": list(standing.unaccounted), "complete": standing.complete}


def _of_test(tx: Transaction, view: View) -> dict[str, Any]:
    d, locked = view.definition, tx.expected().locked_by(view.definition.id)
    told: dict[str, Any] = {
        "id": d.id,
        "title": d.title,
        "date": d.date,
        "language": d.language,
        "revision": d.revision,
    }
    return told | {"locked": {"by": locked[0], "at": locked[1]} if locked else None}


def _figures(f: Figures) -> dict[str, Any]:
    names = ("room", "printed", "handed_out", "collected", "declared", "received", "filed", "open", "candidates")
    return {name: getattr(f, name) for name in names}


def _printed(books: Books) -> list[dict[str, Any]]:
    """Every sheet and where it ended: the state of its page, else the last place where people saw it."""
    of: dict[str, list[Arrival]] = defaultdict(list)
    for a in books.own:
        of[a.serial or ""].append(a)
    return [_sheet(books, serial, of.get(serial, [])) for serial in sorted(books.sheets)]


def _sheet(books: Books, serial: str, pages: Sequence[Arrival]) -> dict[str, Any]:
    sheet = books.sheets[serial]
    best = min(pages, key=lambda a: _STATES.index(a.state), default=None)
    if best is not None:
        ended = best.state
    elif serial in books.collected:
        ended = "collected"
    elif serial in books.handed_out:
        ended = "handed_out"
    else:
        ended = "printed"
    slot = [best.candidate, best.question] if best is not None and best.state in ("filed", "placing") else None
    about = {"serial": serial, "candidate": sheet.candidate, "question": sheet.question, "number": sheet.number}
    return about | {"of": sheet.of, "ended": ended, "slot": slot, "pages": sorted(a.name for a in pages)}


def _pages(books: Books, view: View) -> list[Arrival]:
    """The test's own pages, those of its stacks that name no test, and those that are of another one."""
    strange = {name for f in [*view.open, *(f for f, _ in view.closed)] for name in _strangers(f)}
    own = {(a.scan, a.page) for a in books.own}
    return [a for a in books.told.arrivals if a.test is None or (a.scan, a.page) in own or a.name in strange]


def _strangers(found: Found) -> Sequence[str]:
    return found.pages if found.kind is Difference.SHEET_OF_OTHER_TEST else ()


def _scans(tx: Transaction, books: Books, pages: Sequence[Arrival]) -> list[dict[str, Any]]:
    of: dict[str, list[Arrival]] = defaultdict(list)
    for a in pages:
        of[a.scan].append(a)
    own = {(a.scan, a.page) for a in books.own}
    found = []
    for name in sorted(of):
        record = tx.scan(name)
        assert record is not None
        told = {"scan": name, "file": record.file, "stack": record.stack, "position": record.position}
        ended = [_page(a, (a.scan, a.page) in own) for a in sorted(of[name], key=lambda a: a.page)]
        found.append(told | {"seen": record.seen, "of": record.pages, "pages": ended})
    return found


def _page(a: Arrival, own: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "page": a.page,
        "state": a.state,
        "reason": a.reason if a.state == "held" else None,
        "test": a.test,
    }
    return told | ({name: getattr(a, name) for name in ("candidate", "question", "serial")} if own else {})


def _decisions(tx: Transaction, pages: set[PageId]) -> list[dict[str, Any]]:
    """What persons decided about these pages."""
    found = []
    for d, about in tx.expected().decisions():
        names = [str(p) for p in about if p in pages]
        if names:
            found.append(asdict(d) | {"undone": d.undone is not None, "pages": names})
    return found


def _counted(e: Counted) -> dict[str, Any]:
    return asdict(e) | {"serials": list(e.serials)}


def _declared(e: Declared) -> dict[str, Any]:
    return asdict(e) | {"serials": list(e.serials)}


def first_difference(kept: Mapping[str, Any], told: Mapping[str, Any]) -> str | None:
    """In words, the first fact in which a report is not what the events say; None where all agree."""
    for section in told:
        if kept.get(section) != told[section]:
            return _where(section, kept.get(section), told[section])
    strange = [section for section in kept if section not in told]
    return f"{strange[0]}: nothing in the ledger says it" if strange else None


def _where(path: str, kept: Any, told: Any) -> str:
    """Goes down to the value that differs; rows of a list are known by their first value."""
    if isinstance(kept, dict) and isinstance(told, dict):
        for key in {**told, **kept}:
            if kept.get(key) != told.get(key):
                return _where(f"{path}.{key}", kept.get(key), told.get(key))
    if isinstance(kept, list) and isinstance(told, list):
        if len(kept) == len(told):
            n = next(i for i, (a, b) in enumerate(zip(kept, told, strict=True)) if a != b)
            return _where(f"{path} {_name(told[n])}", kept[n], told[n])
        more, row = ("more", _extra(kept, told)) if len(kept) > len(told) else ("less", _extra(told, kept))
        return f"{path}: the report has {len(kept)} entries, the ledger {len(told)}; one that it has {more}: {row}"
    return f"{path}: the report says {kept!r}, the ledger {told!r}"


def _extra(longer: list[Any], shorter: list[Any]) -> Any:
    return (
        _name(next(row for row in longer if row not in shorter)) if any(r not in shorter for r in longer) else "twice"
    )


def _name(row: Any) -> str:
    return (
        str(next((row[k] for k in ("serial", "scan", "id", "subject", "room") if row.get(k)), row))
        if isinstance(row, dict)
        else str(row)
    )
