"""Several processes with one ledger: one chain, one state, and nobody takes a place that is taken."""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from multiprocessing.synchronize import Barrier
from typing import Any

from scanpipe.ledgers import SqlLedger, Transaction, open_ledger
from scanpipe.ledgers.chain import first_break
from scanpipe.model import Claims, Filed, PageId, Question, Reason
from scanpipe.stages.validate import validate
from tests.contracts.ledger_deeds import columns, place, register, scan_id, take_in
from tests.helpers import definition

FORK = multiprocessing.get_context("fork")
ROUNDS = 15
ONE_EACH = tuple(Question(f"{n}", f"Oppgave {n}", "allowed", 1) for n in range(ROUNDS))
TEST = "MA0001-2026H"

Deed = Callable[[SqlLedger, int, Barrier], Any]


def _do(url: str, deed: Deed, number: int, gate: Barrier, answers: Any) -> None:
    gate.wait(20)
    with open_ledger(url) as ledger:
        answers.put((number, deed(ledger, number, gate)))


def together(url: str, deed: Deed, count: int = 2) -> list[Any]:
    """What so many processes answer that begin at the same moment, each with the ledger open for itself."""
    gate, answers = FORK.Barrier(count), FORK.Queue()
    processes = [FORK.Process(target=_do, args=(url, deed, n, gate, answers)) for n in range(count)]
    for p in processes:
        p.start()
    given = dict(answers.get(timeout=30) for _ in processes)
    for p in processes:
        p.join(20)
        assert p.exitcode == 0
    return [given[n] for n in range(count)]


def prepare(url: str, pages: int) -> None:
    """Two scans of so many pages each, and a test whose questions take one sheet each."""

    def work(tx: Transaction) -> None:
        register(tx, definition(questions=ONE_EACH))
        for number in range(2):
            take_in(tx, scan_id(number), pages)

    with open_ledger(url) as ledger:
        ledger.write(work)


def _note(ledger: SqlLedger, id: str) -> int:
    return ledger.write(lambda tx: tx.append("key_made", id=id))


def write_one(ledger: SqlLedger, number: int, gate: Barrier) -> int:
    return _note(ledger, str(number))


def test_six_processes_open_a_new_ledger_at_once(new_url: Callable[[], str]) -> None:
    for _ in range(3):
        url = new_url()
        assert sorted(together(url, write_one, 6)) == [1, 2, 3, 4, 5, 6]
        with open_ledger(url) as ledger:
            assert first_break(ledger.events()) is None


def write_many(ledger: SqlLedger, number: int, gate: Barrier) -> list[int]:
    gate.wait(20)
    return [_note(ledger, f"{number}-{n}") for n in range(100)]


def test_two_processes_that_write_at_once_keep_one_chain(url: str) -> None:
    one, two = together(url, write_many)
    assert sorted(one + two) == list(range(1, 201))
    with open_ledger(url) as ledger:
        events = list(ledger.events())
    assert first_break(events) is None
    assert [e.id for e in events if '"0-' in e.data] == one


def take_the_last_place(ledger: SqlLedger, number: int, gate: Barrier) -> list[Reason | None]:
    answers = []
    for n in range(ROUNDS):
        gate.wait(20)
        claims = Claims(TEST, "10001", str(n), f"{number}{n:07d}")
        answers.append(place(ledger, PageId(scan_id(number), n + 1), claims))
    return answers


def test_two_processes_cannot_both_take_the_last_place(url: str) -> None:
    prepare(url, ROUNDS)
    for answers in zip(*together(url, take_the_last_place), strict=True):
        assert sorted(answers, key=str) == [None, Reason.TOO_MANY_SHEETS]
    with open_ledger(url) as ledger:
        assert ledger.difference() == [] and first_break(ledger.events()) is None
        with ledger.read() as r:
            assert r.counts() == {"placing": ROUNDS, "held": ROUNDS}


def bring_the_same_sheet(ledger: SqlLedger, number: int, gate: Barrier) -> list[Reason | None]:
    answers = []
    for n in range(ROUNDS):
        gate.wait(20)
        claims = Claims(TEST, "10001", str(n), f"{n:08d}")
        answers.append(place(ledger, PageId(scan_id(number), n + 1), claims))
    return answers


def test_two_processes_cannot_both_file_the_same_sheet(url: str) -> None:
    prepare(url, ROUNDS)
    for answers in zip(*together(url, bring_the_same_sheet), strict=True):
        assert sorted(answers, key=str) == [None, Reason.SHEET_SEEN_BEFORE]


