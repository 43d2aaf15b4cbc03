"""Pages of originals, opened in this process for a person who looks at one, turns it or cuts it."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

from scanpipe.desk.intake import fetch
from scanpipe.desk.parts import Parts
from scanpipe.desk.phones import is_rectified
from scanpipe.model import PageRecord
from scanpipe.stages.unpack import Page, Problem, load_page

_ONE_AT_A_TIME = threading.Lock()
"""PDFium knows one thread only."""


def page_to_work_on(parts: Parts, key: str, record: PageRecord) -> tuple[Page | Problem, int]:
    """The original's page under this key, and how far it stands turned; of a page that was taken out of a picture, that page.

    Raises StoreFault.
    """
    if not is_rectified(record) or record.key is None:
        return original_page(parts, key, record.page), record.turn_deg or 0
    return load_page(parts.store.read(record.key), 1, parts.errand.limits), 0


def original_page(parts: Parts, key: str, index: int) -> Page | Problem:
    """A page of the original under this key, or why there is none. Raises StoreFault."""
    with tempfile.TemporaryDirectory(dir=parts.folders.own_work) as work:
        body = fetch(parts, key, Path(work)).read_bytes()
    with _ONE_AT_A_TIME:
        return load_page(body, index, parts.errand.limits)
