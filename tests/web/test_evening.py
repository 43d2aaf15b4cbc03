"""An evening in a real browser: the queue is cleared by keyboard alone, and the store is as it should be."""

from __future__ import annotations

import hashlib
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from scanpipe.desk.printing import plan_sheets, print_sheets
from scanpipe.desk.verifying import STATES
from scanpipe.model import Reason, Slot
from scanpipe.reasons import WORDING
from scanpipe.sheets import Selection
from scanpipe.wiring import open_parts
from tests.browser import chromium, press, sign_in
from tests.installation import Installation
from tests.serving import serving
from tests.web.conftest import PASSWORD
from tests.web.test_runs import dead_codes


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def reason(page: Page) -> str:
    return page.inner_text("h1")


def here(page: Page) -> str:
    """The page that is on the screen, as scan/number."""
    return page.url.split("/sheets/")[1].split("?")[0]


Truth = dict[str, tuple[str, str]]
"""Of pages that a person can tell by looking: the slot that their sheet was printed for."""


@dataclass
class Evening:
    """What a person did: where each page was put, in its order (none: out of the slots), and how many keys each sheet took."""

    truth: Truth
    put: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    keys: dict[str, list[int]] = field(default_factory=dict)
    special: set[str] = field(default_factory=set)

    def decide(self, page: Page) -> None:
        """Decides about the sheet on the screen, by keys; each key counts, also those of a number that is typed."""
        why, id = reason(page), here(page)
        slot, taken = self._act(page, why, self.truth.get(id))
        self.put[id] = [slot] if slot else []
        self.keys.setdefault(why, []).append(taken)

    def keys_per_reason(self) -> dict[str, float]:
        """How many keys the usual sheet of each reason took; of two that differ, the one that had a suggestion.

        Which one has depends on which of its neighbours came first.
        """
        return {
            reason.value: statistics.median_low(self.keys[wording.en])
            for reason, wording in WORDING.items()
            if wording.en in self.keys
        }

    def _act(self, page: Page, why: str, true: tuple[str, str] | None) -> tuple[tuple[str, str] | None, int]:
        if "filed before" in why:
            press(page, "f")
            return None, 1
        if "says which question" in why:
            candidate = page.locator("[data-key=a]").input_value()
            return (candidate, "2b"), assign_by_hand(page, "", "2b")
        if "contradict each other" in why and "contradiction" not in self.special:
            self.special.add("contradiction")
            return ("10011", "3"), assign_by_hand(page, "10011", "3", sure=True)
        if "damaged" in why or "missing or too dark" in why:
            press(page, "s")
            return None, 1
        offered = [tuple(b.split(" · ")) for b in page.locator(".suggestion b").all_inner_texts()]
        if true is not None and true not in offered:
            return true, assign_by_hand(page, *true)
        if "Grading of this test had begun" in why:
            press(page, "1")
            tab_to(page, "[name=late]")
            page.keyboard.type("it lay under the desk")
            press(page, "Enter")
            return offered[0], 2 + len("it lay under the desk")
        if offered:
            slot = true or offered[0]
            press(page, str(1 + offered.index(slot)))
            if "pack" in why:  # codes say otherwise: a second, different act
                press(page, "i", "Enter")
            return slot, 1 + 2 * ("pack" in why)
        press(page, "d", "2")
        return None, 2


def documented() -> dict[str, set[float]]:
    """The keys per reason that docs/queue.md tells: several where it depends on what lies beside the sheet."""
    text = (Path(__file__).parents[2] / "docs/queue.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\| ([\d.]+(?: or [\d.]+)*) \|$", text, re.MULTILINE)
    return {reason: {float(n) for n in keys.split(" or ")} for reason, keys in rows}


def assign_by_hand(page: Page, candidate: str, question: str, sure: bool = False) -> int:
    """Types a candidate (none: the one that is there) and a question and confirms; answers how many keys that took."""
    page.keyboard.press("a")
    page.keyboard.type(candidate)  # over what is there, which is selected
    page.keyboard.press("Tab")
    page.keyboard.type(question)
    press(page, "Enter")
    assert "?" in reason(page)
    press(page, *(["i", "Enter"] if sure else ["Enter"]))
    return 4 + len(candidate) + len(question) + sure