def give_serials(ledger: SqlLedger, number: int, gate: Barrier) -> list[str]:
    def work(tx: Transaction) -> list[str]:
        first = tx.last_serial() + 1
        serials = [f"{first + n:08d}" for n in range(5)]
        rows = [[s, "10001", "1", 1, 1] for s in serials]
        tx.append("sheets_printed", test=TEST, revision=1, sheets=rows, by="office")
        return serials

    gate.wait(20)
    return [s for _ in range(20) for s in ledger.write(work)]


def test_two_processes_never_give_out_a_serial_twice(url: str) -> None:
    one, two = together(url, give_serials)
    assert sorted(one + two) == [f"{n:08d}" for n in range(1, 201)]


def see_a_new_revision(ledger: SqlLedger, number: int, gate: Barrier) -> list[bool]:
    """Process 0 registers, process 1 looks: what it sees must never lag behind."""
    seen = []
    for revision in range(1, 6):
        gate.wait(20)
        if number == 0:
            changed = definition(title=f"Utgave {revision}")
            ledger.write(lambda tx, r=revision, d=changed: register(tx, d, r))  # type: ignore[misc]
        gate.wait(20)
        with ledger.read() as r:
            found = r.definition(TEST)
        seen.append(found is not None and found.title == f"Utgave {revision}")
    return seen


def test_a_definition_registered_by_another_process_counts_at_once(url: str) -> None:
    assert together(url, see_a_new_revision) == [[True] * 5] * 2


SHEETS, PROCESSES = 24, 8
PLACES = 2


def file_with_pauses(ledger: SqlLedger, number: int, gate: Barrier) -> list[str | None]:
    """Every process brings every sheet, each in an order of its own, and dawdles between looking and writing."""
    chance = random.Random(number)
    sheets = list(range(SHEETS))
    chance.shuffle(sheets)
    answers: list[str | None] = [None] * SHEETS
    gate.wait(20)
    for n in sheets:
        claims, page = Claims(TEST, "10001", str(n % 4), f"{n:08d}"), PageId(scan_id(number), n + 1)

        def decide(tx: Transaction, claims: Claims = claims, page: PageId = page) -> str | None:
            time.sleep(chance.random() * 0.004)
            verdict = validate(claims, tx.facts(claims, page), {})
            time.sleep(chance.random() * 0.004)
            if isinstance(verdict, Filed):
                tx.append("page_placing", scan=page.scan, page=page.index, **columns(claims))
                return None
            tx.append("page_held", scan=page.scan, page=page.index, reason=str(verdict.reason), evidence="{}")
            return str(verdict.reason)

        answers[n] = ledger.write(decide)
    return answers


def test_eight_processes_with_pauses(url: str) -> None:
    """However they meet: no serial twice, no slot above its limit, one chain, and the state that it adds up to."""

    def prepare(tx: Transaction) -> None:
        register(tx, definition(questions=tuple(Question(str(n), f"Oppgave {n}", "allowed", PLACES) for n in range(4))))
        for number in range(PROCESSES):
            take_in(tx, scan_id(number), SHEETS)

    with open_ledger(url) as ledger:
        ledger.write(prepare)
    answers = together(url, file_with_pauses, PROCESSES)
    with open_ledger(url) as ledger:
        assert ledger.difference() == [] and first_break(ledger.events()) is None
        with ledger.read() as r:
            filed = list(r.pages_in("placing"))
    assert Counter(p.question for p in filed) == {str(n): PLACES for n in range(4)}
    assert len({p.serial for p in filed}) == len(filed) == sum(a is None for given in answers for a in given)


def _file(tx: Transaction, page: PageId) -> None:
    claims = Claims("MA0001-2026H", "10001", "3", f"{page.index:08d}")
    tx.append("page_placing", scan=page.scan, page=page.index, **columns(claims))
    tx.append("page_filed", scan=page.scan, page=page.index)


def see_filings(ledger: SqlLedger, number: int, gate: Barrier) -> list[int]:
    """Process 0 asks for what is new while the others file: what it missed once it would never see."""
    gate.wait(20)
    if number:
        for n in range(SHEETS):
            page = PageId(scan_id(number), n + 1)
            ledger.write(partial(_file, page=page))
        return []
    seen, end = [0], time.monotonic() + 30
    while len(seen) <= 3 * SHEETS and time.monotonic() < end:
        with ledger.read() as r:
            seen += [change.id for change in r.feed().after(seen[-1], 1000).changes]
    return seen[1:]


def test_who_asks_for_what_is_new_misses_nothing(url: str) -> None:
    def prepare(tx: Transaction) -> None:
        for number in range(1, 4):
            take_in(tx, scan_id(number), SHEETS)

    with open_ledger(url) as ledger:
        ledger.write(prepare)
        seen = together(url, see_filings, 4)[0]
        with ledger.read() as r:
            assert seen == [change.id for change in r.feed().after(0, 1000).changes] and len(seen) == 3 * SHEETS
        assert ledger.difference() == []
