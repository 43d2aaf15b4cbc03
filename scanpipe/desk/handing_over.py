"""A planned export written down, with a list that proves what was handed over.

The list (`manifest.csv` and `manifest.json`) says of every file whose it is, which sheets are in it, and the digests. It comes
last: where it is, all is. The digest of `manifest.json` goes on record.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scanpipe.desk.exporting import Picture, Plan, Planned
from scanpipe.desk.outlets import Outlet, open_outlet
from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused, StoreFault
from scanpipe.ledgers import Transaction
from scanpipe.saying import say
from scanpipe.stages.bind import Leaf, bind

Progress = Callable[[int], None]
CSV, JSON = "manifest.csv", "manifest.json"
_COLUMNS = ("file", "test", "candidate", "question", "pages", "serials", "page_sha256", "sha256")
_CHUNK = 1 << 20
_MOST_TOLD = 5
_ELSEWHERE = "Name another place with --out; nothing was changed."


@dataclass(frozen=True, slots=True)
class Row:
    """What the list says of a file."""

    file: str
    test: str
    candidate: str
    question: str
    pages: int
    serials: list[str]
    page_sha256: list[str]
    sha256: str


@dataclass(frozen=True, slots=True)
class Exported:
    """`new` counts files that were not there before, the list's own two included; `digest` is that of `manifest.json`."""

    test: str
    files: int
    pages: int
    left_out: int
    new: int
    digest: str


def hand_over(parts: Parts, plan: Plan, out: Path, by: str, progress: Progress) -> Exported:
    """Writes into the folder `out`, or the ZIP of that name, what is not there yet, and puts on record what was handed over.

    Broken off, it can be called again; when all is there, nothing is changed. `progress` hears how many files are done. Raises
    Refused where a file is there and differs, before anything is written; StoreFault, FolderFault, LedgerFault.
    """
    with open_outlet(out) as outlet:
        rows = list(_written(parts, plan, outlet, progress))
        listed = _json(plan, rows)
        outlet.put(CSV, iter([_csv(rows)]))
        outlet.put(JSON, iter([listed]))
    digest, pages = hashlib.sha256(listed).hexdigest(), sum(row.pages for row in rows)
    done = Exported(plan.test, len(rows), pages, plan.left_out, outlet.written, digest)
    _note(parts, plan, done, by)
    return done


def _written(parts: Parts, plan: Plan, outlet: Outlet, progress: Progress) -> Iterator[Row]:
    known = _known(parts, plan, outlet)
    for done, file in enumerate(plan.files, 1):
        yield _row(file, known.get(file.name) or outlet.put(file.name, _pieces(parts, file)))
        progress(done)


def _note(parts: Parts, plan: Plan, done: Exported, by: str) -> None:
    """Unless nothing was new and the same is on record."""
    about: dict[str, Any] = {"test": plan.test, "revision": plan.revision, "only": plan.only, "by": by}

    def record(tx: Transaction) -> None:
        if done.new or done.digest not in tx.results().handed_over(plan.test):
            tx.append("results_exported", **about, files=done.files, pages=done.pages, digest=done.digest)

    parts.ledger.write(record)


def _known(parts: Parts, plan: Plan, outlet: Outlet) -> dict[str, str]:
    """The digests of files that are there already as they should be. Raises Refused where one differs."""
    _check_list(plan, outlet)
    known, differ = {}, []
    for file in plan.files:
        there = outlet.digest(file.name)
        if there is None:
            continue
        known[file.name] = there
        if there != _digest(parts, file):
            differ.append(file.name)
    if differ:
        more = f" and {len(differ) - _MOST_TOLD} more" if len(differ) > _MOST_TOLD else ""
        told = ", ".join(differ[:_MOST_TOLD])
        raise Refused(say("there and different: %(told)s%(more)s", told=told, more=more), _ELSEWHERE)
    return known


def _check_list(plan: Plan, outlet: Outlet) -> None:
    """The list that is there must be of the same files; their digests are compared file by file."""
    listed = outlet.read(JSON)
    if listed is None:
        return
    try:
        said = json.loads(listed)
        there = said["test"], said["only"], [(f["file"], f["page_sha256"]) for f in said["files"]]
    except (ValueError, KeyError, TypeError):
        there = None
    if there != (plan.test, plan.only, [(f.name, [p.sha256 for p in f.pictures]) for f in plan.files]):
        raise Refused(say("%(json)s is there and lists other results", json=JSON), _ELSEWHERE)


def _digest(parts: Parts, file: Planned) -> str:
    if len(file.pictures) == 1:
        return file.pictures[0].sha256
    return hashlib.sha256(_bound(parts, file)).hexdigest()


def _pieces(parts: Parts, file: Planned) -> Iterator[bytes]:
    if len(file.pictures) > 1:
        yield _bound(parts, file)
        return
    picture, hash = file.pictures[0], hashlib.sha256()
    with parts.store.open(picture.key) as stream:
        while piece := stream.read(_CHUNK):
            hash.update(piece)
            yield piece
    _check_digest(picture, hash.hexdigest())


def _bound(parts: Parts, file: Planned) -> bytes:
    leaves = []
    for picture in file.pictures:
        body = parts.store.read(picture.key)
        _check_digest(picture, hashlib.sha256(body).hexdigest())
        leaves.append(Leaf(body, picture.dpi))
    return bind(leaves)


def _check_digest(picture: Picture, sha256: str) -> None:
    if sha256 != picture.sha256:
        raise StoreFault(f"object {picture.key} was changed", "Run `scanpipe verify`, and restore it from a backup.")


def _row(file: Planned, sha256: str) -> Row:
    slot, digests = file.slot, [p.sha256 for p in file.pictures]
    serials = [p.serial or "" for p in file.pictures]
    return Row(file.name, slot.test, slot.candidate, slot.question, len(digests), serials, digests, sha256)


def _csv(rows: Iterable[Row]) -> bytes:
    """A row a file; several serials or digests in one cell, with blanks between them."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(_COLUMNS)
    for row in rows:
        values = asdict(row)
        out.writerow([" ".join(v) if isinstance(v := values[name], list) else v for name in _COLUMNS])
    return text.getvalue().encode()


def _json(plan: Plan, rows: Iterable[Row]) -> bytes:
    """A line a file, and no time: the same results give the same bytes."""
    head = json.dumps({"test": plan.test, "only": plan.only}, ensure_ascii=False)
    lines = ",\n".join(json.dumps(asdict(row), ensure_ascii=False) for row in rows)
    return f'{head[:-1]}, "files": [\n{lines}\n]}}\n'.encode()
