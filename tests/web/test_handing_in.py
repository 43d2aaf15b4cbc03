"""What is handed in from home by a link: into its own slot alone, in versions, by its deadline, once however often it is sent."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scanpipe.desk import deciding, locking, submitting
from scanpipe.desk.completeness import look
from scanpipe.desk.deciding import Decision
from scanpipe.desk.decisions import undo, undo_last
from scanpipe.desk.links import LinkRules as Rules
from scanpipe.desk.links import admit_link, end_link, give_out_to_all
from scanpipe.desk.rebuilding import rebuild
from scanpipe.desk.slots import left, view_slot
from scanpipe.desk.stacks import withdraw_stack
from scanpipe.desk.tracing import trace
from scanpipe.desk.uploads import UploadedFile
from scanpipe.desk.verifying import verify
from scanpipe.desk.viewing import suggestions_for
from scanpipe.faults import Overtaken, Refused, UnknownThing, UsageFault
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.links import Link, Submission
from scanpipe.model import PageRecord
from scanpipe.wiring import open_parts
from tests.home_exams import TEST, Home, picture
from tests.installation import Installation, install


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return install(tmp_path_factory.mktemp("home") / "data", sheets=4)


@pytest.fixture
def home(made: Installation, tmp_path: Path) -> Iterator[Home]:
    shutil.copytree(made.data_dir, tmp_path / "data")
    place = Installation(tmp_path / "data", made.pdf, made.sheets)
    with open_parts(place.settings) as parts:
        yield Home(place, parts)


def shown(home: Home, candidate: str = "10001", question: str = "2a") -> list[str]:
    return [page.scan for page in home.slot(candidate, question)]


def withdraw(home: Home, page: PageRecord) -> None:
    with home.parts.ledger.read() as r:
        scan = r.scan(page.scan)
    assert scan is not None and scan.stack is not None
    withdraw_stack(home.parts, scan.stack, "kari", "wrong")


# ── into its slot, in order, once


def test_plain_paper_is_filed_where_its_link_says_in_the_order_that_the_candidate_gave(home: Home) -> None:
    link = home.link()
    for n in (1, 2):
        home.add(link, f"side {n}.jpg", picture(n))
    submitting.move(home.desk, link, 1, 1, -1)
    done = home.send(link, 1)
    home.work_off()
    assert [f.name for f in done.files] == ["side 2.jpg", "side 1.jpg"] and not done.late and done.version == 1
    assert shown(home) == [f.sha256 for f in done.files]
    told = json.loads(home.slot()[0].evidence or "")["upload"]
    assert told == {
        "link": link.id,
        "version": 1,
        "position": 1,
        "names": {"test": TEST, "candidate": "10001", "question": "2a"},
    }
    assert any(f"handed in by link {link.id} as version 1" in said for _, said in trace(home.parts, shown(home)[0]))
    assert verify(home.parts).problems == []


def test_sent_twice_and_from_two_windows_it_is_handed_in_once(home: Home) -> None:
    link = home.link()
    home.add(link, "side 1.jpg", picture(1))
    first = home.send(link, 1)
    assert home.send(link, 1) == first, "the answer got lost, and it is sent again"
    batch = submitting.draft(home.desk, link)
    assert submitting.number_of(batch) == 2 and [batch.files[n].sha256 for n in batch.ordered] == [
        f.sha256 for f in first.files
    ], "the next draft begins with what was handed in"
    home.work_off()
    assert len(home.slot()) == 1 and len(submitting.receipts(home.desk, link)) == 1
    with pytest.raises(UnknownThing):
        home.send(link, 7)


def test_a_file_that_has_not_come_whole_keeps_the_draft_open(home: Home) -> None:
    link = home.link()
    submitting.add(home.desk, link, UploadedFile("side 1.jpg", 5000, "1"))
    with pytest.raises(Refused, match="not come in whole"):
        home.send(link, 1)
    with pytest.raises(Refused, match="no file to hand in"):
        submitting.remove(home.desk, link, 1, 0)
        home.send(link, 1)
    assert submitting.receipts(home.desk, link) == []


@pytest.mark.parametrize(
    ("name", "size", "why"),
    [("a.exe", 1, "not taken"), ("a.tif", 1, "not taken"), ("a.jpg", 0, "empty"), ("a.jpg", 10**9, "more than")],
)
def test_what_a_link_does_not_take(home: Home, name: str, size: int, why: str) -> None:
    with pytest.raises(Refused, match=why):
        submitting.add(home.desk, home.link(), UploadedFile(name, size, ""))


def test_no_more_pages_than_the_link_takes(home: Home) -> None:
    link = home.link()  # the question takes two sheets
    home.add(link, "side 1.jpg", picture(1))
    home.add(link, "side 2.jpg", picture(2))
    with pytest.raises(Refused, match="more than 2 files"):
        home.add(link, "side 3.jpg", picture(3))
    assert submitting.add(home.desk, link, UploadedFile("side 2.jpg", len(picture(2)), "1"))[1] == 1, "the same one"


def test_an_old_window_hands_in_and_takes_out_only_what_it_shows(home: Home) -> None:
    """Two phones on one link: what one of them shows was handed in, or changed, by the other meanwhile."""
    link = home.link(most_pages=6)
    for n in range(3):
        home.add(link, f"side {n}.jpg", picture(n))
    submitting.remove(home.desk, link, 1, 0)
    home.add(link, "side 3.jpg", picture(3))
    with pytest.raises(Overtaken, match="pages were changed meanwhile"):
        submitting.hand_in(home.desk, link, 1, [1, 2])
    done = submitting.hand_in(home.desk, link, 1, [2, 1, 3])
    assert done.files[0].name == "side 2.jpg", "in the order that was shown"
    home.add(link, "side 4.jpg", picture(4))
    with pytest.raises(Overtaken, match="other pages were handed in meanwhile"):
        submitting.hand_in(home.desk, link, 1, [2, 1, 3, 4])
    for act in (
        lambda: submitting.remove(home.desk, link, 1, 1),
        lambda: submitting.move(home.desk, link, 1, 1, 1),
    ):
        with pytest.raises(Overtaken, match="handed in meanwhile"):
            act()
    now = submitting.draft(home.desk, link)
    assert [now.files[n].name for n in now.ordered] == [f"side {n}.jpg" for n in (2, 1, 3, 4)]
    assert len(submitting.receipts(home.desk, link)) == 1
    assert submitting.hand_in(home.desk, link, 2, now.ordered).version == 2


# ── versions


def test_a_newer_version_takes_the_place_of_the_one_before_and_nothing_is_lost(home: Home) -> None:
    link, (one, two, three) = home.link(), map(picture, (1, 2, 3))
    first = home.hand_in(link, one, two)
    home.work_off()
    second = home.hand_in(link, three, two)
    home.work_off()
    assert shown(home) == [f.sha256 for f in second.files] and second.version == 2
    (gone,) = home.pages("replaced")
    assert gone.scan == first.files[0].sha256 and gone.decided_by == link.who
    view = view_slot(home.parts, TEST, "10001", "2a")
    assert view is not None
    with home.parts.ledger.read() as r:
        assert [(lost.record.scan, lost.decision.kind) for lost in left(r, view)] == [(gone.scan, "hand_in_anew")]
        changes = [(c.type, c.sha256) for c in r.feed().after(0, 100).changes]
    assert ("page_left", gone.sha256) in changes
    assert [(r.submission.version, r.counts) for r in submitting.receipts(home.desk, link)] == [(2, True), (1, False)]
    assert "gave way to version 2" in list(trace(home.parts, gone.scan))[-1][1]
    assert verify(home.parts).problems == []


def test_a_page_that_comes_back_in_a_third_version_lies_there_again(home: Home) -> None:
    link, (one, two) = home.link(), map(picture, (1, 2))
    for pages in ((one,), (two,), (two, one)):
        home.hand_in(link, *pages)
        home.work_off()
    assert shown(home) == [f.sha256 for f in submitting.receipts(home.desk, link)[0].submission.files]
    assert home.pages("replaced") == [] and verify(home.parts).problems == []


def test_a_version_that_was_replaced_before_it_was_worked_off_never_stays(home: Home) -> None:
    link, (one, two) = home.link(), map(picture, (1, 2))
    home.hand_in(link, one)
    second = home.hand_in(link, two)
    home.work_off()
    assert shown(home) == [second.files[0].sha256] and [p.state for p in home.pages("replaced")] == ["replaced"]
    assert verify(home.parts).problems == []


def test_what_is_about_to_give_way_takes_no_place(home: Home) -> None:
    """The slot takes two; the two of the first version are on their way into it when those of the second are judged."""
    link, pages = home.link(), [picture(n) for n in range(1, 5)]
    home.hand_in(link, *pages[:2])
    slot = {"test": TEST, "candidate": "10001", "question": "2a"}

    def on_their_way(tx: Transaction) -> None:
        for body in pages[:2]:
            scan = hashlib.sha256(body).hexdigest()
            where = {"file": "f", "stack": "s", "position": 1, "size": 9, "key": f"originals/{scan}", "holder": "gone"}
            tx.append("scan_taken_in", scan=scan, **where)
            tx.append("scan_unpacked", scan=scan, pages=1)
            tx.append("page_placing", scan=scan, page=1, evidence='{"upload": {}}', **slot)

    home.parts.ledger.write(on_their_way)
    second = home.hand_in(link, *pages[2:])
    shutil.rmtree(next(p for p in home.place.settings.inbox_path.iterdir() if p.name.endswith(f"{link.id} 1")))
    home.work_off()
    assert shown(home) == [f.sha256 for f in second.files] and home.pages("held") == []


def test_what_a_newer_version_superseded_stays_replaced_when_a_decision_is_undone(home: Home) -> None:
    link = home.link()
    home.hand_in(link, picture(1))
    home.work_off()
    (before,) = home.slot()
    withdraw(home, before)
    second = home.hand_in(link, picture(2))
    home.work_off()
    _, (page,) = undo_last(home.parts, "kari")
    assert (page.state, page.scan, page.decided_by) == ("replaced", before.scan, link.who)
    assert shown(home) == [second.files[0].sha256] and verify(home.parts).problems == []
    with home.parts.ledger.read() as r:
        gave_way = r.decisions().about(before.id)[0]
    undo(home.parts, gave_way.id, "kari")
    assert before.scan in shown(home), "a person may bring it back all the same"
    withdraw(home, before)
    undo_last(home.parts, "kari")
    assert len(home.slot()) == 2, "what a person decided after it stands"


def test_a_held_page_of_an_earlier_version_does_not_come_back_into_the_queue(home: Home) -> None:
    link = home.link("10002")
    home.hand_in(link, home.place.scan(0))
    home.work_off()
    (held,) = home.pages("held")
    deciding.discard(home.parts, held.id, "kari", "wrong")
    home.hand_in(link, picture(2))
    home.work_off()
    undo_last(home.parts, "kari")
    assert home.pages("held") == [] and [p.scan for p in home.pages("replaced")] == [held.scan]


def test_two_links_of_one_slot_hand_in_versions_of_the_same(home: Home) -> None:
    one, other = home.link(), home.link()
    home.hand_in(one, picture(1))
    home.work_off()
    second = home.hand_in(other, picture(2))
    home.work_off()
    assert second.version == 2 and shown(home) == [second.files[0].sha256]
    assert [r.submission.version for r in submitting.receipts(home.desk, one)] == [1], "each sees its own"


def test_what_a_person_decided_stays_where_it_is(home: Home) -> None:
    link = home.link()
    home.hand_in(link, picture(1))
    home.work_off()
    (page,) = home.slot()
    deciding.assign(home.parts, page.id, Decision("10001", "2b", TEST, "kari", contradict=True))
    home.hand_in(link, picture(2))
    home.work_off()
    assert shown(home, question="2b") == [page.scan] and len(home.slot()) == 1
    assert verify(home.parts).problems == []


def test_a_person_is_told_that_the_link_says_otherwise(home: Home) -> None:
    home.hand_in(home.link(), picture(1))
    home.work_off()
    (page,) = home.slot()
    with pytest.raises(Refused, match="says otherwise: question 2a"):
        deciding.assign(home.parts, page.id, Decision("10001", "2b", TEST, "kari"))


# ── never into somebody else's slot


def test_the_very_same_file_never_counts_for_two(home: Home) -> None:
    body, hers, his = picture(1), home.link("10001"), home.link("10002")
    home.hand_in(hers, body)
    for worked_off in (False, True):
        with pytest.raises(Refused, match="handed in before, for another place: side 1"):
            home.hand_in(his, body)
        if not worked_off:
            home.work_off()
    assert len(home.slot("10001")) == 1 and home.slot("10002") == []


def test_a_file_that_came_from_the_scanner_is_nobodys_upload(home: Home) -> None:
    body = home.place.scan(0)
    (home.place.settings.inbox_path / "scan.jpg").write_bytes(body)
    home.work_off()
    with pytest.raises(Refused, match="for another place"):
        home.hand_in(home.link("10002"), body)


@pytest.mark.proof
def test_a_printed_sheet_goes_where_its_codes_and_its_link_agree_and_nowhere_else(home: Home) -> None:
    sheet = home.place.sheets[0]
    own = home.link(sheet.candidate or "", sheet.question or "")
    other = home.link("10002", sheet.question or "")
    home.hand_in(own, home.place.scan(0))
    home.hand_in(other, home.place.scan(1))
    home.work_off()
    (filed,) = home.pages("filed")
    assert (filed.candidate, filed.question, filed.serial) == (sheet.candidate, sheet.question, sheet.serial)
    (held,) = home.pages("held")
    assert held.reason == "codes_disagree" and home.slot("10002") == []
    assert json.loads(held.evidence or "")["upload"]["link"] == other.id


# ── deadlines


def test_in_its_grace_it_counts_and_after_it_is_held_and_replaces_nothing(home: Home) -> None:
    kept = home.hand_in(home.link(), picture(1))
    in_grace = home.hand_in(home.link(minutes=-5), picture(2))
    assert not in_grace.late and in_grace.version == 2
    late_link = home.link(minutes=-20)
    late = home.hand_in(late_link, picture(3))
    home.work_off()
    assert late.late and shown(home) == [in_grace.files[0].sha256]
    (held,) = home.pages("held")
    evidence = json.loads(held.evidence or "")
    assert held.reason == "after_deadline" and held.scan == late.files[0].sha256 and kept.version == 1
    assert evidence["deadline"] == late_link.closes and evidence["grace_minutes"] == 15
    assert evidence["handed_in"] == late.at and "the deadline was" in evidence["detail"]
    with home.parts.ledger.read() as r:
        first = suggestions_for(r, held.id)[0]
    assert (first.ground, first.slot) == ("link", late_link.slot)
    done = deciding.assign(home.parts, held.id, Decision("10001", "2a", TEST, "kari", ground=first.ground))
    assert done.state == "filed" and len(home.slot()) == 2
    assert verify(home.parts).problems == []


def test_grace_is_what_the_link_says(home: Home) -> None:
    assert home.hand_in(home.link(minutes=-5, grace_minutes=0), picture(1)).late
    assert not home.hand_in(home.link(minutes=-50, grace_minutes=60), picture(2)).late


def test_a_late_copy_of_what_came_in_time_changes_nothing(home: Home) -> None:
    first = home.hand_in(home.link(), picture(1))
    home.work_off()
    home.hand_in(home.link(minutes=-20), picture(1), picture(2))
    home.work_off()
    assert shown(home) == [first.files[0].sha256] and [p.reason for p in home.pages("held")] == ["after_deadline"]


def test_a_week_after_nothing_more_is_taken(home: Home) -> None:
    link = home.link(minutes=-8 * 24 * 60)
    with pytest.raises(Refused, match="long over"):
        home.add(link, "side 1.jpg", picture(1))


def test_when_grading_has_begun_it_is_held_as_late_and_replaces_nothing(home: Home) -> None:
    link = home.link()
    first = home.hand_in(link, picture(1))
    home.work_off()
    locking.lock(home.parts, TEST, "kari")
    assert home.hand_in(link, picture(2)).late
    home.work_off()
    assert shown(home) == [first.files[0].sha256] and [p.reason for p in home.pages("held")] == ["late"]


def test_the_definition_holds_as_always(home: Home) -> None:
    link = home.link(most_pages=5)
    home.hand_in(link, *map(picture, (1, 2, 3)))
    home.work_off()
    assert len(home.slot()) == 2 and [p.reason for p in home.pages("held")] == ["too_many_sheets"]


# ── links


def test_a_link_opens_until_it_is_ended_and_its_secret_is_nowhere(home: Home) -> None:
    secret = home.secret()
    link = admit_link(home.parts, secret)
    assert link is not None and admit_link(home.parts, secret[:-1]) is None and admit_link(home.parts, link.id) is None
    end_link(home.parts, link.id, "kari", "sent to the wrong address")
    assert admit_link(home.parts, secret) is None
    stored = (home.place.data_dir / "ledger.db").read_bytes() + b"".join(
        p.read_bytes() for p in (home.place.data_dir / "objects").rglob("*") if p.is_file()
    )
    assert secret.encode() not in stored and link.id.encode() in stored


def test_links_for_a_whole_test_with_extra_time_and_only_once(home: Home) -> None:
    closes = datetime(2030, 12, 1, 13, 0, tzinfo=UTC)
    with home.parts.ledger.read() as r:
        known = r.definition(TEST)
    assert known is not None
    taking = [q for q in known.questions if q.sketches != "none"]
    given = give_out_to_all(home.parts, Rules(), TEST, closes, "kari")
    assert len(given) == len(known.candidates) * len(taking) == len({one.secret for one in given})
    extra = {c.number: c.extra_time_min or 0 for c in known.candidates}
    assert {
        (datetime.fromisoformat(one.closes) - closes).total_seconds() / 60 - extra[one.candidate] for one in given
    } == {0}
    assert give_out_to_all(home.parts, Rules(), TEST, closes, "kari") == [], "everybody has one that is open"
    for wrong in ({"candidates": ["99999"]}, {"questions": ["nope"]}):
        with pytest.raises(UsageFault):
            give_out_to_all(home.parts, Rules(), TEST, closes, "kari", **wrong)  # type: ignore[arg-type]


def test_completeness_counts_what_came_by_links(home: Home) -> None:
    home.hand_in(home.link(), picture(1), picture(2))
    home.hand_in(home.link(minutes=-20), picture(3))
    home.work_off()
    with home.parts.ledger.read() as r:
        view = look(r, TEST)
    person = next(p for p in view.people if p.candidate == "10001")
    assert person.received >= 2 and not [f for f in view.open if f.candidate == "10001" and "EXCHANGED" in f.kind.name]


# ── power cuts


def test_what_was_put_on_record_before_the_process_died_is_finished_at_the_next_start(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = home.link()
    home.add(link, "side 1.jpg", picture(1))
    with monkeypatch.context() as m, pytest.raises(KeyboardInterrupt):
        m.setattr("scanpipe.desk.uploads.Uploads._move", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        home.send(link, 1)
    assert not any(home.place.settings.inbox_path.rglob("*.jpg"))
    assert submitting.finish_left(home.desk) == 1 and submitting.finish_left(home.desk) == 0
    home.work_off()
    assert len(home.slot()) == 1 and verify(home.parts).problems == []


def test_an_inbox_that_takes_nothing_keeps_nobody_from_a_receipt(home: Home) -> None:
    link, inbox = home.link(), home.place.settings.inbox_path
    home.add(link, "side 1.jpg", picture(1))
    inbox.rename(inbox.with_name("away"))
    done = home.send(link, 1)
    assert done.version == 1 and len(home.desk.left) == 1
    submitting.try_again(home.desk)
    assert len(home.desk.left) == 1, "it is still away"
    inbox.with_name("away").rename(inbox)
    submitting.try_again(home.desk)
    assert home.desk.left == set()
    home.work_off()
    assert shown(home) == [done.files[0].sha256] and verify(home.parts).problems == []


@pytest.mark.proof
def test_a_ledger_made_anew_has_the_versions_and_their_places(home: Home) -> None:
    link = home.link()
    home.hand_in(link, picture(1), picture(2))
    home.work_off()
    second = home.hand_in(link, picture(3))
    home.work_off()
    home.hand_in(home.link("10002", minutes=-20), picture(4))
    home.work_off()
    before = {(p.scan, p.state, p.reason) for p in home.pages("filed", "held", "replaced")}
    anew = rebuilt(home.place)
    with open_parts(anew.settings) as parts:
        again = Home(anew, parts)
        with parts.ledger.read() as r:
            again.again.extend(s.scan for s in r.unfinished())
        again.work_off()
        assert {(p.scan, p.state, p.reason) for p in again.pages("filed", "held", "replaced")} == before
        assert shown(again) == [second.files[0].sha256]
        assert [s.version for s in links_of_slot(again, link)] == [1, 2]
        assert verify(parts).problems == []


def links_of_slot(home: Home, link: Link) -> list[Submission]:
    with home.parts.ledger.read() as r:
        return r.links().submissions(link.slot)


def rebuilt(place: Installation) -> Installation:
    """The same store with a ledger that was lost and made anew."""
    for file in place.data_dir.glob("ledger.db*"):
        file.unlink()
    with open_parts(place.settings) as parts:
        rebuild(parts, lambda key: 1, "kari", lambda done: None)
    return place
