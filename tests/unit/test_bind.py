"""Pictures bound into one PDF: the same bytes inside, pages as large as the paper, and every viewer's pixels the same."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pypdfium2
import pytest
from PIL import Image

from scanpipe.stages.bind import Leaf, bind
from scanpipe.stages.render import encode_jpeg

SHAPE = (330, 240)


def drawing(colour: bool = False) -> np.ndarray:
    picture = np.full((*SHAPE, 3), 250, np.uint8)
    cv2.line(picture, (20, 30), (200, 300), (40, 60, 200), 5)
    cv2.putText(picture, "F", (60, 160), cv2.FONT_HERSHEY_SIMPLEX, 3, (10, 10, 10), 6)
    return picture if colour else picture[:, :, 1].copy()


def png(mode: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(drawing(colour=True)).convert(mode).save(out, "PNG", **options)
    return out.getvalue()


def interlaced() -> bytes:
    """Pillow writes none; a single pass of one pixel is interlaced, too."""
    picture = np.full((1, 1), 77, np.uint8)
    done, body = cv2.imencode(".png", picture)
    assert done
    raw = bytearray(body.tobytes())
    raw[28] = 1
    raw[29:33] = struct.pack(">I", zlib.crc32(bytes(raw[12:29])))
    return bytes(raw)


def jpeg(colour: bool = False) -> bytes:
    out = io.BytesIO()
    Image.fromarray(drawing(colour)).save(out, "JPEG", quality=90)
    return out.getvalue()


def rendered(pdf: bytes, page: int, scale: float) -> np.ndarray:
    document = pypdfium2.PdfDocument(pdf)
    picture = document[page].render(scale=scale).to_numpy()
    document.close()
    return picture


KINDS = {
    "gray JPEG": jpeg(),
    "colour JPEG": jpeg(colour=True),
    "bitonal PNG": png("1"),
    "gray PNG": png("L"),
    "colour PNG": png("RGB"),
    "palette PNG": png("P", bits=4),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_looks_as_it_did(kind: str) -> None:
    body = KINDS[kind]
    shown = rendered(bind([Leaf(body, 72)]), 0, 1.0)
    expected = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    assert expected is not None and shown.shape[:2] == SHAPE
    assert np.abs(shown[:, :, :3].astype(int) - expected.astype(int)).mean() < 2.0


def test_the_bytes_of_a_jpeg_are_inside_and_pages_keep_their_order() -> None:
    first, second = encode_jpeg((drawing(),), 300, 85), jpeg(colour=True)
    pdf = bind([Leaf(first, 300), Leaf(second, 150)])
    assert 0 < pdf.index(first) < pdf.index(second)
    document = pypdfium2.PdfDocument(pdf)
    sizes = [document[n].get_size() for n in range(len(document))]
    document.close()
    height, width = SHAPE
    assert sizes == [
        pytest.approx((width * 0.24, height * 0.24), abs=1e-3),
        pytest.approx((width * 0.48, height * 0.48), abs=1e-3),
    ]


def test_the_rows_of_a_png_are_inside_as_they_were_packed() -> None:
    body = KINDS["gray PNG"]
    start = body.index(b"IDAT") + 4
    assert body[start : start + 200] in bind([Leaf(body)])


def test_an_interlaced_png_keeps_its_pixels() -> None:
    assert rendered(bind([Leaf(interlaced(), 72)]), 0, 8.0)[0, 0, 0] == 77


def test_without_a_resolution_the_page_is_as_long_as_a4() -> None:
    document = pypdfium2.PdfDocument(bind([Leaf(jpeg())]))
    assert document[0].get_height() == pytest.approx(297 / 25.4 * 72, abs=0.01)
    document.close()


def test_the_same_pictures_give_the_same_bytes() -> None:
    leaves = [Leaf(body, 200) for body in KINDS.values()]
    assert bind(leaves) == bind(leaves)
    document = pypdfium2.PdfDocument(bind(leaves))
    assert len(document) == len(KINDS)
    document.close()


@pytest.mark.parametrize(
    "body", [b"", b"GIF89a", jpeg()[:60], png("RGBA"), png("L")[:40], b"\x89PNG\r\n\x1a\n", jpeg()[:-2]]
)
def test_what_is_no_such_picture_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        bind([Leaf(jpeg()), Leaf(body)])


def test_a_pdf_has_pages() -> None:
    with pytest.raises(ValueError, match="at least one"):
        bind([])
