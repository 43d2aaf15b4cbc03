"""A shaded sheet from the hot folder to the queue in a real browser: filed, or held with the digits and the likely codes."""

from __future__ import annotations

from pathlib import Path

from scanpipe.desk.people import add_user
from scanpipe.wiring import open_parts
from tests.browser import chromium, press, sign_in
from tests.installation import install
from tests.serving import serving
from tests.shaded_sheets import TEST, pile
from tests.watcher import watching
from tests.web.conftest import PASSWORD

SLOT = ("10003", "2a")


def test_from_the_hot_folder_to_a_persons_decision(tmp_path: Path) -> None:
    home = install(tmp_path / "data", sheets=1)
    generic = pile(home, 2)
    with watching(home) as watcher:
        for name, body in {
            "clear.jpg": generic.scan(0, SLOT, "01"),
            "unclear.jpg": generic.scan(1, SLOT, "02", (4,)),
        }.items():
            (tmp_path / name).write_bytes(body)
            (tmp_path / name).rename(home.data_dir / "inbox" / name)
        answers = watcher.wait_for("clear.jpg", "unclear.jpg", timeout_s=120)
    assert answers["clear.jpg"]["verdict"] == "filed" and answers["clear.jpg"]["candidate"] == SLOT[0]
    assert answers["unclear.jpg"]["reason"] == "shaded_code_unclear"
    with open_parts(home.settings) as parts:
        add_user(parts, "kari", "exam_office", PASSWORD, "test")
    with serving(home) as url, chromium() as browser:
        page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
        sign_in(page, url, "kari", PASSWORD)
        press(page, "Enter")
        assert "does not name one candidate" in page.inner_text("h1")
        code = generic.codes[SLOT]
        assert page.inner_text(".shaded code") == f"{code[:4]}_{code[5:]}"
        shown = page.locator(".shaded svg").bounding_box()
        assert shown is not None and shown["width"] > 150 and shown["height"] > 150
        first = page.locator(".suggestion").first
        assert first.locator("b").inner_text() == " · ".join(SLOT) and code in first.inner_text()
        press(page, "1")
        page.context.close()
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        assert [p.serial for p in r.slot_pages(TEST, *SLOT)] == ["00000002", "00000003"]
    assert "Nothing is missing" in home.run("verify")
