"""What runs in a worker process: the edge around `pipeline.examine`. Reads a file, writes a picture, answers small values.

A worker has no credentials and no ledger; it gets the path of a private copy and a folder to write into.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from importlib import import_module
from mmap import ACCESS_COPY, MADV_DONTNEED, mmap

from scanpipe.faults import FolderFault
from scanpipe.model import Reason
from scanpipe.pipeline import examine, examine_picture, see
from scanpipe.readers import open_reader
from scanpipe.saying import say
from scanpipe.shaded_layout import ShadedLayout
from scanpipe.sight import Sight
from scanpipe.stages.calibration import Calibration, Unmeasured, calibrate
from scanpipe.stages.preview import preview
from scanpipe.stages.read import Eyes
from scanpipe.stages.render import Rendition
from scanpipe.stages.unpack import HEAD_BYTES, DecodeError, Document, Limits, Problem, open_document, sniff


@dataclass(frozen=True, slots=True)
class Errand:
    """What a worker is told for every page."""

    limits: Limits
    jpeg_quality: int
    layouts: tuple[ShadedLayout, ...] = ()
    phone: bool = False
    """The file is known to come from a phone; of others, their own header tells."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture made of a page. `path` and `sha256` are None when it is the scan's own bytes as they are."""

    path: str | None
    sha256: str | None
    media_type: str
    extension: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class PageReport:
    """What a worker answers: what it saw and the picture it made, or what is wrong with the page."""

    sight: Sight | None
    picture: Picture | None
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody who hands a file in is shown of it: how many pages it has, whether the first one could be straightened, and
    advice, by its name (`stages.phone.Advised`). `problem` is why it cannot be opened, `sha256` the digest of the file.
    """

    pages: int
    certain: bool = False
    advice: tuple[str, ...] = ()
    problem: str | None = None
    sha256: str = ""


class _Desk:
    """The document that lies open, so that the pages of a long file do not each open it again."""

    path: str | None = None
    content: bytes | mmap = b""
    document: Document | Problem | None = None
    eyes: Eyes | None = None


def prepare() -> None:
    """Once in each worker: loads the readers."""
    _Desk.eyes = Eyes(open_reader("zxing"), open_reader("zbar"))


def count_pages(path: str, errand: Errand) -> int | Problem:
    """How many pages the file has, or what is wrong with the file."""
    document = _opened(path, errand)
    return document if isinstance(document, Problem) else document.pages


def examine_page(path: str, index: int, out: str, errand: Errand) -> PageReport:
    """Examines page `index` (from 1) of the file and writes its picture into the folder `out`."""
    document = _opened(path, errand)
    page = document if isinstance(document, Problem) else document.page(index)
    if isinstance(page, Problem):
        return PageReport(None, None, page)
    if _Desk.eyes is None:
        prepare()
    assert _Desk.eyes is not None
    try:
        look_at = examine_picture if errand.phone or page.camera else examine
        examined = look_at(page, _Desk.eyes, errand.jpeg_quality, errand.layouts)
    except DecodeError as e:
        return PageReport(None, None, e.problem)
    whole = examined.rendition.own and len(examined.rendition.body) == os.path.getsize(path)
    place = f"{out}/{os.path.basename(path)}-{index}.{examined.rendition.extension}"
    return PageReport(examined.sight, _keep(examined.rendition, None if whole else place), None)


def show_upload(path: str, out: str, size_px: int, errand: Errand) -> Shown:
    """Looks at the first page of a file that somebody is about to hand in; writes a small JPEG of what will be filed to `out`."""
    with open(path, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return replace(_shown(path, out, size_px, errand), sha256=sha256)


def _shown(path: str, out: str, size_px: int, errand: Errand) -> Shown:
    document = _opened(path, errand)
    page = document if isinstance(document, Problem) else document.page(1)
    if isinstance(page, Problem):
        return Shown(0, problem=str(page.reason))
    if _Desk.eyes is None:
        prepare()
    assert _Desk.eyes is not None and isinstance(document, Document)
    try:
        examined = examine_picture(page, _Desk.eyes, errand.jpeg_quality, errand.layouts)
    except DecodeError as e:
        return Shown(0, problem=str(e.problem.reason))
    body, taken = examined.rendition.body, examined.sight.taken
    try:
        with open(out, "wb") as f:
            f.write(preview(body, size_px) or body)
    except OSError as e:
        raise FolderFault(f"a picture cannot be written: {e.strerror}", "Check the free space of data_dir.") from e
    assert taken is not None
    return Shown(document.pages, taken.corners is not None, tuple(what for what, _ in taken.advice))


def read_page(path: str, index: int, symbologies: frozenset[str], errand: Errand) -> Sight | Problem:
    """All that can be read on page `index`, with every effort and without asking whose codes they are."""
    document = _opened(path, errand)
    page = document if isinstance(document, Problem) else document.page(index)
    if isinstance(page, Problem):
        return page
    eyes = Eyes(open_reader("zxing"), open_reader("zbar"), printed=symbologies, others=frozenset())
    try:
        return see(page, eyes, errand.layouts)
    except DecodeError as e:
        return e.problem


def calibrate_page(path: str, index: int, errand: Errand) -> Calibration | Unmeasured | Problem:
    """What page `index` says of the printer and the scanner that it comes from."""
    document = _opened(path, errand)
    page = document if isinstance(document, Problem) else document.page(index)
    if isinstance(page, Problem):
        return page
    matrix = import_module("scanpipe.sheets").matrix  # here: no other errand needs what printing loads
    try:
        return calibrate(page, open_reader("zxing"), open_reader("zbar"), lambda text: len(matrix(text)))
    except DecodeError as e:
        return e.problem


def _keep(rendition: Rendition, path: str | None) -> Picture:
    digest = None
    if path is not None:
        digest = hashlib.sha256(rendition.body).hexdigest()
        try:
            with open(path, "wb") as f:
                f.write(rendition.body)
        except OSError as e:
            raise FolderFault(f"a picture cannot be written: {e.strerror}", "Check the free space of data_dir.") from e
    size_px = rendition.width_px, rendition.height_px
    return Picture(path, digest, rendition.media_type, rendition.extension, *size_px)


def _opened(path: str, errand: Errand) -> Document | Problem:
    if _Desk.path != path or _Desk.document is None:
        if isinstance(_Desk.document, Document):
            _Desk.document.close()
        size_problem = _too_large(path, errand.limits)
        _Desk.content = b"" if size_problem else _content(path)
        _Desk.document = size_problem or open_document(_Desk.content, errand.limits)
        _Desk.path = path
    elif isinstance(_Desk.content, mmap):
        _Desk.content.madvise(MADV_DONTNEED)  # else every worker has all of a long PDF in memory in the end
    return _Desk.document


def _content(path: str) -> bytes | mmap:
    """A PDF, which may be hundreds of pages long, is mapped: a private copy, to which nothing is written. All else is read."""
    with open(path, "rb") as f:
        if sniff(f.read(HEAD_BYTES)) == "pdf":
            return mmap(f.fileno(), 0, access=ACCESS_COPY)
        f.seek(0)
        return f.read()


def _too_large(path: str, limits: Limits) -> Problem | None:
    size = os.path.getsize(path)
    if size <= limits.max_bytes:
        return None
    told, most = f"{size / 1e6:.0f}", f"{limits.max_bytes / 1e6:.0f}"
    return Problem(Reason.TOO_LARGE, say("the file has %(size)s MB; %(most)s are allowed", size=told, most=most))