def tab_to(page: Page, selector: str) -> None:
    """Goes to an element as a person without a mouse does."""
    for _ in range(100):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{selector} cannot be reached by the keyboard")


@pytest.fixture
def crowded(home: Installation) -> tuple[Installation, Truth]:
    """The held pages of every reason, and a stack in which every second sheet has dead codes: at least 40 in all."""
    pdf = home.data_dir.parent / "more.pdf"
    with open_parts(home.settings) as parts:
        with parts.ledger.read() as r:
            definition = r.definition("MA0001-2026H")
        assert definition is not None
        chosen = Selection([str(n) for n in range(10020, 10029)])
        sheets = print_sheets(parts, definition, plan_sheets(parts, definition, chosen), pdf, "test")
    more, job = Installation(home.data_dir, pdf, tuple(sheets)), home.data_dir.parent / "crowded"
    job.mkdir()
    truth: Truth = {}
    for n, sheet in enumerate(sheets):
        body = dead_codes(more, n) if n % 2 else more.scan(n, stroke=n)
        (job / f"{n:02d}.jpg").write_bytes(body)
        truth[f"{hashlib.sha256(body).hexdigest()}/1"] = (sheet.candidate, sheet.question)
    home.run("ingest", str(job), ok=range(20))
    return home, truth


def test_an_evening_by_keyboard(crowded: tuple[Installation, Truth], browser: Browser) -> None:
    """Every reason, a duplicate, a contradiction, a mistake undone, a move, an order changed; then the store is looked at."""
    home, truth = crowded
    with open_parts(home.settings) as parts:
        with parts.ledger.read() as r:
            held = {f"{p.scan}/{p.page}": p for p in r.pages_in("held")}
        objects = set(parts.store.keys("tests/"))
    assert len(held) >= 40 and {p.reason for p in held.values()} == set(Reason) - {Reason.AFTER_DEADLINE}
    evening = Evening(truth)
    with serving(home) as url:
        page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
        sign_in(page, url, "exam_office", PASSWORD)
        assert int(reason(page).split()[0]) == len(held)
        press(page, "Enter")
        mistaken = here(page)
        press(page, "d", "1")
        press(page, "u")
        assert here(page) == mistaken, "a mistake, taken back"
        for _ in held:
            evening.decide(page)
        assert reason(page) == "The list is empty: everything has its place."
        moved = _move_one(page, url, evening)
        order = _order_one(page, url)
    per_reason = evening.keys_per_reason()
    each = [n for taken in evening.keys.values() for n in taken]
    assert statistics.median(per_reason.values()) <= 3 and statistics.median(each) <= 3, evening.keys
    told = documented()
    assert {reason: keys for reason, keys in per_reason.items() if keys not in told.get(reason, ())} == {}, (
        "docs/queue.md"
    )
    assert told.keys() == per_reason.keys()
    with open_parts(home.settings) as parts:
        with parts.ledger.read() as r:
            assert r.counts().get("held", 0) == 0
            view = r.slot_pages("MA0001-2026H", *order[0])
            ends = {f"{p.scan}/{p.page}": p for p in r.pages_in(*STATES)}
        assert [f"{p.scan}/{p.page}" for p in view] == order[1]
        for id, slots in evening.put.items():
            end = ends[id]
            assert (end.state == "filed") == bool(slots), id
            assert not slots or (end.candidate, end.question) == slots[-1], "it lies where it was put last"
        for id, slot in truth.items():
            assert id == moved or (ends[id].candidate, ends[id].question) == slot, "no sheet lies in another one's slot"
        wanted = Counter(
            (
                Slot("GR0001-2026H" if candidate == "30001" else "MA0001-2026H", candidate, question).prefix,
                held[id].sha256,
            )
            for id, slots in evening.put.items()
            for candidate, question in slots
        )
        new = set(parts.store.keys("tests/")) - objects
        assert Counter((key.rpartition("/")[0] + "/", parts.store.digest(key)) for key in new) == wanted
        assert objects <= set(parts.store.keys("tests/")) and len(evening.put[moved]) == 2
    assert "Nothing is missing" in home.run("verify")


