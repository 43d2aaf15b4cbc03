"""A real Chromium, Debian's, without a window."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

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
    there = f'main[data-arrived]:not([data-arrived="{before}"])'
    for patience_ms in (15_000, 30_000):  # a key that says "not yet" is pressed again, as a person would
        for key in keys:
            page.keyboard.press(key)
        with suppress(TimeoutError):
            page.wait_for_selector(there, timeout=patience_ms)
            return
    page.wait_for_selector(there, timeout=1_000)
