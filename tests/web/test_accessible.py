"""axe finds nothing on any page, of any role, wide and narrow, light and dark; and none is wider than its window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from scanpipe import web
from scanpipe.desk import packs
from scanpipe.desk.parts import Parts
from scanpipe.wiring import open_parts
from tests.browser import chromium, press, sign_in
from tests.installation import MATHEMATICS, Installation
from tests.serving import serving
from tests.web.conftest import PASSWORD

TEST = "MA0001-2026H"
PATHS = ("/overview", "/receipts", "/history", "/packs", "/copies", "/stacks", "/import", "/tests", f"/tests/{TEST}")
PATHS += (f"/tests/{TEST}/completeness", f"/tests/{TEST}/completeness?room=S4")
PATHS += ("/notices", "/password", "/bind", f"/tests/{TEST}/slots/10001/2a", "/no/such")
ALL = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
BY_LOOK = {"runOnly": {"type": "rule", "values": ["color-contrast", "target-size", "scrollable-region-focusable"]}}
"""What another width and other colours can break."""
LOOKS = ((1440, "light"), (360, "dark")), ((1440, "dark"), (360, "light"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


class Visit:
    """A person in the browser, whose every page is looked at wide and narrow; in turns either is dark."""

    def __init__(self, browser: Browser, url: str, language: str) -> None:
        self.url, self.language, self._looks = url, language, 0
        self.page = browser.new_context(locale=language, bypass_csp=True).new_page()

    def enter(self, role: str) -> None:
        sign_in(self.page, self.url, role, PASSWORD)

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)
        self.look()

    def follow(self, selector: str) -> None:
        there = self.page.url
        self.page.locator(selector).first.click()
        self.page.wait_for_url(lambda url: url != there)
        self.page.wait_for_selector("main[data-arrived]", state="attached")
        self.look()

    def look(self) -> None:
        """The page is accessible, in its language, and fits."""
        assert self.page.locator("html").get_attribute("lang") == self.language
        for options, (width, scheme) in zip((ALL, BY_LOOK), LOOKS[self._looks % 2], strict=True):
            self.page.set_viewport_size({"width": width, "height": 800})
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            broken = _violations(self.page, options)
            assert broken == [], f"{self.page.url}, {width} pixels, {scheme}"
            assert _fits(self.page), f"{self.page.url} is wider than {width} pixels"
        self._looks += 1


def _violations(page: Page, options: dict[str, Any]) -> list[tuple[str, list[str]]]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("options => axe.run(document, options)", {**options, "resultTypes": ["violations"]})
    return [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found["violations"]]


def _fits(page: Page) -> bool:
    sizes = page.locator("html").evaluate("e => [e.scrollWidth, e.clientWidth]")
    return bool(sizes[0] <= sizes[1])


def test_the_pages_of_the_exam_office(home: Installation, browser: Browser) -> None:
    with open_parts(home.settings) as parts:
        stack, run = _something_to_see(parts)
    with serving(home) as url:
        for language, paths in (("en", PATHS[::2]), ("nb", PATHS[1::2])):
            office = Visit(browser, url, language)
            office.go("/sign-in")
            office.enter("exam_office")
            office.look()
            for path in paths:
                office.go(path)
        for path in (f"/receipts/one?stack={stack}", f"/stacks/withdraw?stack={stack}", f"/runs/{run}", "/queue"):
            office.go(path)
        press(office.page, "Enter")
        for _ in range(4):
            office.look()
            press(office.page, "j")
        office.go("/queue?reason=sheet_seen_before")
        press(office.page, "Enter")
        office.page.keyboard.press("z")
        office.look()
        office.page.click("[data-act=help]")
        office.look()
        office.page.keyboard.press("Escape")
        office.page.keyboard.press("a")
        press(office.page, "Enter")
        assert office.page.locator("[name=confirmed]").count() == 1
        office.look()


def _something_to_see(parts: Parts) -> tuple[str, str]:
    """A copy and a pack that wait; answers a stack, and where a run begins."""
    with parts.ledger.read() as r:
        page, first = r.copies().uncompared(1)[0]
        stack = r.figures().receipts(1)[0].stack
        run = next(p for p in r.pages_in("held") if p.reason == "missing_candidate_code")
    about = {"sha256": page.sha256, "other": first.sha256, "same": 1}
    parts.ledger.write(lambda tx: tx.append("pictures_compared", scan=page.scan, page=page.page, **about))
    packs.ask(parts, packs.Exchange(TEST, "10001", "10002"), "ola")
    return stack, f"{run.scan}/{run.page}"


def test_the_pages_of_the_other_roles(home: Installation, browser: Browser, tmp_path: Path) -> None:
    broken, sketch = tmp_path / "broken.yaml", tmp_path / "sketch.jpg"
    broken.write_text(MATHEMATICS.read_text(encoding="utf-8").replace("questions:", "question:"), encoding="utf-8")
    sketch.write_bytes(b"\xff\xd8 cut off")
    with serving(home) as url:
        for role, steps in {
            "user_administrator": ("/people",),
            "grader": ("/grading", "main .groups a", "main td a"),
            "invigilator": ("/rooms", "main .groups a"),
        }.items():
            visit = Visit(browser, url, "nb")
            visit.enter(role)
            visit.go(steps[0])
            for selector in steps[1:]:
                visit.follow(selector)
        planner = Visit(browser, url, "en")
        planner.enter("planner")
        for files in (str(broken), str(MATHEMATICS)):
            planner.page.goto(f"{url}/tests")
            planner.page.set_input_files("[type=file]", files)
            planner.follow("form[action='/drafts'] button")
        planner.page.goto(f"{url}/import")
        planner.follow("form[action='/import'] button")
        planner.page.set_input_files("[type=file]", str(sketch))
        planner.page.wait_for_selector(".files .said:has-text('has come in')")
        planner.look()
        planner.page.click("form[action$=hand-in] button")
        planner.page.wait_for_selector("table code")
        planner.look()


def test_a_mark_within_a_line_covers_no_other_line(browser: Browser) -> None:
    css = (Path(web.__file__).parent / "static/scanpipe.css").read_text(encoding="utf-8")
    page = browser.new_page()
    page.set_content(f"<style>{css}</style><table><td><b>2 filed</b><br><span class='bad'>2 of 1 sheets</span></table>")
    above, mark = page.locator("b").bounding_box(), page.locator("span").bounding_box()
    page.close()
    assert above is not None and mark is not None and above["y"] + above["height"] <= mark["y"] + 1
