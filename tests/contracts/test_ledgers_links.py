"""Links and what was handed in by them, in every kind of ledger: which slot a file names, and which version counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from scanpipe.ledgers import SqlLedger, Transaction, open_ledger
from scanpipe.ledgers.links import Visit
from scanpipe.model import PageId, Slot

SLOT = Slot("T", "10001", "2a")
LINK, OTHER = "a" * 24, "b" * 24
A, B, C = (letter * 64 for letter in "abc")
CLOSES = "2026-12-01T14:00:00+00:00"


def given(ledger: SqlLedger) -> SqlLedger:
    limits = {"grace_minutes": 15, "most_pages": 20, "most_bytes": 10**11}
    links = [[LINK, "10001", "2a", CLOSES], [OTHER, "10002", "2a", CLOSES]]
    ledger.write(lambda tx: tx.append("links_given_out", test="T", links=links, by="kari", **limits))
    return ledger


def hand_in(tx: Transaction, *scans: str, late: bool = False, link: str = LINK) -> int:
    """The next version of the slot of the link."""
    slot = Slot("T", "10001" if link == LINK else "10002", "2a")
    tx.links().hold(slot, scans)
    version = max((s.version for s in tx.links().submissions(slot)), default=0) + 1
    about = {"test": "T", "candidate": slot.candidate, "question": "2a", "stack": f"hand-in {version}"}
    files = [{"name": f"{scan[:3]}.jpg", "size": 9, "sha256": scan} for scan in scans]
    told = {"version": version, "late": late, "handed_in": "2026-12-01T13:00:00.000+00:00", "files": files}
    tx.append("submission_handed_in", link=link, by="link", **about, **told)  # type: ignore[arg-type]
    return version


def test_a_file_is_of_the_last_version_in_time_that_has_it(ledger: SqlLedger) -> None:
    given(ledger)
    for scans, late in (((A, B), False), ((B, C), False), ((A, C), True), ((C,), True)):
        ledger.write(lambda tx, s=scans, la=late: hand_in(tx, *s, late=la))
    with ledger.read() as r:
        told = {scan: r.links().named(scan) for scan in (A, B, C)}
        assert r.links().named("d" * 64) is None
        assert [(s.version, s.late, len(s.files)) for s in r.links().submissions(SLOT)] == [
            (1, False, 2),
            (2, False, 2),
            (3, True, 2),
            (4, True, 1),
        ]
        assert r.links().by_link(OTHER) == [] and len(r.links().by_link(LINK)) == 4
    assert {scan: (n.version, n.position, n.superseded, n.current) for scan, n in told.items() if n} == {
        A: (3, 1, False, 2),  # it had given way, and came again, late
        B: (2, 1, False, 2),
        C: (2, 2, False, 2),  # in time, whatever came later
    }
    assert ledger.difference() == []


def test_what_is_in_no_newer_version_gives_way(ledger: SqlLedger) -> None:
    given(ledger)
    ledger.write(lambda tx: hand_in(tx, A, B))
    ledger.write(lambda tx: hand_in(tx, B))
    ledger.write(lambda tx: hand_in(tx, C, link=OTHER))
    with ledger.read() as r:
        named = {scan: n.superseded for scan in (A, B, C) if (n := r.links().named(scan))}
        assert named == {A: True, B: False, C: False}
        assert r.links().positions(SLOT) == {} and r.links().pages_of(SLOT) == []
    where = {"file": "f", "stack": "s", "position": 1, "size": 9, "key": "k", "holder": "h"}
    columns = {"test": "T", "candidate": "10001", "question": "2a"}

    def filed(tx: Transaction) -> None:
        for scan in (A, B):
            tx.append("scan_taken_in", scan=scan, **where)
            tx.append("scan_unpacked", scan=scan, pages=2)
            tx.append("page_placing", scan=scan, page=2, **columns)

    ledger.write(filed)
    with ledger.read() as r:
        assert r.links().positions(SLOT) == {PageId(A, 2): (1, 2), PageId(B, 2): (1, 2)}
        assert len(r.links().pages_of(SLOT)) == 4


def test_secrets_and_visits_stand_beside_the_record(ledger: SqlLedger) -> None:
    given(ledger)
    ledger.write(lambda tx: tx.links().add_keys({"d1": LINK, "d2": OTHER}, "2026-12-01"))
    ledger.write(lambda tx: tx.links().open(Visit("v1", LINK, "secret", "2026-12-01")))
    with ledger.read() as r:
        one = r.links().by_digest("d1")
        assert one is not None and one.id == LINK and one.most_bytes == 10**11 and r.links().by_digest("x") is None
        assert r.links().visit("v1") == Visit("v1", LINK, "secret", "2026-12-01")
    ledger.write(lambda tx: tx.links().sweep("2026-12-02"))
    about = {"test": "T", "candidate": "10001", "question": "2a"}
    ledger.write(lambda tx: tx.append("link_ended", link=LINK, by="kari", why="lost", **about))
    with ledger.read() as r:
        assert r.links().visit("v1") is None
        assert [(link.id, link.ended is not None) for link in r.links().of_test("t")] == [(LINK, True), (OTHER, False)]
    assert ledger.difference() == []


def test_with_its_test_all_of_it_goes(ledger: SqlLedger) -> None:
    given(ledger)
    ledger.write(lambda tx: hand_in(tx, A))
    about = {"code": "x", "asked_by": "a", "by": "b", "objects": 0, "digest": ""}
    ledger.write(lambda tx: tx.append("test_retired", test="T", **about))
    with ledger.read() as r:
        assert r.links().of_test("T") == r.links().by_link(LINK) == [] and r.links().named(A) is None
    assert ledger.difference() == []


def test_of_many_who_hand_in_at_once_each_has_a_version_of_its_own(ledger: SqlLedger, url: str) -> None:
    given(ledger)
    with open_ledger(url) as other, ThreadPoolExecutor(8) as pool:
        sent = [
            pool.submit((ledger, other)[n % 2].write, lambda tx, n=n: hand_in(tx, f"{n:064x}", late=n % 3 == 0))
            for n in range(16)
        ]
        assert sorted(one.result() for one in sent) == list(range(1, 17))
    assert ledger.difference() == []
