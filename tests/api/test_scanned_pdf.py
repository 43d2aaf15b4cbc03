"""A stack that the scanner sends as one PDF: documents have its own bytes, and it is fetched once."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest

from scanpipe.desk import originals
from scanpipe.desk.parts import Parts
from scanpipe.faults import StoreFault
from scanpipe.stores.directory import DirectoryStore
from tests.api.conftest import Api, slot_path
from tests.installation import Installation
from tests.unit.unpack_files import image_entries, pdf

FIRST = 6
"""No other test looks at these sheets."""
MEDIA = "/MediaBox [0 0 595.2 841.92]"
FILL = "q 595.2 0 0 841.92 0 0 cm /Im0 Do Q"


def gray(body: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture


@pytest.fixture(scope="module")
def jpegs(home: Installation, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """One askew, one that lies on its side and is turned by the PDF, one that is no JPEG in the PDF."""
    askew, plain, other = (home.scan(FIRST + n, skew_deg=skew) for n, skew in enumerate((1.0, 0.0, 0.4)))
    lying = cv2.imencode(".jpg", np.ascontiguousarray(np.rot90(gray(plain), 1)), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    sideways = bytes(lying.tobytes())
    lies_so = "q 841.92 0 0 595.2 0 0 cm /Im0 Do Q", "/MediaBox [0 0 841.92 595.2] /Rotate 90"
    pixels = gray(other)
    file = pdf(
        (MEDIA, FILL, {"Im0": (image_entries(gray(askew), "/DCTDecode"), askew)}),
        (lies_so[1], lies_so[0], {"Im0": (image_entries(gray(sideways), "/DCTDecode"), sideways)}),
        (MEDIA, FILL, {"Im0": (image_entries(pixels, "/FlateDecode"), zlib.compress(pixels.tobytes(), 1))}),
    )
    path = tmp_path_factory.mktemp("stack") / "stack.pdf"
    path.write_bytes(file)
    home.run("ingest", str(path))
    return [askew, sideways]


def test_the_pages_of_a_scanned_pdf_are_the_scanners_own_bytes(
    api: Api, home: Installation, parts: Parts, jpegs: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    open_ = DirectoryStore.open

    def counted(self: DirectoryStore, key: str) -> Any:
        opened.append(key)
        return open_(self, key)

    monkeypatch.setattr(DirectoryStore, "open", counted)
    for n in range(3):
        page = api.get(slot_path(home, FIRST + n)).json()["pages"][0]
        answer = api.get(f"{slot_path(home, FIRST + n)}/pages.pdf")
        document = pypdfium2.PdfDocument(answer.content)
        shown = document[0].render(scale=page["dpi"] / 72, grayscale=True).to_numpy().squeeze()
        filed = gray(api.get(page["content"]).content)
        assert np.abs(np.subtract(shown.shape, filed.shape)).max() <= 1
        small = (filed.shape[1] // 4, filed.shape[0] // 4)
        both = [cv2.resize(p, small, interpolation=cv2.INTER_AREA).astype(np.float32) for p in (shown, filed)]
        assert np.abs(cv2.phaseCorrelate(*both)[0]).max() < 1 and np.abs(both[0] - both[1]).mean() < 7
        assert [n < 2 and jpeg in answer.content for jpeg in jpegs] == [n == 0, n == 1]
    assert sum(key.endswith(".pdf") for key in opened) == 1, "fetched once for all"
    monkeypatch.setattr(originals, "_MOST_KEPT_BYTES", 0)
    copies = list(originals._kept.values())
    assert api.get(f"{slot_path(home, FIRST)}/pages.pdf").status_code == 200 and copies[-1].exists(), "the latest stays"


def test_nothing_stays_of_a_copy_that_failed(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise StoreFault("gone", "x")

    monkeypatch.setattr(DirectoryStore, "open", lambda self, key: Broken())
    before = set(Path(parts.folders.own_work).iterdir())
    with pytest.raises(StoreFault):
        originals.page_of_many(parts, "originals/none.pdf", 1)
    assert set(parts.folders.own_work.iterdir()) == before
