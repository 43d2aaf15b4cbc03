"""A real Chromium, Debian's, without a window."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Skips the test, saying so, where there is no Chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("SKIPPED: no Chromium here; apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: Page, url: str, name: str, password: str) -> None:
    """Signs a person in."""
    page.goto(f"{url}/queue")
    page.fill("[name=name]", name)
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_selector("h1")


def press(page: Page, *keys: str) -> None:
    """Presses keys that lead to another page, once what is on this one was shown, and waits until it is there."""
    page.wait_for_selector("main[data-shown]", state="attached")
    before = page.locator("main").get_attribute("data-arrived")
    for key in keys:
        page.keyboard.press(key)
    try:
        page.wait_for_selector(f'main[data-arrived]:not([data-arrived="{before}"])', timeout=60_000)
    except TimeoutError:
        raise AssertionError(f"no other page after {keys}: {page.evaluate(_STANDING)}") from None


_STANDING = """() => JSON.stringify({
  url: location.href, main: {...document.querySelector("main").dataset}, told: document.querySelector("#told")?.textContent,
  focus: document.activeElement.outerHTML.slice(0, 200), dialog: !!document.querySelector("dialog[open]"), begun,
  now: performance.now(),
  requests: performance.getEntriesByType("resource").slice(-6).map((e) => [e.name, e.startTime, e.responseEnd]),
})"""
"""What a page says about itself when nothing came of a key."""
