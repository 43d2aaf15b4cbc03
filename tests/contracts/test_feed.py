"""A client that was away misses nothing and sees nothing twice, while many write, whatever database keeps the ledger."""

from __future__ import annotations

import random
from functools import partial
from multiprocessing.synchronize import Barrier

from scanpipe.ledgers import SqlLedger, Transaction, open_ledger
from scanpipe.model import Claims, PageId
from tests.contracts.ledger_deeds import columns, scan_id, take_in
from tests.contracts.test_ledgers_processes import together

TEST, OTHER = "MA0001-2026H", "KJ1001-2026H"
WRITERS, PAGES = 3, 12
CHANGES = WRITERS * PAGES * 3
"""Each page is filed, leaves, and is filed again."""


def _claims(number: int, page: int) -> Claims:
    return Claims(TEST if page % 2 else OTHER, f"{number}", f"{page}", f"{number:04d}{page:04d}")


def _file(tx: Transaction, number: int, page: PageId) -> None:
    tx.page(page)
    tx.append("page_placing", scan=page.scan, page=page.index, **columns(_claims(number, page.index)))
    tx.append("page_filed", scan=page.scan, page=page.index)


def _withdraw_and_restore(tx: Transaction, page: PageId) -> None:
    record = tx.page(page)
    assert record is not None
    tx.append("page_withdrawn", scan=page.scan, page=page.index, decided_by="kari", why="wrong tray")
    slot = {"test": record.test, "candidate": record.candidate, "question": record.question}
    tx.append("page_restored", scan=page.scan, page=page.index, state="filed", **slot)


def write_or_read(ledger: SqlLedger, number: int, gate: Barrier) -> list[tuple[int, str, str]]:
    """Process 0 reads in stretches of any length while the others write; some of their transactions fail and are done again."""
    chance = random.Random(number)
    gate.wait(20)
    if number:
        for n in range(1, PAGES + 1):
            page = PageId(scan_id(number), n)
            ledger.write(partial(_file, number=number, page=page))
            ledger.write(partial(_withdraw_and_restore, page=page))
        return []
    seen: list[tuple[int, str, str]] = []
    at, idle = 0, 0
    while len(seen) < CHANGES and idle < 3000:
        with ledger.read() as r:
            stretch = r.feed().after(at, chance.randint(1, 9))
        seen += [(c.id, c.type, c.serial or "") for c in stretch.changes]
        at, idle = stretch.next, 0 if stretch.changes else idle + 1
    return seen


def test_who_reads_while_others_write_misses_nothing_and_sees_nothing_twice(url: str) -> None:
    with open_ledger(url) as ledger:
        for number in range(1, WRITERS + 1):
            ledger.write(partial(take_in, scan=scan_id(number), pages=PAGES))
        seen = together(url, write_or_read, WRITERS + 1)[0]
        ledger.link()
        with ledger.read() as r:
            kept = [(c.id, c.type, c.serial or "") for c in r.feed().after(0, 10_000).changes]
            ours = [(c.id, c.type, c.serial or "") for c in r.feed().after(0, 10_000, [TEST]).changes]
        assert seen == kept and len(kept) == CHANGES
        assert [id for id, _, _ in kept] == sorted({id for id, _, _ in kept})
        for page in {serial for _, _, serial in kept}:
            life = [type for _, type, serial in kept if serial == page]
            assert life == ["page_filed", "page_left", "page_filed"]
        assert ours == [c for c in kept if int(c[2][4:]) % 2]
        assert ledger.difference() == []


def test_a_reader_of_one_test_does_not_pass_the_others_again_and_again(url: str) -> None:
    with open_ledger(url) as ledger:
        ledger.write(partial(take_in, scan=scan_id(1), pages=PAGES))
        for n in range(2, PAGES + 1, 2):
            ledger.write(partial(_file, number=1, page=PageId(scan_id(1), n)))
        ledger.link()
        with ledger.read() as r:
            stretch = r.feed().after(0, 100, [TEST])
            last = r.feed().after(0, 100).changes[-1].id
        assert stretch.changes == () and not stretch.more and stretch.next == last
        ledger.write(partial(_file, number=1, page=PageId(scan_id(1), 1)))
        ledger.link()
        with ledger.read() as r:
            assert [c.question for c in r.feed().after(stretch.next, 100, [TEST]).changes] == ["1"]


def test_a_page_that_is_restored_within_its_slot_with_another_picture_has_changed(url: str) -> None:
    page = PageId(scan_id(1), 1)
    with open_ledger(url) as ledger:
        ledger.write(partial(take_in, scan=scan_id(1), pages=1))
        ledger.write(partial(_file, number=1, page=page))
        turned = {"key": "k2", "sha256": "1" * 64, "media_type": "image/jpeg", "turn_deg": 90}
        ledger.write(lambda tx: tx.append("page_turned", scan=page.scan, page=1, **turned, by="kari"))
        ledger.link()
        with ledger.read() as r:
            told = [(c.type, c.sha256) for c in r.feed().after(0, 10).changes]
        assert told == [("page_filed", "0" * 64), ("page_changed", "1" * 64)] and ledger.difference() == []