def _move_one(page: Page, url: str, evening: Evening) -> str:
    """Moves a page that was assigned to another question of its candidate, which its codes have nothing against."""
    id, slots = next((id, slots) for id, slots in evening.put.items() if slots and slots[0][1] == "2b")
    page.goto(f"{url}/sheets/{id}")
    assert reason(page) == "Filed"
    assign_by_hand(page, "", "4")
    slots.append((slots[0][0], "4"))
    return id


def _order_one(page: Page, url: str) -> tuple[tuple[str, str], list[str]]:
    """Turns the order round of a slot in which several pages lie."""
    for slot in (("10040", question) for question in ("2a", "2b", "3", "4")):
        page.goto(f"{url}/tests/MA0001-2026H/slots/{'/'.join(slot)}")
        values = page.locator("input[name=page]").evaluate_all("e => e.map(i => i.value)")
        before = [value.replace("-", "/") for value in values]
        if len(before) >= 2:
            break
    rows = page.locator("[data-order] li")
    rows.nth(1).drag_to(rows.first, target_position={"x": 3, "y": 20})
    dragged = page.locator("input[name=page]").evaluate_all("e => e.map(i => i.value)")
    assert dragged == [values[1], values[0], *values[2:]], "by dragging as well"
    page.reload()
    tab_to(page, "[data-move='1']")
    page.keyboard.press("Enter")
    tab_to(page, "button.main")
    press(page, "Enter")
    return slot, [before[1], before[0], *before[2:]]


def test_candidates_are_found_by_name_and_room_also_where_no_code_names_a_test(
    home: Installation, browser: Browser
) -> None:
    with serving(home) as url:
        page = browser.new_context(locale="en").new_page()
        sign_in(page, url, "exam_office", PASSWORD)
        page.goto(f"{url}/queue?reason=no_codes")
        press(page, "Enter")
        page.select_option("#test", "MA0001-2026H")
        page.keyboard.press("a")
        page.keyboard.type("ødegård")
        few = "#candidates:not(:has(option:nth-child(5))) option[value='10001']"
        page.wait_for_selector(few, state="attached")
        questions = page.locator("#questions option").evaluate_all("e => e.map(o => o.value)")
        assert questions == ["2a", "2b", "3", "4"]
        page.keyboard.press("Control+a")
        page.keyboard.type("s4")
        page.wait_for_selector("#candidates option:nth-child(10)", state="attached")
        page.select_option("#test", "HI1001-2026H")
        page.wait_for_selector("#candidates option", state="detached")


def test_two_people_at_once(home: Installation, browser: Browser) -> None:
    with serving(home) as url:
        first, second = (browser.new_context(locale="en").new_page() for _ in range(2))
        sign_in(first, url, "exam_office", PASSWORD)
        sign_in(second, url, "ola", PASSWORD)
        press(first, "Enter")
        second.goto(first.url)
        second.reload()
        assert "exam_office has this sheet open" in second.inner_text(".facts")
        press(first, "d", "2")
        press(second, "d", "3")
        told = second.inner_text("[role=alert]")
        assert "discarded meanwhile" in told and "exam_office" in told


def test_what_is_written_on_paper_and_in_names_is_harmless(home: Installation, browser: Browser) -> None:
    evil = home.data_dir / "<img src=x onerror=alert(1)>.jpg"
    evil.write_bytes(b"\xff\xd8 no picture")
    home.run("ingest", str(evil), ok=(0, 1))
    with serving(home) as url:
        page = browser.new_context(locale="en").new_page()
        page.on("dialog", lambda dialog: pytest.fail("a script ran"))
        sign_in(page, url, "exam_office", PASSWORD)
        page.goto(f"{url}/queue?text=<script>alert(2)</script>")
        assert page.locator("main script, main img").count() == 0
        page.goto(f"{url}/queue?text=onerror")
        assert "<img src=x" in page.inner_text(".rows")
        press(page, "Enter")
        assert "<img src=x" in page.inner_text(".facts")
        page.goto(f"{url}/history?text=onerror")
        assert "<img src=x" in page.inner_text("table")
