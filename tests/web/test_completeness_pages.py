"""The pages about what is missing: figures, differences, the room of an invigilator, the report; a late sheet let in."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator

import pypdfium2
import pytest
from fastapi.testclient import TestClient

from scanpipe.desk import completeness, deciding, expecting, locking
from scanpipe.desk.deciding import Decision
from scanpipe.desk.decisions import undo_last
from scanpipe.desk.parts import Parts
from scanpipe.desk.reporting import check_report
from scanpipe.desk.slots import view_slot
from scanpipe.desk.verifying import verify
from scanpipe.faults import Refused
from tests.web.conftest import sign_in
from tests.web.test_decisions import held, now

TEST = "MA0001-2026H"
AT = f"/tests/{TEST}/completeness"
LATE = "GR0001-2026H"


@pytest.fixture(autouse=True)
def nothing_is_missing(parts: Parts) -> Iterator[None]:
    yield
    assert verify(parts).problems == []


def token(text: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', text)
    assert found is not None
    return found[1]


def form_of(text: str, kind: str) -> dict[str, str]:
    """The hidden fields of the form that closes the first difference of this kind."""
    for form in re.findall(r"<form.*?</form>", text, re.S):
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        if fields.get("kind") == kind:
            return fields
    raise AssertionError(f"no form about {kind}")


def test_differences_are_shown_closed_and_opened_again(app: TestClient, parts: Parts) -> None:
    sign_in(app, "exam_office")
    page = app.get(AT).text
    assert "Scanned more than once" in page and "Decide in the queue which scan is to stand" in page
    before = len(re.findall(r'<li class="card">', page))
    told = form_of(page, "scanned_twice")
    stale = app.post(f"{AT}/close", data=told | {"why": "x", "received": "9"})
    assert stale.status_code == 409 and "other figures" in stale.text
    assert app.post(f"{AT}/close", data=told | {"why": " "}).status_code == 409
    assert app.post(f"{AT}/close", data=told | {"why": "seen by two"}).status_code == 303
    page = app.get(AT).text
    assert len(re.findall(r'<li class="card">', page)) == before - 1 and "seen by two" in page
    again = {name: told[name] for name in ("kind", "subject", "token")}
    assert app.post(f"{AT}/reopen", data=again).status_code == 303
    assert app.post(f"{AT}/reopen", data=again).status_code == 409
    page = app.get(AT).text
    assert len(re.findall(r'<li class="card">', page)) == before
    assert "exam_office closed it: seen by two." in page and "exam_office opened it again." in page
    assert "Skannet mer enn én gang" in app.get(AT, headers={"accept-language": "nb"}).text
    only = app.get(f"{AT}?kind=sheet_of_other_test").text
    assert "Scanned more than once.</h3>" not in only and "another installation" in only


def test_the_figures_are_live_and_the_list_is_not_moved(app: TestClient, parts: Parts) -> None:
    sign_in(app, "exam_office")
    page = app.get(AT).text
    live = re.search(r'hx-get="([^"]+)"', page)
    assert live is not None
    link = live[1].replace("&amp;", "&")
    assert app.get(link).status_code == 204, "nothing happened"
    expecting.note_attendance(parts, TEST, {"10001": False}, "kari")
    changed = app.get(link)
    assert changed.status_code == 200 and "has changed" in changed.text and 'class="card"' not in changed.text


def test_an_invigilator_sees_their_rooms_and_closes_nothing(app: TestClient, parts: Parts) -> None:
    sign_in(app, "invigilator")
    page = app.get(f"{AT}?room=S4").text
    assert "S4" in page and "By candidate" in page and "close" not in page and "report.pdf" not in page
    with parts.ledger.read() as r:
        definition = r.definition(TEST)
    assert definition is not None
    others = {c.room for c in definition.candidates} - {"S4"}
    assert others and not any(f">{room}<" in page for room in others if room)
    assert "Whole test" not in page
    assert app.get(f"/tests/{LATE}/completeness").status_code == 404, "not one of their tests"
    sign_in(app, "chief_invigilator")
    assert "Whole test" in app.get(AT).text


def test_an_invigilator_enters_what_was_collected(app: TestClient, parts: Parts) -> None:
    sign_in(app, "invigilator")
    link = f"/rooms/one?test={TEST}&room=S4"
    page = app.get(link).text
    hidden = {"token": token(page), "was": json.dumps({"serials": ""})}
    numbers = re.findall(r'name="collected (\w+)"', page)
    first, second = numbers[:2]
    told = {f"collected {first}": "2", f"handed_out {first}": "3", f"present {first}": "yes", f"present {second}": "no"}
    assert app.post(link, data=hidden | told | {f"collected {n}": "" for n in numbers[1:]}).status_code == 303
    with parts.ledger.read() as r:
        counted = {(e.what, e.candidate): (e.count, e.by) for e in r.expected().counted(TEST)}
        assert r.expected().attendance(TEST) == {first: True, second: False}
    assert counted == {("collected", first): (2, "invigilator"), ("handed_out", first): (3, "invigilator")}
    # another one enters a second candidate from a page that was drawn before; the first stays
    assert app.post(link, data=hidden | {f"collected {second}": "1", f"collected {first}": ""}).status_code == 303
    page = app.get(link).text
    was = re.search(r'name="was" value="([^"]+)"', page)
    assert was is not None
    shown = json.loads(was[1].replace("&#34;", '"'))
    assert (shown[f"collected {first}"], shown[f"collected {second}"]) == ("2", "1")
    with parts.ledger.read() as r:
        serial = next(s.serial for s in r.sheets(TEST) if s.candidate == first)
    corrected = hidden | {"was": json.dumps(shown), f"collected {first}": "", "serials": f"{serial[:4]} {serial[4:]}"}
    assert app.post(link, data=corrected).status_code == 303
    with parts.ledger.read() as r:
        entries = {e.candidate: (e.count, e.serials) for e in r.expected().counted(TEST) if e.what == "collected"}
    assert entries == {"": (None, (serial,)), second: (1, ())}
    wrong = app.post(link, data=hidden | {"serials": "99999999"})
    assert wrong.status_code == 422 and "o sheet 99999999" in wrong.text
    assert app.post(link, data=hidden | {f"collected {first}": "many"}).status_code == 422
    assert app.post(link, data=hidden | {"was": "[1"}).status_code == 422
    assert app.post(f"/rooms/one?test={TEST}&room=S5", data=hidden).status_code == 404


def test_a_report_is_signed_off_by_who_is_signed_in(app: TestClient, parts: Parts) -> None:
    sign_in(app, "planner")
    draft = app.get(f"/tests/{TEST}/report.json")
    assert draft.headers["content-disposition"].endswith('.json"') and check_report(parts, draft.content) == []
    assert app.get(f"/tests/{TEST}/report.pdf").content.startswith(b"%PDF")
    signed = app.post(f"/tests/{TEST}/report", data={"token": token(app.get(AT).text)})
    document = pypdfium2.PdfDocument(io.BytesIO(signed.content))
    inside = bytes(document.get_attachment(0).get_data())
    document.close()
    assert json.loads(inside)["report"]["made"]["signed_off_by"] == "planner"
    assert check_report(parts, inside) == [] and check_report(parts, signed.content) == []
    assert app.get("/tests/XX1/report.json").status_code == 404


def test_a_late_sheet_is_let_in_with_a_reason_and_no_other_way(app: TestClient, parts: Parts) -> None:
    page = held(parts, "late")
    slot = view_slot(parts, LATE, "30001", "1")
    assert slot is not None and (slot.on_its_way, slot.late, slot.pages) == (1, 1, ())
    plain = Decision("30001", "1", None, "kari")
    with pytest.raises(Refused, match="locked"):
        deciding.assign(parts, page.id, plain)
    with pytest.raises(Refused, match="reason"):
        deciding.assign(parts, page.id, Decision("30001", "1", None, "kari", late=" "))
    sign_in(app, "exam_office")
    at = f"/sheets/{page.scan}/{page.page}"
    shown = app.get(at).text
    assert "Grading of this test had begun" in shown
    told = {"token": token(shown), "seen": str(page.event), "candidate": "30001", "question": "1", "test": LATE}
    asked = app.post(f"{at}/assign", data=told | {"confirmed": "yes"})
    assert asked.status_code == 200 and 'name="late" required' in asked.text
    assert now(parts, page).state == "held"
    done = app.post(f"{at}/assign", data=told | {"confirmed": "yes", "late": "it lay under the desk"})
    assert done.status_code == 303 and now(parts, page).state == "filed"
    with parts.ledger.read() as r:
        (decision,) = r.decisions().about(page.id)
    assert (decision.kind, decision.by, decision.why) == ("let_in", "exam_office", "it lay under the desk")
    slot = view_slot(parts, LATE, "30001", "1")
    assert slot is not None and (slot.on_its_way, slot.late, len(slot.pages)) == (0, 0, 1)
    for act in (
        lambda: undo_last(parts, "exam_office"),
        lambda: deciding.scan_again(parts, page.id, "kari", "cut off"),
        lambda: deciding.assign(parts, page.id, Decision("30001", "1", None, "kari", late="again")),
    ):
        with pytest.raises(Refused, match="locked"):
            act()


def test_after_the_lock_is_gone_the_machine_files_it(parts: Parts) -> None:
    page = held(parts, "late")
    locking.unlock(parts, LATE, "kari")
    filed = deciding.assign(parts, page.id, Decision("30001", "1", None, "kari", late="the lock was gone meanwhile"))
    assert filed.state == "filed"
    with parts.ledger.read() as r:
        assert [d.kind for d in r.decisions().about(page.id)] == ["assign"]


def test_a_grader_is_told_of_what_is_on_its_way_and_sees_none_of_it(app: TestClient, parts: Parts) -> None:
    with parts.ledger.read() as r:
        waiting = next(p for p in r.pages_in("held") if p.test == TEST and p.candidate and p.question)
    sign_in(app, "grader")
    page = app.get(f"/grading/{TEST}/{waiting.candidate}/{waiting.question}").text
    assert "on its way" in page or "on their way" in page
    assert waiting.scan not in page


def test_what_the_monitor_shows_is_what_the_desk_says(app: TestClient, parts: Parts) -> None:
    sign_in(app, "planner")
    with parts.ledger.read() as r:
        view = completeness.look(r, TEST)
    page = app.get(AT).text
    assert f"{len(view.open)} differences to work off" in page
    assert f'<td class="n">{view.whole.received}</td>' in page
