"""Keys in a real browser: what a held-down key may do, what waits for the drawing, where the focus is, two scans compared."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from scanpipe.desk.deciding import discard
from scanpipe.ledgers import Transaction
from scanpipe.model import PageId
from scanpipe.wiring import open_parts
from tests.browser import chromium, press, sign_in
from tests.installation import Installation
from tests.serving import serving
from tests.web.conftest import PASSWORD


@pytest.fixture(scope="module")
def shared(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A copy of the filled installation for all tests of this file: none of them needs a certain sheet to be held."""
    data_dir = tmp_path_factory.mktemp("keys") / "data"
    shutil.copytree(filled, data_dir)
    return Installation(data_dir, data_dir / "none.pdf", ())


@pytest.fixture(scope="module")
def url(shared: Installation) -> Iterator[str]:
    with serving(shared) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(url: str, browser: Browser) -> Iterator[Page]:
    """The list, signed in."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    page = context.new_page()
    sign_in(page, url, "exam_office", PASSWORD)
    yield page
    context.close()


def left(page: Page) -> int:
    return int(page.inner_text(".left").split()[0])


def test_a_key_that_is_held_down_decides_once(page: Page) -> None:
    press(page, "Enter")
    page.wait_for_selector("main[data-shown]")
    before, first = left(page), page.url
    for _ in range(4):
        page.keyboard.down("s")
        page.wait_for_timeout(120)
    page.keyboard.up("s")
    page.wait_for_url(lambda there: there != first)
    assert left(page) == before - 1
    place = page.locator(".paper").first
    still = place.evaluate("e => e.style.transform")
    page.keyboard.down("+")
    once = place.evaluate("e => e.style.transform")
    page.keyboard.down("+")
    assert len({still, once, place.evaluate("e => e.style.transform")}) == 3, "looking closer goes on and on"
    page.keyboard.up("+")


def test_what_decides_waits_for_the_drawing(page: Page) -> None:
    withheld: list[Route] = []
    page.route("**/{medium,large}-*.jpg", lambda route: withheld.append(route))
    page.keyboard.press("Enter")
    page.wait_for_selector(".viewer .drawing", state="attached")
    before, there = left(page), page.url
    page.keyboard.press("s")
    page.wait_for_timeout(200)
    assert (page.url, left(page)) == (there, before) and "Not yet" in page.inner_text("#told")
    for route in withheld:
        route.continue_()
    page.unroute("**/{medium,large}-*.jpg")
    press(page, "s")
    assert left(page) == before - 1 and page.url != there


def test_the_focus_is_at_the_content_after_every_step(page: Page) -> None:
    press(page, "Enter")
    press(page, "j")
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "none"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_single_keys_can_be_turned_off(page: Page) -> None:
    press(page, "Enter")
    page.keyboard.press("?")
    page.uncheck("#single-keys")
    page.keyboard.press("Escape")
    there = page.url
    page.keyboard.press("j")
    page.keyboard.press("?")
    page.wait_for_timeout(150)
    assert page.url == there and page.locator("dialog[open]").count() == 0
    page.reload()
    page.wait_for_selector("main[data-shown]")
    page.keyboard.press("j")
    page.wait_for_timeout(150)
    assert page.url == there, "it is kept"
    page.click("[data-act=help]")
    page.check("#single-keys")
    page.keyboard.press("Escape")
    press(page, "j")
    assert page.url != there


def test_the_list_renews_itself_and_moves_nothing(page: Page, shared: Installation, tmp_path: Path) -> None:
    rows = page.locator("#rows > li")
    page.wait_for_selector("#stacks li")
    names = rows.evaluate_all("e => e.map(row => row.dataset.row)")
    before, held = rows.first.bounding_box(), int(page.inner_text("h1").split()[0])
    late = tmp_path / "late.jpg"
    late.write_bytes(b"\xff\xd8 cut off")
    shared.run("ingest", str(late), ok=(0, 1))
    page.wait_for_selector("#rows > .new:last-child")
    assert "late.jpg" in rows.last.inner_text() and rows.first.bounding_box() == before
    assert rows.evaluate_all("e => e.map(row => row.dataset.row)")[:-1] == names
    assert int(page.inner_text("h1").split()[0]) == held + 1
    group = page.locator("#groups li", has_text="The file is damaged").locator(".n")
    assert int(group.inner_text()) == page.locator("#rows li:not(.gone)", has_text="The file is damaged").count()
    with open_parts(shared.settings) as parts:
        scan, _, number = names[0].rpartition("-")
        discard(parts, PageId(scan, int(number)), "ola", "test print")
    page.wait_for_selector("#rows > .gone:first-child")
    assert "decided meanwhile" in rows.first.inner_text() and rows.first.bounding_box() == before
    page.keyboard.press(".")
    page.wait_for_selector(f"#rows > li:first-child[data-row='{names[1]}']")


def test_links_on_what_renews_itself_lead_to_their_pages(
    page: Page, url: str, shared: Installation, tmp_path: Path
) -> None:
    """Its answers replace a part of the page; those of its links are whole pages."""
    late = tmp_path / "late.jpg"
    late.write_bytes(b"\xff\xd8 no picture that just came")
    shared.run("ingest", str(late), ok=(0, 1))
    page.goto(f"{url}/receipts")
    assert page.get_attribute("#receipts", "hx-trigger") == "every 5s"
    page.click("#receipts a >> nth=0")
    page.wait_for_selector("main h1:has-text('loose files'), main h1:has-text('-')")
    assert page.get_attribute("section.card", "hx-trigger") == "every 2s" and "/receipts/one" in page.url
    with page.expect_response(lambda answer: "/receipts/one" in answer.url):
        pass  # it renews itself all the same
    page.click("#held")
    page.wait_for_selector("#rows")
    assert "/queue?stack=" in page.url and page.locator("main h1").count() == 1


def test_many_that_come_at_once_are_all_there_and_nothing_below_the_groups_moves(
    page: Page, shared: Installation
) -> None:
    page.wait_for_selector("#stacks li")
    places = ("a[href='/packs']", "#stacks li", "a[href='/stacks']", "#rows > li")

    def standing() -> list[object]:
        return [page.locator(place).first.bounding_box() for place in places]

    before, groups = standing(), page.locator("#groups > li").count()
    ids = [f"{n:064x}" for n in range(0xA0, 0xA4)]

    def come(tx: Transaction) -> None:
        for n, scan in enumerate(ids):
            about = {"file": f"come {n}.jpg", "stack": f"a new one {n}", "position": 1, "size": 9, "key": f"o{n}"}
            tx.append("scan_taken_in", scan=scan, holder="h", **about)
            tx.append("scan_unpacked", scan=scan, pages=1)
            reason = "late" if n == 0 else "no_codes"
            tx.append("page_held", scan=scan, page=1, reason=reason, evidence="{}")

    with open_parts(shared.settings) as parts:
        parts.ledger.write(come)
    page.wait_for_selector("#rows > .new:last-child")
    came = page.locator("#rows > .new").evaluate_all("e => e.map(row => row.dataset.row)")
    assert set(came) == {f"{scan}-1" for scan in ids}
    assert page.locator("#groups > .gone").count() == 0 and page.locator("#groups > li").count() == groups
    assert standing() == before
    name = f"{ids[1]}-1"
    with open_parts(shared.settings) as parts:
        parts.ledger.write(lambda tx: tx.sessions().look_at(PageId(ids[1], 1), "ola", "2999-01-01T00:00:00+00:00"))
    page.wait_for_selector(f"[data-row='{name}'] .busy:has-text('ola')")
    assert standing() == before
    told = {"decided_by": "ola", "why": "test print"}
    with open_parts(shared.settings) as parts:
        for scan in ids:
            parts.ledger.write(lambda tx, scan=scan: tx.append("page_discarded", scan=scan, page=1, **told))


def test_the_keys_of_the_viewer_are_among_those_that_are_shown(page: Page) -> None:
    press(page, "Enter")
    page.keyboard.press("?")
    assert "Move the drawing" in page.inner_text("#help dl")


def test_two_scans_of_a_sheet_are_compared(page: Page, url: str, shared: Installation) -> None:
    with open_parts(shared.settings) as parts, parts.ledger.read() as r:
        record = next(p for p in r.pages_in("held") if p.reason == "sheet_seen_before")
    page.goto(f"{url}/sheets/{record.scan}/{record.page}")
    page.wait_for_selector("main[data-shown]")
    first, other = page.locator(".pane").first, page.locator(".pane.other")
    places = [pane.bounding_box() for pane in (first, other)]
    assert places[0] and places[1] and places[0]["x"] + places[0]["width"] <= places[1]["x"] + 1, "beside each other"
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    papers = page.locator(".paper").evaluate_all("e => e.map(p => p.style.transform)")
    assert papers[0] == papers[1] and "scale(1.3)" in papers[0], "moved together"
    said = []
    for _ in range(2):
        page.keyboard.press("w")
        said.append(page.inner_text("#told"))
        assert first.is_visible() != other.is_visible()
        assert "plain" not in (page.get_attribute(".viewer", "class") or "")
    assert sorted(said) == ["the scan that is filed", "this scan"]
    page.keyboard.press("z")
    before = other.evaluate("e => e.style.clipPath")
    page.keyboard.press("ArrowRight")
    assert other.evaluate("e => e.style.clipPath") != before and first.is_visible()
    page.keyboard.press("?")
    keys = page.locator("#help dt").all_inner_texts()
    assert {"t", "z", "w", "f", "n", "e"} <= set(keys)


def test_a_drawing_is_seen_closer_moved_brighter_and_beside_its_original(
    page: Page, url: str, shared: Installation
) -> None:
    with open_parts(shared.settings) as parts, parts.ledger.read() as r:
        record = next(p for p in r.pages_in("held") if p.key and p.reason != "sheet_seen_before")
    page.goto(f"{url}/sheets/{record.scan}/{record.page}")
    page.wait_for_selector("main[data-shown]")
    paper, room = page.locator(".paper").first, page.locator("[data-viewer]")
    seen = [paper.evaluate("e => e.style.transform")]
    box = room.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def moved() -> bool:
        seen.append(paper.evaluate("e => e.style.transform"))
        return seen[-1] != seen[-2]

    page.mouse.move(*middle)
    page.mouse.wheel(0, -120)
    page.wait_for_timeout(50)
    assert moved() and "scale(1.15)" in seen[-1]
    page.mouse.down()
    page.mouse.move(middle[0] + 40, middle[1] + 30)
    page.mouse.up()
    assert moved() and "scale(1.15)" in seen[-1]
    pinch(page, middle)
    assert moved() and float(seen[-1].partition("scale(")[2].rstrip(")")) > 1.5
    page.keyboard.press("0")
    assert moved() and seen[-1].endswith("scale(1)") and abs(left_px(seen[-1]) - left_px(seen[0])) < 1
    drawing = page.locator(".drawing").first
    assert drawing.evaluate("e => e.style.filter") == ""
    page.keyboard.press("b")
    page.keyboard.press("c")
    assert drawing.evaluate("e => e.style.filter") == "brightness(1.3) contrast(1.5)"
    page.keyboard.press("v")
    assert "plain" in (room.get_attribute("class") or "")
    page.keyboard.press("o")
    page.wait_for_function("() => document.querySelector('.beside')?.naturalWidth > 100")
    page.keyboard.press("o")
    assert page.locator(".beside").count() == 0
    neighbours = page.locator(".neighbours img")
    assert neighbours.count() >= 2
    page.wait_for_function("() => [...document.querySelectorAll('.neighbours img')].every((i) => i.naturalWidth > 20)")
    there = page.url
    press(page, "i", "1")
    assert page.url != there


def pinch(page: Page, middle: tuple[float, float]) -> None:
    """Two fingers that move apart."""
    page.evaluate(
        """([x, y]) => {
          const room = document.querySelector("[data-viewer]");
          room.setPointerCapture = () => {};
          const finger = (type, pointerId, at) =>
            room.dispatchEvent(new PointerEvent(type, { pointerId, clientX: at, clientY: y, bubbles: true }));
          finger("pointerdown", 11, x - 20); finger("pointerdown", 12, x + 20);
          finger("pointermove", 12, x + 60);
          finger("pointerup", 11, x - 20); finger("pointerup", 12, x + 60);
        }""",
        list(middle),
    )


def left_px(transform: str) -> float:
    return float(transform.partition("translate(")[2].partition("px")[0])
