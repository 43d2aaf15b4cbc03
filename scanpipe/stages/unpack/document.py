"""The bytes of a file in, its pages out, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from mmap import mmap
from typing import Any

from scanpipe.saying import say
from scanpipe.stages.unpack.heic import open_heic
from scanpipe.stages.unpack.jpeg import open_jpeg
from scanpipe.stages.unpack.page import Page
from scanpipe.stages.unpack.pdf import open_pdf
from scanpipe.stages.unpack.png import open_png
from scanpipe.stages.unpack.problem import Limits, Problem, too_large
from scanpipe.stages.unpack.sniff import HEAD_BYTES, refuse, sniff
from scanpipe.stages.unpack.tiff import open_tiff


def _nothing() -> None:
    """What there is to close of a file that is bytes only."""


@dataclass(frozen=True, slots=True)
class Document:
    """An opened file. Use it in `with`, or call `close`; its pages outlive it. One thread at a time: PDFium knows no more."""

    pages: int
    load: Callable[[int], Page | Problem]
    close: Callable[[], None] = _nothing

    def page(self, index: int) -> Page | Problem:
        """Page `index` (from 1), or what is wrong with it; the other pages are not touched. Raises IndexError."""
        if not 1 <= index <= self.pages:
            raise IndexError(f"page {index} of {self.pages}")
        return self.load(index)

    def __enter__(self) -> Document:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def open_document(data: bytes | mmap, limits: Limits) -> Document | Problem:
    """The document, or what is wrong with all of it: unsupported, encrypted, damaged, too large, too many pages.

    A PDF may be a mapped file, which spares its size in memory; all else is bytes.
    """
    if len(data) > limits.max_bytes:
        size, most = f"{len(data) / 1e6:.1f}", f"{limits.max_bytes / 1e6:.1f}"
        return too_large(say("the file has %(size)s MB; %(most)s are allowed", size=size, most=most))
    head = data[:HEAD_BYTES]
    kind = sniff(head)
    if kind == "pdf":
        parts = open_pdf(data, limits)
        return parts if isinstance(parts, Problem) else Document(*parts)
    data = bytes(data)
    match kind:
        case "jpeg":
            return _single(open_jpeg(data, limits))
        case "png":
            return _single(open_png(data, limits))
        case "heic":
            return _single(open_heic(data, limits))
        case "tiff":
            pages = open_tiff(data, limits)
            return pages if isinstance(pages, Problem) else Document(*pages)
    return refuse(head)


def count_pages(data: bytes, limits: Limits) -> int | Problem:
    """How many pages the file has, or what is wrong with all of it."""
    document = open_document(data, limits)
    if isinstance(document, Problem):
        return document
    with document:
        return document.pages


def load_page(data: bytes | mmap, index: int, limits: Limits) -> Page | Problem:
    """Page `index` (from 1) of the file, or what is wrong with it. Raises IndexError where there is no such page."""
    document = open_document(data, limits)
    if isinstance(document, Problem):
        return document
    with document:
        return document.page(index)


def _single(page: Page | Problem) -> Document | Problem:
    return page if isinstance(page, Problem) else Document(1, lambda _: page)
