"""One transaction on the ledger: what can be appended, and what can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from scanpipe.definitions import from_json
from scanpipe.ledgers import places
from scanpipe.ledgers import tables as t
from scanpipe.ledgers.accounts import Accounts
from scanpipe.ledgers.bindings import Bindings
from scanpipe.ledgers.chain import Event, canonical
from scanpipe.ledgers.copies import Copies
from scanpipe.ledgers.database import Journal
from scanpipe.ledgers.decisions import Decisions
from scanpipe.ledgers.events import project
from scanpipe.ledgers.expected import Expected
from scanpipe.ledgers.feed import Feed
from scanpipe.ledgers.figures import Figures
from scanpipe.ledgers.leases import Leases
from scanpipe.ledgers.links import Links
from scanpipe.ledgers.notices import Notices
from scanpipe.ledgers.packs import Packs
from scanpipe.ledgers.prepared import Prepared
from scanpipe.ledgers.prints import Prints
from scanpipe.ledgers.queue import Queue
from scanpipe.ledgers.received import Received
from scanpipe.ledgers.results import Results
from scanpipe.ledgers.sessions import Sessions
from scanpipe.ledgers.shaded import ShadedCodes
from scanpipe.ledgers.slots import Slots
from scanpipe.ledgers.spans import Spans
from scanpipe.ledgers.webhooks import Webhooks
from scanpipe.model import Claims, PageId, PageRecord, ScanRecord, Sheet, Slot, TestDefinition
from scanpipe.stages.validate import Facts

_b = sa.bindparam
_p = t.page.c

_SHEET = Prepared(sa.select(t.sheet).where(t.sheet.c.serial == _b("serial")))
_of_scan = sa.select(t.scan).where(t.scan.c.scan == _b("scan"))
_of_page = sa.select(t.page).where(_p.scan == _b("scan"), _p.page == _b("page"))
_SCAN, _LOCKED_SCAN = Prepared(_of_scan), Prepared(_of_scan.with_for_update())
_PAGE, _LOCKED_PAGE = Prepared(_of_page), Prepared(_of_page.with_for_update())
_PAGES = Prepared(sa.select(t.page).where(_p.scan == _b("scan")).order_by(_p.page))
_REVISION = Prepared(sa.select(sa.func.max(t.definition.c.revision)).where(t.definition.c.test_id == _b("test_id")))
_DEFINITION = Prepared(
    sa.select(t.definition.c.body).where(
        t.definition.c.test_id == _b("test_id"), t.definition.c.revision == _b("revision")
    )
)


class Transaction:
    """Valid inside `SqlLedger.write` (append and ask) and `SqlLedger.read` (ask).

    What is asked for in a write is locked until its end, as far as a decision rests on it: a scan, a page, the place that
    claims lead to, the next serial.
    """

    def __init__(
        self,
        connection: sa.Connection,
        definitions: dict[tuple[str, int], TestDefinition],
        journal: Journal | None = None,
    ) -> None:
        self._c = connection
        self._definitions = definitions
        self._journal = journal

    def append(self, type: str, *, scan: str | None = None, page: int | None = None, **data: Any) -> int:
        """Records an event and changes the state by it. Answers its number."""
        assert self._journal is not None, "a transaction to look things up in"
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        id = self._journal.append(at, type, scan, page, canonical(data))
        project(self._c, id, at, type, scan, page, data)
        return id

    def printed(self, serial: str) -> Sheet | None:
        """The sheet that was printed under this serial."""
        row = _SHEET.first(self._c, {"serial": serial})
        return None if row is None else Sheet(*row)

    def sheets(self, test: str) -> list[Sheet]:
        """All sheets that were printed for a test, by serial."""
        query = sa.select(t.sheet).where(t.sheet.c.test == test).order_by(t.sheet.c.serial)
        return [Sheet(*row) for row in self._c.execute(query)]

    def last_serial(self) -> int:
        """The highest serial that was ever given out; 0 when there is none."""
        self.hold("serials")
        given = (
            sa.func.max(t.sheet.c.serial),
            sa.func.max(t.generic_print.c.last),
            sa.func.max(t.separator_print.c.serial),
        )
        return max(int(self._c.execute(sa.select(serial)).scalar() or 0) for serial in given)

    def definition(self, test: str, revision: int | None = None) -> TestDefinition | None:
        """A test's definition, the newest unless a revision is named; `test` without regard to case."""
        test_id = test.upper()
        revision = revision or _only(_REVISION.first(self._c, {"test_id": test_id}))
        if revision is None:
            return None
        if (test_id, revision) not in self._definitions:
            body = _only(_DEFINITION.first(self._c, {"test_id": test_id, "revision": revision}))
            if body is None:
                return None
            self._definitions[test_id, revision] = from_json(body, revision)
        return self._definitions[test_id, revision]

    def tests(self) -> list[str]:
        """The ids of all tests."""
        query = sa.select(t.definition.c.test_id, sa.func.max(t.definition.c.test)).group_by(t.definition.c.test_id)
        return sorted(row[1] for row in self._c.execute(query))

    def facts(self, claims: Claims, page: PageId) -> Facts:
        """What bears on these claims of this page; the page itself does not count."""
        definition = self.definition(claims.test) if claims.test else None
        slot = places.slot_named(definition, claims) if definition else None
        place = [f"slot {slot}", f"candidate {slot.test} {slot.candidate}"] if slot else []
        self.hold(*([f"serial {claims.serial}"] if claims.serial else []), *place)
        first = places.first_under(self._c, claims.serial, claims.side, page) if claims.serial else None
        in_slot = places.in_slot(self._c, slot, page) if slot else 0
        handed_to = self.packs().handed_to(slot.test, slot.candidate) if slot else None
        locked = self.locked(slot.test) if slot else False
        return Facts(definition, first, in_slot, handed_to, locked)

    def scan(self, scan: str) -> ScanRecord | None:
        row = (_LOCKED_SCAN if self._journal else _SCAN).first(self._c, {"scan": scan})
        return None if row is None else ScanRecord(*row)

    def scans_like(self, start: str) -> list[ScanRecord]:
        """Scans whose SHA-256 starts with this."""
        query = sa.select(t.scan).where(t.scan.c.scan.startswith(start, autoescape=True)).limit(10)
        return [ScanRecord(*row) for row in self._c.execute(query)]

    def scans(self) -> Iterator[ScanRecord]:
        for row in self._c.execute(sa.select(t.scan).order_by(t.scan.c.at, t.scan.c.scan)):
            yield ScanRecord(*row)

    def unfinished(self) -> list[ScanRecord]:
        """Scans that were taken in and not worked off: not opened, or with pages that wait."""
        unopened = sa.select(t.scan.c.scan).where(t.scan.c.pages.is_(None))
        waiting = sa.select(_p.scan).where(_p.state.in_(("waiting", "placing")))
        query = sa.select(t.scan).where(t.scan.c.scan.in_(sa.union(unopened, waiting)))
        return [ScanRecord(*row) for row in self._c.execute(query.order_by(t.scan.c.at))]

    def page(self, id: PageId) -> PageRecord | None:
        row = (_LOCKED_PAGE if self._journal else _PAGE).first(self._c, {"scan": id.scan, "page": id.index})
        return None if row is None else PageRecord(*row)

    def pages(self, scan: str) -> list[PageRecord]:
        """The pages of a scan, in order."""
        return [PageRecord(*row) for row in _PAGES.all(self._c, {"scan": scan})]

    def pages_in(self, *states: str) -> Iterator[PageRecord]:
        """All pages in these states, those longest in it first."""
        query = sa.select(t.page).where(_p.state.in_(states)).order_by(_p.event)
        for row in self._c.execute(query):
            yield PageRecord(*row)

    def latest_from(self, folder: str, limit: int) -> list[PageRecord]:
        """The pages of files from this folder of the inbox that were worked off last, the newest first."""
        of = sa.and_(_p.scan == t.scan.c.scan, t.scan.c.file.startswith(f"{folder}/", autoescape=True))
        query = sa.select(t.page).join_from(t.page, t.scan, of).where(_p.state.in_(("filed", "held", "blank")))
        return [PageRecord(*row) for row in self._c.execute(query.order_by(_p.event.desc()).limit(limit))]

    def pages_of_test(self, test: str) -> Iterator[PageRecord]:
        """All pages that name a test, in whatever state; a code may spell it in capitals."""
        query = sa.select(t.page).where(sa.func.upper(_p.test) == test.upper())
        for row in self._c.execute(query.order_by(_p.scan, _p.page)):
            yield PageRecord(*row)

    def slot_pages(self, test: str, candidate: str, question: str) -> list[PageRecord]:
        """The pages filed in a slot, in the order that a person gave them, then in that of filing."""
        slot = {"test": test, "candidate": candidate, "question": question}
        ranked = sa.and_(t.place.c.scan == _p.scan, t.place.c.page == _p.page)
        ranked = sa.and_(ranked, *(t.place.c[name] == value for name, value in slot.items()))
        referring = sa.and_(t.also.c.scan == _p.scan, t.also.c.page == _p.page)
        pages = sa.select(t.page, sa.func.coalesce(t.place.c.rank, 2**31 - 1)).where(_p.state == "filed")
        own = pages.select_from(t.page.outerjoin(t.place, ranked)).where(
            *(_p[name] == value for name, value in slot.items())
        )
        refers = pages.select_from(t.also.join(t.page, referring).outerjoin(t.place, ranked))
        refers = refers.where(*(t.also.c[name] == value for name, value in slot.items()))
        rows = [*self._c.execute(own), *self._c.execute(refers)]
        return [PageRecord(*row[:-1]) for row in sorted(rows, key=lambda row: (row[-1], row.event))]

    def filed_of(self, test: str, candidate: str) -> list[PageRecord]:
        """The filed pages of a candidate, in the order of their questions, and of filing."""
        query = sa.select(t.page).where(_p.test == test, _p.candidate == candidate, _p.state == "filed")
        return [PageRecord(*row) for row in self._c.execute(query.order_by(_p.question, _p.event))]

    def placing_of(self, test: str, candidate: str) -> list[PageRecord]:
        """The pages that are on their way into slots of a candidate."""
        query = sa.select(t.page).where(_p.test == test, _p.candidate == candidate, _p.state == "placing")
        return [PageRecord(*row) for row in self._c.execute(query.order_by(_p.event))]

    def hold_candidates(self, test: str, *candidates: str) -> None:
        """Nobody files a page of these candidates meanwhile."""
        self.hold(*(f"candidate {test} {candidate}" for candidate in candidates))

    def hold_slot(self, slot: Slot) -> None:
        """Nobody files a page in this slot meanwhile."""
        self.hold(f"slot {slot}")

    def counts(self) -> dict[str, int]:
        """How many pages are in each state."""
        query = sa.select(_p.state, sa.func.count()).group_by(_p.state)
        return {row[0]: row[1] for row in self._c.execute(query)}

    def standing(self) -> list[tuple[str, str | None, int, str]]:
        """For each state and reason: how many pages, and since when the one that is longest in it."""
        query = sa.select(_p.state, _p.reason, sa.func.count(), sa.func.min(_p.at)).group_by(_p.state, _p.reason)
        return [(row[0], row[1], row[2], row[3]) for row in self._c.execute(query)]

    def history(self, scan: str) -> list[Event]:
        """All events about a scan and its pages, in their order."""
        query = sa.select(t.event).where(t.event.c.scan == scan).order_by(t.event.c.id)
        return [Event(*row) for row in self._c.execute(query)]

    def events_of(self, *types: str) -> Iterator[Event]:
        """All events of these types, in their order."""
        for row in self._c.execute(sa.select(t.event).where(t.event.c.type.in_(types)).order_by(t.event.c.id)):
            yield Event(*row)

    def slots(self) -> Slots:
        """What lies in many slots at once."""
        return Slots(self._c)

    def feed(self) -> Feed:
        """What changed in the slots."""
        return Feed(self._c)

    def decisions(self) -> Decisions:
        """What persons decided."""
        return Decisions(self._c)

    def packs(self) -> Packs:
        """Packs that were handed to others; tests that are locked."""
        return Packs(self._c)

    def bindings(self) -> Bindings:
        """Sheets that are bound to somebody."""
        return Bindings(self._c)

    def copies(self) -> Copies:
        """Second scans of sheets."""
        return Copies(self._c)

    def prints(self) -> Prints:
        """Pages whose print was read."""
        return Prints(self._c)

    def shaded(self) -> ShadedCodes:
        """The codes that candidates shade, and the pages that are filed by them."""
        return ShadedCodes(self._c)

    def links(self) -> Links:
        """Ways in for candidates at home, and what they handed in."""
        return Links(self._c, self.hold)

    def spans(self) -> Spans:
        """The stacks that separators open."""
        return Spans(self._c)

    def queue(self) -> Queue:
        """What is held."""
        return Queue(self._c)

    def results(self) -> Results:
        """What lies in the slots of whole tests."""
        return Results(self._c)

    def expected(self) -> Expected:
        """What is expected of a test."""
        return Expected(self._c)

    def figures(self) -> Figures:
        """Sums for the overview and the receipts."""
        return Figures(self._c)

    def notices(self) -> Notices:
        """What people are told, and how."""
        return Notices(self._c, self.hold)

    def sessions(self) -> Sessions:
        """Who is signed in."""
        return Sessions(self._c)

    def received(self) -> Received:
        """What programs sent."""
        return Received(self._c, self.hold)

    def webhooks(self) -> Webhooks:
        """Where changes are sent to, and what came of it."""
        return Webhooks(self._c, self.hold)

    def leases(self) -> Leases:
        """What one process at a time does."""
        return Leases(self._c, self.hold)

    def accounts(self) -> Accounts:
        """People and programs that may come in."""
        return Accounts(self._c)

    def locked(self, test: str) -> bool:
        """Did grading of the test begin? In a write it stays so until its end."""
        if self._journal is not None:
            self._journal.share(f"grading {test.upper()}")
        return self.packs().locked(test)

    def hold(self, *names: str) -> None:
        """Nobody else holds one of these names until the end of the write."""
        if self._journal is not None and names:
            self._journal.lock(*names)


def _only(row: tuple[Any, ...] | None) -> Any:
    return None if row is None else row[0]
