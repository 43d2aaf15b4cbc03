"""A candidate with a phone in a real browser: from the link to the receipt, with a connection that drops, by keys alone."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from scanpipe.wiring import open_parts
from tests.browser import chromium
from tests.home_exams import TEST, Home, bodies, picture
from tests.installation import Installation, install
from tests.serving import serving
from tests.web.test_accessible import ALL, BY_LOOK, LOOKS, _fits, _violations

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def place(tmp_path: Path) -> Installation:
    return install(tmp_path / "data", sheets=1)


@pytest.fixture
def secret(place: Installation) -> str:
    with open_parts(place.settings) as parts:
        return Home(place, parts).secret(most_pages=5)


def phone(browser: Browser, language: str = "nb", **more: object) -> Page:
    context = browser.new_context(locale=language, viewport={"width": 360, "height": 740}, **more)  # type: ignore[arg-type]
    return context.new_page()


def pictures(folder: Path, *numbers: int) -> list[str]:
    paths = []
    for n in numbers:
        path = folder / f"side {n}.jpg"
        path.write_bytes(picture(n))
        paths.append(str(path))
    return paths


def enter(page: Page, url: str, secret: str) -> str:
    """Opens the link; answers the address of its pages."""
    page.goto(f"{url}/hand-in#{secret}")
    page.wait_for_url(re.compile(r"/hand-in/[0-9a-f]{24}$"))
    page.wait_for_selector("#pages")
    return page.url


def names(page: Page) -> list[str]:
    return [text.split(" · ")[0] for text in page.locator(".pages li .file").all_inner_texts()]


def test_from_the_link_to_the_receipt_with_a_connection_that_drops(
    place: Installation, secret: str, browser: Browser, tmp_path: Path
) -> None:
    large = tmp_path / "stor side.jpg"
    large.write_bytes(picture(1, (1800, 1300)) + os.urandom(5 * 2**20))
    with serving(place, command="up") as url:
        page = phone(browser)
        addresses: list[str] = []
        page.on("request", lambda request: addresses.append(f"{request.url} {request.headers.get('referer', '')}"))
        at = enter(page, url, secret)
        assert page.locator("html").get_attribute("lang") == "nb" and _fits(page)
        sent = 0

        def passes(route: Route) -> None:
            nonlocal sent
            if route.request.method != "POST":
                route.continue_()
                return
            sent += 1
            route.abort() if sent in (2, 3) else route.continue_()

        page.route("**/files/1/0", passes)
        page.set_input_files("input[multiple]", [str(large), *pictures(tmp_path, 2)])
        page.wait_for_selector("text=Forbindelsen er borte")
        page.wait_for_selector(".pages li:nth-child(2) img", timeout=60_000)
        assert sent >= 5 and names(page) == ["1. stor side.jpg", "2. side 2.jpg"]
        page.set_input_files("input[capture]", pictures(tmp_path, 3))
        page.wait_for_selector(".pages li:nth-child(3) img", timeout=60_000)
        page.locator("[aria-label='Flytt side 3 opp']").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".pages li .file").nth(1)).to_contain_text("side 3.jpg")
        assert page.evaluate("document.activeElement.id") == "up-2", "the button stays under the finger"
        page.locator("[aria-label='Ta ut side 1']").press("Enter")
        expect(page.locator(".pages li")).to_have_count(2)
        page.click("button:text('Lever')")
        page.wait_for_url("**/receipt")
        wanted = [hashlib.sha256(picture(n)).hexdigest() for n in (3, 2)]
        shown = page.locator("code").all_inner_texts()
        assert shown == wanted
        page.wait_for_selector("li:nth-child(2):has-text('ligger ved svaret ditt')", timeout=60_000)
        page.go_back()
        page.goto(at)
        page.wait_for_selector(".pages li:nth-child(2) img")
        assert names(page) == ["1. side 3.jpg", "2. side 2.jpg"], "the next version begins with this one"
        assert not [a for a in addresses if secret in a], "the secret is in no address that is asked for"
    with open_parts(place.settings) as parts:
        assert [p.scan for p in Home(place, parts).slot()] == wanted
    assert "Nothing is missing" in place.run("verify")


def test_two_windows_show_one_draft_and_a_file_goes_on_where_it_ended(
    place: Installation, secret: str, browser: Browser, tmp_path: Path
) -> None:
    """The window is closed amid a file; in another one it stands there as not whole, and the same file goes on."""
    large = tmp_path / "stor side.jpg"
    large.write_bytes(picture(1) + os.urandom(5 * 2**20))
    with serving(place, command="up") as url:
        first = phone(browser)
        at = enter(first, url, secret)
        second = first.context.new_page()
        first.route("**/files/1/0", lambda r: r.continue_() if r.request.headers.get("upload-offset") == "0" else None)
        first.set_input_files("input[multiple]", str(large))
        expect(first.locator("progress").first).to_have_js_property("value", 2 * 2**20, timeout=30_000)
        first.close()
        second.goto(at)
        second.wait_for_selector("text=ikke hel ennå")
        second.click("button:text('Lever')")
        second.wait_for_selector("[role=alert]:has-text('stor side.jpg')")
        offsets: list[str] = []
        second.on("request", lambda r: offsets.append(r.headers.get("upload-offset", "")))
        second.set_input_files("input[multiple]", str(large))
        second.wait_for_selector(".pages li img, .pages li .waits", timeout=60_000)
        expect(second.locator(".pages .warn")).to_have_count(0, timeout=30_000)
        assert "0" not in offsets and {"2097152", "4194304"} & set(offsets)
        third = second.context.new_page()
        third.goto(at)
        second.click("button:text('Lever')")
        second.wait_for_url("**/receipt")
        third.click("button:text('Lever')")
        third.wait_for_url("**/receipt")
        assert third.locator("h3").count() == 1, "sent from two windows, it is handed in once"
    kept = list((place.data_dir / "objects/originals").rglob("*.*"))
    waiting = bodies(place.settings.inbox_path)
    assert [p.read_bytes() for p in kept] + waiting == [large.read_bytes()]


def test_every_step_is_accessible_in_both_languages_wide_and_narrow_light_and_dark(
    place: Installation, secret: str, browser: Browser, tmp_path: Path
) -> None:
    dark = cv2.imdecode(np.frombuffer(picture(2), np.uint8), 1) // 8
    cv2.imwrite(str(tmp_path / "mørk.jpg"), dark)
    with serving(place, command="up") as url:
        for language in ("nb", "en"):
            page = phone(browser, language, bypass_csp=True)
            looks = 0

            def look() -> None:
                nonlocal looks
                assert page.locator("html").get_attribute("lang") == language  # noqa: B023
                for options, (width, scheme) in zip((ALL, BY_LOOK), LOOKS[looks % 2], strict=True):
                    page.set_viewport_size({"width": width, "height": 800})  # noqa: B023
                    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # noqa: B023
                    assert _violations(page, options) == [], f"{page.url}, {width}, {scheme}"  # noqa: B023
                    assert _fits(page), f"{page.url} is wider than {width}"  # noqa: B023
                looks += 1

            page.goto(f"{url}/hand-in")
            look()
            page.fill("[name=code]", "spl_wrong")
            page.click("button.main")
            page.wait_for_selector("[role=alert]")
            look()
            at = enter(page, url, secret)
            look()
            page.set_input_files("input[multiple]", [*pictures(tmp_path, 1), str(tmp_path / "mørk.jpg")])
            page.wait_for_selector(".pages li:nth-child(2) img", timeout=60_000)
            page.wait_for_selector("ol.files li", state="detached")
            look()
            page.goto(f"{at}/receipt")
            look()
            page.goto(at)
            page.click("form[action$='/hand-in/" + at.rpartition("/")[2] + "'] button.main")
            page.wait_for_url("**/receipt")
            look()


def test_links_are_made_listed_and_ended_at_the_command_line(place: Installation, tmp_path: Path) -> None:
    out = tmp_path / "links.csv"
    refused = place.call("links", "make", TEST, "--closes", "tomorrow", "--base-url", "https://x", "--out", str(out))
    assert refused.returncode == 2 and not out.exists()
    past = place.call(
        "links", "make", TEST, "--closes", "2020-12-01 14:00", "--base-url", "https://x", "--out", str(out)
    )
    assert past.returncode == 2 and "has passed" in past.stderr and not out.exists()
    assert place.call("links", "make", TEST, "--closes", "2030-12-01 14:00", "--out", str(out)).returncode == 2
    told = ("--closes", "2030-12-01 14:00", "--base-url", "https://scan.example/", "--candidate", "10001")
    said = place.run("links", "make", TEST, *told, "--grace", "5", "--out", str(out))
    rows = [line.split(",") for line in out.read_text(encoding="utf-8").splitlines()]
    assert said.startswith(f"{len(rows) - 1} links made") and out.stat().st_mode & 0o777 == 0o600
    assert all(row[-1].startswith("https://scan.example/hand-in#spl_") for row in rows[1:])
    listed = place.lines("links", "list", TEST)
    assert {(one["candidate"], one["grace_minutes"]) for one in listed} == {("10001", 5)}
    assert "spl_" not in place.run("links", "list", TEST)
    place.run("links", "end", listed[0]["link"], "--why", "lost")
    assert place.lines("links", "list", TEST)[0]["ended"] is not None
    assert place.call("links", "end", "0" * 24, "--why", "x").returncode == 5


def test_two_phones_on_one_link(place: Installation, secret: str, browser: Browser, tmp_path: Path) -> None:
    """What a phone shows is what it hands in and leaves out, whatever the other one did meanwhile."""
    with serving(place, command="up") as url:
        one, other = phone(browser), phone(browser)
        at = enter(one, url, secret)
        one.set_input_files("input[multiple]", pictures(tmp_path, 1, 2))
        expect(one.locator(".pages img")).to_have_count(2, timeout=60_000)
        enter(other, url, secret)
        expect(other.locator(".pages li")).to_have_count(2)
        other.locator("[aria-label='Ta ut side 1']").click()
        expect(other.locator(".pages li")).to_have_count(1)
        one.click("button:text('Lever')")
        one.wait_for_selector("[role=alert]:has-text('Sidene ble endret i mellomtiden')")
        assert names(one) == ["1. side 2.jpg"], "it shows what there is"
        other.click("button:text('Lever')")
        other.wait_for_url("**/receipt")
        one.locator("[aria-label='Ta ut side 1']").click()
        one.wait_for_selector("[role=alert]:has-text('levert i mellomtiden')")
        assert names(one) == ["1. side 2.jpg"] and one.url == at and _fits(one)
        one.set_input_files("input[multiple]", pictures(tmp_path, 3))
        expect(one.locator(".pages img")).to_have_count(2, timeout=60_000)
        one.click("button:text('Lever')")
        one.wait_for_url("**/receipt")
        assert "Versjon 2" in one.locator("h3").first.inner_text()
        wanted = [hashlib.sha256(picture(n)).hexdigest() for n in (2, 3)]
        assert one.locator("code").all_inner_texts()[:2] == wanted
