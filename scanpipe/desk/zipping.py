"""All that lies in the slots of a test as one ZIP, made while it is sent: one picture is in memory at a time, and nothing on disk
but the lines of the index and the directory that a ZIP ends with.
"""

from __future__ import annotations

import csv
import io
import json
import pickle
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from scanpipe.desk.parts import Parts
from scanpipe.desk.slots import SlotView, Wanted, list_slots
from scanpipe.faults import UnknownThing
from scanpipe.ledgers.feed import PER_EVENT
from scanpipe.ledgers.slots import Lying
from scanpipe.saying import say

_SLOTS_AT_ONCE = 50
_CHUNK = 1 << 16
_COLUMNS = (
    "file",
    "test",
    "candidate",
    "question",
    "number",
    "serial",
    "version",
    "sha256",
    "media_type",
    "width_px",
    "height_px",
    "dpi",
    "taken_in_at",
    "filed_at",
)


class _Sink(io.RawIOBase):
    """What the ZIP is written into, to be taken out in pieces. It cannot be gone back in."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.aside: IO[bytes] | None = None
        """Where what is written goes instead, once it is set: the end of a ZIP comes all at once."""

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        if self.aside is not None:
            return self.aside.write(piece)
        self._pieces.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class _Directory:
    """The entries of a ZIP as its writer wants them, a list that is appended to and gone through at the end, but kept in a file:
    in memory each would take a kilobyte.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._count = 0

    def append(self, entry: zipfile.ZipInfo) -> None:
        pickle.dump(entry, self._file)
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[zipfile.ZipInfo]:
        self._file.seek(0)
        for _ in range(self._count):
            yield pickle.load(self._file)


class _Forgetful(dict[str, zipfile.ZipInfo]):
    """The writer looks in it for names that come twice; here none does."""

    def __setitem__(self, name: str, entry: zipfile.ZipInfo) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Indexes:
    """The lines of both indexes, until the pictures are through."""

    csv: IO[str]
    json: IO[str]

    def add(self, row: dict[str, Any], first: bool) -> None:
        csv.DictWriter(self.csv, _COLUMNS).writerow(row)
        self.json.write(("" if first else ",\n") + json.dumps(row, ensure_ascii=False))


def test_zip(parts: Parts, test: str) -> tuple[str, Iterator[bytes]]:
    """The test's id, and the ZIP in pieces. Its index names the number of the feed from which on changes may be missing.

    Raises UnknownThing, and StoreFault while it is read.
    """
    with parts.ledger.read() as r:
        definition, head = r.definition(test), r.feed().head()
    if definition is None:
        raise UnknownThing(say("there is no test %(test)s", test=test), say("The list of tests has them."))
    about = {"test": definition.id, "title": definition.title, "revision": definition.revision}
    about |= {"made_at": datetime.now(UTC).isoformat(timespec="seconds"), "feed": (head + 1) * PER_EVENT - 1}
    return definition.id, _pieces(parts, definition.id, about)


def _pieces(parts: Parts, test: str, about: dict[str, Any]) -> Iterator[bytes]:
    sink = _Sink()
    work = parts.folders.own_work
    spool = {"mode": "w+", "encoding": "utf-8", "newline": "", "dir": work}
    with (
        tempfile.TemporaryFile(**spool) as rows,  # type: ignore[call-overload]
        tempfile.TemporaryFile(**spool) as told,  # type: ignore[call-overload]
        tempfile.TemporaryFile(dir=work) as directory,
        tempfile.TemporaryFile(dir=work) as end,
    ):
        indexes = _Indexes(rows, told)
        csv.DictWriter(rows, _COLUMNS).writeheader()
        told.write(json.dumps(about, ensure_ascii=False)[:-1] + ', "pages": [\n')
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
            archive.filelist, archive.NameToInfo = _Directory(directory), _Forgetful()  # type: ignore[assignment]
            for n, (view, number, lying) in enumerate(_lying(parts, test)):
                row = _row(view, number, lying)
                archive.writestr(_entry(row["file"], lying.page.at), parts.store.read(lying.page.key or ""))
                indexes.add(row, first=n == 0)
                yield sink.taken()
            told.write("\n]}\n")
            for name, file in (("index.csv", rows), ("index.json", told)):
                yield from _spooled(archive, sink, name, file)
            yield sink.taken()
            sink.aside = end
        end.seek(0)
        yield from iter(lambda: end.read(_CHUNK), b"")


def _lying(parts: Parts, test: str) -> Iterator[tuple[SlotView, int, Lying]]:
    after = None
    while True:
        found = list_slots(parts, test, Wanted(), after, _SLOTS_AT_ONCE)
        for view in found.slots:
            for number, lying in enumerate(view.lying, 1):
                yield view, number, lying
        if found.next is None:
            return
        after = found.next


def _row(view: SlotView, number: int, lying: Lying) -> dict[str, Any]:
    page, slot = lying.page, view.slot
    name = f"{number}-{page.serial or 'page'}-{(page.sha256 or '')[:12]}.{(page.key or '').rpartition('.')[2]}"
    values = (slot.test, slot.candidate, slot.question, number, page.serial, lying.version, page.sha256)
    more = (page.media_type, page.width_px, page.height_px, page.dpi, lying.taken_in, page.at)
    return dict(zip(_COLUMNS, (f"{slot.candidate}/{slot.question}/{name}", *values, *more), strict=True))


def _entry(name: str, at: str) -> zipfile.ZipInfo:
    moment = datetime.fromisoformat(at)
    return zipfile.ZipInfo(name, (max(1980, moment.year), *moment.timetuple()[1:6]))


def _spooled(archive: zipfile.ZipFile, sink: _Sink, name: str, file: IO[str]) -> Iterator[bytes]:
    file.flush()
    raw: IO[bytes] = file.buffer  # type: ignore[attr-defined]
    raw.seek(0)
    with archive.open(_entry(name, datetime.now(UTC).isoformat()), "w") as entry:
        while piece := raw.read(_CHUNK):
            entry.write(piece)
            yield sink.taken()
