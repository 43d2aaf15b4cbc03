"""Pages of originals, opened in this process for a person who looks at one, turns it or cuts it, and for documents."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import OrderedDict
from mmap import ACCESS_COPY, mmap
from pathlib import Path

from scanpipe.desk.intake import fetch
from scanpipe.desk.parts import Parts
from scanpipe.desk.phones import is_rectified
from scanpipe.model import PageRecord
from scanpipe.stages.unpack import Page, Problem, load_page

_ONE_AT_A_TIME = threading.Lock()
"""PDFium knows one thread only."""
_COPYING = threading.Lock()
_MOST_KEPT_BYTES = 1_000_000_000
_kept: OrderedDict[Path, Path] = OrderedDict()
"""Copies of long files, the latest used last: the pages of one are asked for one document after the other."""


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


def page_of_many(parts: Parts, key: str, index: int) -> Page | Problem:
    """The same of an original from which many pages will be asked for: it is fetched once, and mapped. Raises StoreFault."""
    body = _mapped(parts, key)
    with _ONE_AT_A_TIME:
        return load_page(body, index, parts.errand.limits)


def _mapped(parts: Parts, key: str) -> mmap:
    name = parts.folders.own_work / key
    with _COPYING:
        copy = _kept.get(name)
        if copy is None or not copy.exists():
            copy = _copied(parts, key)
        _kept[name] = copy
        _kept.move_to_end(name)
        _let_go()
        with open(copy, "rb") as f:
            return mmap(f.fileno(), 0, access=ACCESS_COPY)


def _copied(parts: Parts, key: str) -> Path:
    """In a folder of its own, of which nothing stays when the store fails in the middle."""
    folder = Path(tempfile.mkdtemp(dir=parts.folders.own_work))
    try:
        return fetch(parts, key, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _let_go() -> None:
    """Those that were not used for longest go; who has one mapped keeps it. The latest stays, whatever its size."""
    sizes = {name: copy.stat().st_size if copy.exists() else 0 for name, copy in _kept.items()}
    for name in list(_kept)[:-1]:
        if sum(sizes.values()) <= _MOST_KEPT_BYTES:
            return
        shutil.rmtree(_kept.pop(name).parent, ignore_errors=True)
        del sizes[name]
