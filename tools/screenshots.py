"""Pictures of the pages for people: wide, narrow, dark, Norwegian. `python -m tools.screenshots FOLDER`.

Makes an installation of its own with every fixture scanned, serves it on 127.0.0.1, and looks at it in Chromium.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from scanpipe.desk.people import add_user
from scanpipe.wiring import open_parts
from tests.browser import chromium, press, sign_in
from tests.installation import ROOT, Installation
from tests.serving import serving
from tools import fixture_home

_LOOKS = {
    "wide": {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "locale": "nb-NO", "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 360, "height": 740}, "locale": "nb-NO"},
}
_PICTURES_CAME = """() => Promise.all([...document.querySelectorAll("img.drawing, .neighbours img")]
  .filter(i => i.checkVisibility()).map(i => i.decode().catch(() => null)))"""
_SHEETS = {
    "no-codes": "no_codes",
    "no-candidate": "missing_candidate_code",
    "no-question": "missing_question_code",
    "disagree": "codes_disagree",
    "damaged": "unreadable_file",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as room:
        home, password = _installation(Path(room) / "data"), secrets.token_urlsafe(12)
        with open_parts(home.settings) as parts:
            add_user(parts, "kari", "exam_office", password, "screenshots")
        with serving(home) as url, chromium() as browser:
            for look in _LOOKS:
                _take(browser, url, password, look, folder)


def _installation(data_dir: Path) -> Installation:
    home = Installation(data_dir, data_dir / "none.pdf", ())
    fixture_home.prepare(home.settings)
    scans = sorted(p.relative_to(ROOT) for p in fixture_home.SCANS.iterdir() if p.suffix != ".json")
    home.run("ingest", str(scans[0]))
    home.run("ingest", *map(str, scans[1:]), ok=range(20))
    return home


def _take(browser: Browser, url: str, password: str, look: str, folder: Path) -> None:
    page: Page = browser.new_context(**_LOOKS[look]).new_page()  # type: ignore[arg-type]
    sign_in(page, url, "kari", password)
    _shot(page, folder / f"queue-{look}.png")
    for name, reason in _SHEETS.items():
        page.goto(f"{url}/queue?reason={reason}")
        press(page, "Enter")
        _shot(page, folder / f"{name}-{look}.png")
    for path in ("overview", "receipts", "history", "stacks"):
        page.goto(f"{url}/{path}")
        _shot(page, folder / f"{path}-{look}.png")
    page.goto(f"{url}/queue?reason=sheet_seen_before")
    press(page, "Enter")
    _shot(page, folder / f"two-scans-{look}.png")
    page.keyboard.press("z")
    _shot(page, folder / f"swipe-{look}.png")
    page.click("[data-act=help]")
    _shot(page, folder / f"keys-{look}.png")
    page.goto(f"{url}/stacks")
    page.locator("a[href*=withdraw]").first.click()
    page.wait_for_selector("dl.big")
    _shot(page, folder / f"withdraw-{look}.png")


def _shot(page: Page, path: Path) -> None:
    page.wait_for_load_state("networkidle" if page.locator("#news").count() == 0 else "load")
    if page.locator("img.drawing, [data-look] img").count():
        page.wait_for_selector("main[data-shown]")
    page.evaluate(_PICTURES_CAME)
    page.screenshot(path=path)
    print(path)


if __name__ == "__main__":
    main()
