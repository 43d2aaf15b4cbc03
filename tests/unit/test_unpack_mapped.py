"""A PDF that is mapped instead of read gives the same pages, also after its memory was given back."""

import mmap
from pathlib import Path

import numpy as np
import pytest

from scanpipe.stages.unpack import Page, Problem, open_document
from tests.unit.unpack_files import LIMITS

PDFS = sorted((Path(__file__).parent.parent.parent / "fixtures/scans").glob("*.pdf"))


@pytest.mark.parametrize("path", PDFS, ids=lambda p: p.name)
def test_a_mapped_pdf_has_the_pages_of_one_that_was_read(path: Path) -> None:
    with open(path, "rb") as f:
        content = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY)
    mapped, read = open_document(content, LIMITS), open_document(path.read_bytes(), LIMITS)
    if isinstance(read, Problem):
        assert mapped == read
        return
    assert not isinstance(mapped, Problem) and mapped.pages == read.pages
    for index in [*range(1, read.pages + 1), 1]:
        ours, theirs = mapped.page(index), read.page(index)
        content.madvise(mmap.MADV_DONTNEED)
        assert isinstance(ours, Page) == isinstance(theirs, Page)
        if isinstance(ours, Page) and isinstance(theirs, Page):
            assert (ours.own, ours.dpi) == (theirs.own, theirs.dpi)
            assert np.array_equal(ours.gray(), theirs.gray())


def test_a_mapped_file_of_another_kind_is_read() -> None:
    path = PDFS[0].parent / "03-300-dpi.jpg"
    with open(path, "rb") as f:
        document = open_document(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY), LIMITS)
    assert not isinstance(document, Problem) and isinstance(document.page(1), Page)
