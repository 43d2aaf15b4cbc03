"""How long a person at the queue waits: from a key to the next sheet on the screen. `python -m tools.measure_queue --held 1000`.

Makes an installation with so many held sheets (150 dpi, written on, no code), serves it here, and presses keys in Chromium.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from scanpipe.desk.people import add_user
from scanpipe.stages.render import encode_jpeg
from scanpipe.wiring import open_parts
from tests.browser import chromium, press, sign_in
from tests.installation import install
from tests.serving import serving
from tools.scanner import pens

_WATCH = """
addEventListener("keydown", () => { window.pressedAt = performance.now(); }, true);
new MutationObserver(() => requestAnimationFrame(() => { window.shownAt = performance.now(); }))
  .observe(document, { subtree: true, attributes: true, attributeFilter: ["data-shown"] });
"""
"""Notes in the page when a key was pressed and when the drawing was there: what the tool itself takes is not in it."""
_KEYS = {"next": ("j",), "discard": ("d", "2"), "undo": ("u",)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held", type=int, default=1000)
    parser.add_argument("--presses", type=int, default=40)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        home, scans, password = install(Path(room) / "data", sheets=1), Path(room) / "scans", secrets.token_urlsafe(12)
        draw_held(scans, told.held)
        home.run("ingest", str(scans), ok=range(20))
        with open_parts(home.settings) as parts:
            add_user(parts, "kari", "exam_office", password, "measuring")
        with serving(home) as url, chromium() as browser:
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.add_init_script(_WATCH)
            sign_in(page, url, "kari", password)
            press(page, "Enter")
            for what, keys in _KEYS.items():
                took_ms = []
                for _ in range(told.presses if what != "undo" else told.presses // 2):
                    time.sleep(0.3)  # a person looks at the sheet meanwhile, and the next one is fetched
                    press(page, *keys)
                    page.wait_for_selector("main[data-shown]")
                    took_ms.append(page.evaluate("shownAt - pressedAt"))
                took_ms.sort()
                median_ms, at_95_ms = statistics.median(took_ms), took_ms[int(len(took_ms) * 0.95)]
                print(
                    f"{what}: median {median_ms:.0f} ms, 95 of 100 within {at_95_ms:.0f} ms, longest {took_ms[-1]:.0f} ms"
                )


def draw_held(folder: Path, held: int) -> None:
    """So many scans that are written on and have no code."""
    folder.mkdir()
    rng = np.random.default_rng(20261124)
    for n in range(held):
        picture = np.full((1754, 1240), 250, np.uint8)
        pens.draw_answer(picture, 150, rng)
        (folder / f"{n:05d}.jpg").write_bytes(encode_jpeg((picture,), 150, 80))


if __name__ == "__main__":
    main()
