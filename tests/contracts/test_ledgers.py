"""What every ledger promises: what was written stays, in order, for all to see, and answers what it is asked."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from scanpipe.faults import LedgerFault, Refused
from scanpipe.ledgers import SqlLedger, Transaction, open_ledger
from scanpipe.ledgers.chain import GENESIS, first_break
from scanpipe.ledgers.queue import Filter
from scanpipe.model import Claims, PageId, PageRecord, Reason, ScanRecord, Sheet
from tests.contracts.ledger_deeds import columns, look, place, print_sheets, register, scan_id, take_in
from tests.helpers import definition

A, B = PageId(scan_id("a"), 1), PageId(scan_id("b"), 1)
TEST = "MA0001-2026H"
CLAIMS = Claims(TEST, "10001", "2a", "00000001")


def prepared(ledger: SqlLedger) -> SqlLedger:
    """With a definition (2a takes two sheets, 3 takes one) and two scans of three pages."""

    def work(tx: Transaction) -> None:
        register(tx, definition())
        for page in (A, B):
            take_in(tx, page.scan, 3)

    ledger.write(work)
    return ledger


def note(ledger: SqlLedger, id: str = "AAA") -> int:
    return ledger.write(lambda tx: tx.append("key_made", id=id))


def test_a_fresh_ledger_is_empty_and_whole(ledger: SqlLedger) -> None:
    assert list(ledger.events()) == [] and ledger.difference() == []
    with ledger.read() as r:
        assert (r.tests(), r.counts(), r.last_serial(), r.unfinished(), list(r.scans())) == ([], {}, 0, [], [])
        assert r.page(A) is None and r.scan(A.scan) is None and r.definition("X") is None and r.printed("1") is None


def test_events_are_numbered_from_one_and_linked(ledger: SqlLedger) -> None:
    assert [note(ledger, str(n)) for n in range(3)] == [1, 2, 3]
    events = list(ledger.events())
    assert [e.id for e in events] == [1, 2, 3]
    assert [e.previous for e in events] == [GENESIS, events[0].hash, events[1].hash]
    assert all(e.hash == e.digest() for e in events) and len({e.hash for e in events}) == 3
    assert [e.data for e in events] == ['{"id":"0"}', '{"id":"1"}', '{"id":"2"}']
    assert events[0].at.endswith("+00:00") and events[0].at <= events[2].at
    assert first_break(events) is None


def test_events_after_a_number(ledger: SqlLedger) -> None:
    for n in range(5):
        note(ledger, str(n))
    assert [e.id for e in ledger.events(after=3)] == [4, 5]
    assert list(ledger.events(after=5)) == []


def test_one_transaction_may_hold_many_events_and_sees_what_it_wrote(ledger: SqlLedger) -> None:
    def work(tx: Transaction) -> tuple[int, int | None]:
        take_in(tx, A.scan, 2)
        scan = tx.scan(A.scan)
        return tx.append("key_made", id="AAA"), scan and scan.pages

    assert ledger.write(work) == (3, 2)
    assert first_break(ledger.events()) is None


def test_letters_of_all_kinds_come_back(ledger: SqlLedger) -> None:
    name = "Bunke Æ/skann «ø» \n\x7f 山 \U0001f600.jpg"
    ledger.write(lambda tx: take_in(tx, A.scan, 1, file=name))
    with ledger.read() as r:
        scan = r.scan(A.scan)
    assert scan is not None and scan.file == name
    assert first_break(ledger.events()) is None and ledger.difference() == []


def test_what_was_taken_in_is_told_as_it_is(ledger: SqlLedger) -> None:
    ledger.write(lambda tx: take_in(tx, A.scan, None))
    ledger.write(lambda tx: tx.append("scan_seen_again", scan=A.scan, file="x", stack="y", position=9))
    with ledger.read() as r:
        scan = r.scan(A.scan)
        assert [s.scan for s in r.unfinished()] == [A.scan] == [s.scan for s in r.scans_like(A.scan[:8])]
        assert r.pages(A.scan) == [] and r.scans_like("_") == [] and r.scans_like("%") == []
        assert (r.figures().stack_size("bunke 1"), r.figures().stack_size("bunke 2")) == (1, 0)
    assert scan == ScanRecord(
        A.scan, "skann å.jpg", "bunke 1", 1, 1000, f"originals/{A.scan}", "1-a", None, 2, scan.at if scan else ""
    )


def test_a_page_goes_through_its_states(ledger: SqlLedger) -> None:
    prepared(ledger)

    def state() -> tuple[str, str | None, str | None]:
        with ledger.read() as r:
            page = r.page(A)
            assert isinstance(page, PageRecord) and page.id == A
            return page.state, page.candidate, page.reason

    assert state() == ("waiting", None, None)
    held = columns(Claims(None, None, None, None)) | {"reason": "no_codes"}
    ledger.write(lambda tx: tx.append("page_held", scan=A.scan, page=1, **held))
    assert state() == ("held", None, "no_codes")
    ledger.write(lambda tx: tx.append("page_retried", scan=A.scan, page=1, by="kari"))
    assert state() == ("waiting", None, "no_codes")
    assert place(ledger, A, CLAIMS) is None
    assert state() == ("placing", "10001", None)
    ledger.write(lambda tx: tx.append("page_filed", scan=A.scan, page=1))
    assert state() == ("filed", "10001", None)
    with ledger.read() as r:
        assert r.counts() == {"filed": 1, "waiting": 5}
        assert [p.id for p in r.slot_pages("MA0001-2026H", "10001", "2a")] == [A]
        assert [p.page for p in r.pages_in("waiting") if p.scan == A.scan] == [2, 3]
        assert [e.type for e in r.history(A.scan)][-4:] == ["page_held", "page_retried", "page_placing", "page_filed"]
        assert {s.scan for s in r.unfinished()} == {A.scan, B.scan}
    assert ledger.difference() == []


def test_definitions_have_revisions_and_the_newest_counts(ledger: SqlLedger) -> None:
    one, two = definition(revision=1), definition(title="Rettet", revision=2)
    ledger.write(lambda tx: register(tx, one, 1))
    ledger.write(lambda tx: register(tx, two, 2))
    with ledger.read() as r:
        assert r.definition("ma0001-2026h") == two == r.definition("MA0001-2026H", 2)
        assert r.definition("MA0001-2026H", 1) == one
        assert r.definition("MA0001-2026H", 3) is None
        assert r.tests() == ["MA0001-2026H"]


def test_a_definition_that_was_rolled_back_is_not_remembered(ledger: SqlLedger) -> None:
    """Else a page could be filed by rules that never were on record."""

    def fails(tx: Transaction) -> None:
        register(tx, definition(sketches=False))
        assert tx.definition("MA0001-2026H") is not None
        raise Refused("no", "")

    with pytest.raises(Refused):
        ledger.write(fails)
    ledger.write(lambda tx: register(tx, definition()))
    with ledger.read() as r:
        assert r.definition("MA0001-2026H") == definition()
    prepared_pages = ledger.write(lambda tx: take_in(tx, A.scan))
    assert prepared_pages is None and place(ledger, A, CLAIMS) is None


def test_printed_sheets_are_found_by_serial(ledger: SqlLedger) -> None:
    ledger.write(lambda tx: print_sheets(tx, "T", [("00000007", "10001", "2a"), ("00000012", "10002", "3")], 4))
    ledger.write(lambda tx: print_sheets(tx, "T", []))
    with ledger.read() as r:
        assert r.printed("00000012") == Sheet("00000012", "T", "10002", "3", 1, 1, 4)
        assert r.printed("00000013") is None
        assert [s.serial for s in r.sheets("T")] == ["00000007", "00000012"]
        assert r.last_serial() == 12


def test_a_serial_is_given_out_once(ledger: SqlLedger) -> None:
    ledger.write(lambda tx: print_sheets(tx, "T", [("00000007", "10001", "2a")]))
    with pytest.raises(LedgerFault):
        ledger.write(lambda tx: print_sheets(tx, "U", [("00000008", "1", "1"), ("00000007", "1", "1")]))
    with ledger.read() as r:
        assert r.printed("00000008") is None
    assert len(list(ledger.events())) == 1


def test_the_facts_for_a_page(ledger: SqlLedger) -> None:
    prepared(ledger)
    second = PageId(A.scan, 2)
    with ledger.read() as r:
        facts = r.facts(CLAIMS, A)
        assert (facts.definition, facts.first, facts.in_slot) == (definition(), None, 0)
        assert r.facts(replace(CLAIMS, test="X"), A).definition is None
        assert r.facts(Claims(), A).definition is None
    assert place(ledger, A, CLAIMS) is None
    with ledger.read() as r:
        own, other = r.facts(CLAIMS, A), r.facts(CLAIMS, second)
        assert (own.first, own.in_slot) == (None, 0)  # the page itself does not count
        assert (other.first, other.in_slot) == (A, 1)
        capitals = r.facts(Claims("ma0001-2026H", "10001", "2A", None), second)
        assert (capitals.first, capitals.in_slot) == (None, 1)
        assert r.facts(replace(CLAIMS, question="3", serial="00000009"), second).in_slot == 0


def test_a_sheet_seen_before_and_a_slot_that_is_full(ledger: SqlLedger) -> None:
    prepared(ledger)
    assert place(ledger, A, CLAIMS) is None
    assert place(ledger, B, CLAIMS) is Reason.SHEET_SEEN_BEFORE
    assert place(ledger, PageId(A.scan, 2), replace(CLAIMS, serial="00000002")) is None
    assert place(ledger, PageId(A.scan, 3), replace(CLAIMS, serial="00000003")) is Reason.TOO_MANY_SHEETS
    # A page that is taken out of the slot again makes room.
    ledger.write(lambda tx: tx.append("page_retried", scan=A.scan, page=2, by="kari"))
    assert place(ledger, PageId(B.scan, 2), replace(CLAIMS, serial="00000004")) is None


def test_all_slots_of_a_test_at_once_are_as_each_by_itself(ledger: SqlLedger) -> None:
    ledger.write(lambda tx: register(tx, definition()))
    ledger.write(lambda tx: print_sheets(tx, TEST, [("00000001", "10001", "2a"), ("00000002", "10001", "2a")]))
    for n, question in enumerate(("2a", "2a", "3"), 1):
        page = PageId(scan_id(n), 1)
        ledger.write(lambda tx, page=page: take_in(tx, page.scan))  # type: ignore[misc]
        assert place(ledger, page, Claims(TEST, "10001", question, f"{n:08d}")) is None
        ledger.write(lambda tx, page=page: tx.append("page_filed", scan=page.scan, page=1))  # type: ignore[misc]
    slot = {"test": TEST, "candidate": "10001", "question": "2a"}
    ledger.write(lambda tx: tx.append("page_also", scan=scan_id(3), page=1, **slot))
    order = [[scan_id(n), 1] for n in (3, 2, 1)]
    ledger.write(lambda tx: tx.append("slot_ordered", **slot, pages=order))
    held = {"test": TEST.lower(), "candidate": "10001", "question": "3", "reason": "too_many_sheets", "evidence": "{}"}
    ledger.write(lambda tx: take_in(tx, scan_id(4)))
    ledger.write(lambda tx: tx.append("page_held", scan=scan_id(4), page=1, **held))
    exported = {"test": TEST, "revision": 1, "only": "all", "files": 2, "pages": 4, "digest": "d", "by": "kari"}
    ledger.write(lambda tx: tx.append("results_exported", **exported))
    with ledger.read() as r:
        found = dict(r.results().filed(TEST))
        assert {s.question: [p.scan for p in pages] for s, pages in found.items()} == {
            "2a": [scan for scan, _ in order],
            "3": [scan_id(3)],
        }
        assert all(pages == r.slot_pages(TEST, s.candidate, s.question) for s, pages in found.items())
        known = r.slots().contents(TEST, ["10001"], ["2a", "3"])
        assert all(r.results().printed(TEST)[s] == known.printed[s.candidate, s.question] for s in found)
        coming = r.results().on_their_way(TEST)
        assert all(
            coming[s.candidate.upper(), s.question.upper()] == known.on_its_way[s.candidate, s.question] for s in found
        )
        assert coming == {("10001", "3"): 1}
        assert r.results().handed_over(TEST) == {"d"} and r.results().handed_over("OTHER") == set()
    assert ledger.difference() == []


def test_a_work_that_fails_leaves_nothing_behind(ledger: SqlLedger) -> None:
    note(ledger)

    def fails(tx: Transaction) -> None:
        take_in(tx, A.scan)
        raise Refused("not today", "Come back tomorrow.")

    with pytest.raises(Refused, match="not today"):
        ledger.write(fails)
    with pytest.raises(KeyError):
        ledger.write(lambda tx: tx.append("no_such_event"))
    assert len(list(ledger.events())) == 1 and ledger.difference() == []
    with ledger.read() as r:
        assert r.scan(A.scan) is None
    note(ledger)
    assert [e.link for e in ledger.events()] == [1, 2]


def test_thirty_two_threads_lose_nothing(ledger: SqlLedger) -> None:
    with ThreadPoolExecutor(32) as pool:
        numbers = list(pool.map(lambda n: [note(ledger, f"{n}-{i}") for i in range(50)], range(32)))
    events = list(ledger.events())
    assert sorted(n for given in numbers for n in given) == list(range(1, 1601)) == [e.id for e in events]
    by_number = {e.id: e.data for e in events}
    assert all(by_number[n] == f'{{"id":"{t}-{i}"}}' for t, given in enumerate(numbers) for i, n in enumerate(given))
    assert all(given == sorted(given) for given in numbers)
    assert first_break(events) is None


def test_one_failing_work_of_many_fails_alone(ledger: SqlLedger) -> None:
    """All of them are handed in while the writer is busy, so that they share a transaction."""
    busy, go_on = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        busy.set()
        assert go_on.wait(10)

    def work(n: int) -> int:
        def do(tx: Transaction) -> int:
            number = tx.append("key_made", id=str(n))
            if n % 5 == 0:
                raise Refused(f"number {n}", "")
            return number

        return ledger.write(do)

    with ThreadPoolExecutor(21) as pool:
        first = pool.submit(ledger.write, slow)
        assert busy.wait(10)
        works = [pool.submit(work, n) for n in range(20)]
        while ledger._queue.qsize() < 20:
            time.sleep(0.001)
        go_on.set()
        first.result(10)
        failed = {n for n, w in enumerate(works) if isinstance(w.exception(10), Refused)}
    assert failed == {0, 5, 10, 15}
    events = list(ledger.events())
    assert sorted(w.result() for n, w in enumerate(works) if n not in failed) == sorted(e.id for e in events)
    assert [e.link for e in events] == list(range(1, 17)) and first_break(events) is None


def test_a_write_is_there_for_everybody_when_it_returns(ledger: SqlLedger, url: str) -> None:
    with open_ledger(url) as other:
        for n in range(1, 20):
            assert note(ledger) == n
            assert look(url, "SELECT max(id) FROM event") == [(n,)]
            assert [e.link for e in other.events(after=n - 1)] == [n]


def test_a_reader_sees_one_state_throughout(ledger: SqlLedger) -> None:
    ledger.write(lambda tx: take_in(tx, A.scan))
    with ledger.read() as r:
        assert r.counts() == {"waiting": 1}
        ledger.write(lambda tx: take_in(tx, B.scan))
        assert r.counts() == {"waiting": 1}
    with ledger.read() as r:
        assert r.counts() == {"waiting": 2}


def test_what_was_handed_in_is_finished_at_the_end_and_no_more_is_taken(url: str) -> None:
    ledger = open_ledger(url)
    with ThreadPoolExecutor(8) as pool:
        works = [pool.submit(note, ledger, str(n)) for n in range(200)]
        works[20].result(10)
        ledger.close()
        refused = [w for w in works if isinstance(w.exception(10), LedgerFault)]
    done = [w.result() for w in works if w not in refused]
    with pytest.raises(LedgerFault, match="closed"):
        note(ledger)
    ledger.close()
    with open_ledger(url) as again:
        assert [e.id for e in again.events()] == sorted(done) == list(range(1, len(done) + 1))


def test_what_is_held_is_found_by_its_file_in_any_case(ledger: SqlLedger) -> None:
    prepared(ledger)
    ledger.write(lambda tx: tx.append("page_held", scan=A.scan, page=1, reason="no_codes", evidence="{}"))
    with ledger.read() as r:
        for text, found in (("skann å", [A]), ("SKANN Å", [A]), ("skann ø", [])):
            assert [page.id for page, _ in r.queue().held(Filter(text=text), 5)] == found
