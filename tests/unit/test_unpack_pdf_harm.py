"""PDF: what is damaged or harmful is found, also where PDFium says nothing."""

import re
import struct
import time
import zlib

import numpy as np
import pytest

from scanpipe.model import Reason
from scanpipe.stages.unpack import Document, Limits, Page, Problem, count_pages, load_page, open_document
from tests.unit.unpack_files import (
    FILL,
    LIMITS,
    colourful,
    drawing,
    gray_or_problem,
    image_entries,
    page,
    pdf,
    problem,
    saved,
)
from tests.unit.unpack_pdfs import GRAY_ENTRIES, GRAY_JPEG, SCAN, bitonal, drawn, flate, scan


def test_a_page_that_lost_its_scan_is_not_blank():
    """PDFium leaves out what it does not understand; the page would come out white."""
    words = (
        b"/Contents",
        b"/Im0 Do",
        b"/Im0 4",
        b"/XObject <<",
        b"/Subtype /Image",
        b"/Resources",
        b"q 200",
        b"280 0 0 cm",
    )
    for word in words:
        assert word in SCAN
        broken = SCAN.replace(word, re.sub(rb"[e0O]", b"!", word, count=1), 1)
        assert problem(broken).reason == Reason.UNREADABLE_FILE, word
    text_only = scan(content=FILL.replace("Im0", "Im1") + " BT 3 Tr /F1 12 Tf 20 100 Td (recognised) Tj ET")
    assert problem(text_only).reason == Reason.UNREADABLE_FILE


@pytest.mark.parametrize("damage", ["short", "short with an end", "no header", "unknown filter"])
@pytest.mark.parametrize("content", [FILL, FILL + " 0 0 10 10 re f"])
def test_damage_inside_is_found_whether_taken_out_or_painted(damage, content):
    jpeg, entries = GRAY_JPEG, GRAY_ENTRIES
    if damage.startswith("short"):
        jpeg = GRAY_JPEG[:-3000] + (b"\xff\xd9" if "end" in damage else b"")
    elif damage == "no header":
        jpeg = bytes(200) + GRAY_JPEG[200:]
    else:
        entries = GRAY_ENTRIES.replace("DCTDecode", "SomeDecode")
    assert problem(scan(jpeg, content=content, image=entries)).reason == Reason.UNREADABLE_FILE


@pytest.mark.parametrize("content", [FILL, FILL + " 0 0 10 10 re f"])
def test_lossless_data_that_end_early_are_found(content):
    about = image_entries(drawing(), "/FlateDecode")
    data = zlib.compress(drawing().tobytes())
    assert page(pdf(("", content, {"Im0": (about, data)}))).width_px > 0
    for broken in (data[:-1000], data[:500] + b"\0" + data[501:], zlib.compress(drawing()[:30])):
        assert problem(pdf(("", content, {"Im0": (about, broken)}))).reason == Reason.UNREADABLE_FILE


def test_a_lossless_scan_without_its_last_row_is_found():
    for pixels, space in ((drawing(), "Gray"), (colourful(), "RGB")):
        short = flate(pixels[:-1], f"/BitsPerComponent 8 /ColorSpace /Device{space}").replace(
            b"/Height 279", b"/Height 280"
        )
        assert problem(short).reason == Reason.UNREADABLE_FILE


def test_one_damaged_page_does_not_take_the_others_with_it():
    good = ("", FILL, {"Im0": (GRAY_ENTRIES, GRAY_JPEG)})
    data = pdf(
        good,
        ("", FILL, {"Im0": (GRAY_ENTRIES, GRAY_JPEG[:-2000])}),
        ("/MediaBox [0 0 99999 99999]", "0 0 9 9 re f", {}),
        good,
    )
    assert count_pages(data, LIMITS) == 4
    assert problem(data, 2).reason == Reason.UNREADABLE_FILE
    assert problem(data, 3).reason == Reason.TOO_LARGE
    assert page(data, 4).own == (GRAY_JPEG, "image/jpeg")
    lost = data.replace(b"/Type /Page /Parent", b"/Type /Lost/Parent", 1)
    assert isinstance(load_page(lost, 4, LIMITS), Page)


def test_pages_outlive_their_document():
    vector_and_scan = pdf(("", "0 0 100 100 re f", {}), ("", FILL, {"Im0": (GRAY_ENTRIES, GRAY_JPEG)}))
    with open_document(vector_and_scan, LIMITS) as document:  # type: ignore[union-attr]
        pages = [document.page(i) for i in (1, 2)]
    for p in pages:
        assert isinstance(p, Page)
        assert p.gray(2).dtype == np.uint8
    with pytest.raises(IndexError):
        load_page(vector_and_scan, 3, LIMITS)


def test_something_before_the_document():
    assert page(b"\x1b%-12345X@PJL\r\n" + SCAN).own == (GRAY_JPEG, "image/jpeg")


def test_no_truncation_passes():
    several = pdf(*(("", FILL, {"Im0": (GRAY_ENTRIES, GRAY_JPEG)}) for _ in range(3)))
    for data in (several, drawn()):
        end = data.rindex(b"%%EOF")
        for cut in np.linspace(1, end + 4, 100).astype(int):
            refused = count_pages(data[:cut], LIMITS)
            assert isinstance(refused, Problem), cut
            padded = count_pages(data[:cut] + bytes(100_000), LIMITS)
            assert isinstance(padded, Problem), cut
        assert count_pages(data + bytes(30_000), LIMITS) == count_pages(data, LIMITS)


def test_a_truncated_document_for_the_web():
    """It has an end near its beginning (ISO 32000, annex F)."""
    whole = SCAN.replace(b"%\xe2\xe3\xcf\xd3\n", b"%\xe2\xe3\xcf\xd3\n9 0 obj\n<< /Linearized 1 /L %d >>\nendobj\n")
    assert count_pages(whole.replace(b"/L %d", b"/L 500"), LIMITS) == 1
    assert isinstance(count_pages(whole.replace(b"/L %d", b"/L 9999999"), LIMITS), Problem)


def test_a_long_document_is_opened_and_its_last_page_loaded_at_once():
    pages = []
    for i in range(500):
        comment = b"\xff\xfe\0\4%02d" % (i % 100)
        pages.append(("", FILL, {"Im0": (GRAY_ENTRIES, GRAY_JPEG[:2] + comment + GRAY_JPEG[2:])}))
    data = pdf(*pages)
    started = time.perf_counter()
    with open_document(data, LIMITS) as document:  # type: ignore[union-attr]
        last = document.page(500)
    assert time.perf_counter() - started < 2
    assert isinstance(last, Page)
    assert last.own is not None and b"\xff\xfe\0\x0499" in last.own[0]
    over = count_pages(data, Limits(max_pages=499))
    assert isinstance(over, Problem) and over.reason == Reason.TOO_LARGE


def overwritten(data: bytes, after: bytes, skip: int, new: bytes) -> bytes:
    at = data.index(after) + len(after) + skip
    return data[:at] + new + data[at + len(new) :]


GIANT_JPEG = overwritten(GRAY_JPEG, b"\xff\xc0", 3, struct.pack(">HH", 65500, 65500))
GIANT_JPEG_2000 = overwritten(saved(drawing(), "JPEG2000"), b"\xff\x4f\xff\x51", 4, struct.pack(">II", 60000, 60000))
BOMBS = {
    "a giant page": pdf(("/MediaBox [0 0 14400 14400]", "0 0 1 1 re f", {})),
    "a giant image": pdf(
        (
            "",
            FILL,
            {"Im0": (image_entries(drawing(), "/FlateDecode").replace("280", "900000"), zlib.compress(bytes(999)))},
        )
    ),
    "a giant image beside something": pdf(
        (
            "",
            FILL + " 0 0 10 10 re f",
            {"Im0": (image_entries(drawing(), "/FlateDecode").replace("200", "900000"), zlib.compress(bytes(999)))},
        )
    ),
    "a giant JPEG": pdf(
        (
            "",
            FILL,
            {
                "Im0": (
                    GRAY_ENTRIES,
                    GIANT_JPEG,
                )
            },
        )
    ),
    "a giant JPEG 2000 that says it is small": pdf(
        (
            "",
            FILL,
            {
                "Im0": (
                    "/Width 200 /Height 280 /Filter /JPXDecode",
                    GIANT_JPEG_2000,
                )
            },
        )
    ),
    "many images": pdf(
        (
            "",
            FILL * 400,
            {"Im0": (image_entries(drawing(), "/FlateDecode").replace("200", "2000"), zlib.compress(b"0"))},
        )
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_refused_before_anything_is_decoded(bomb):
    started = time.perf_counter()
    refused = load_page(BOMBS[bomb], 1, LIMITS)
    assert time.perf_counter() - started < 2
    assert isinstance(refused, Problem) and refused.reason == Reason.TOO_LARGE


def test_a_page_that_is_painted_may_not_be_too_large():
    assert problem(drawn(), limits=Limits(max_render_pixels=1_000_000)).reason == Reason.TOO_LARGE
    assert page(SCAN, limits=Limits(max_render_pixels=1)).width_px == 200


def test_changed_bytes_never_raise():
    rng = np.random.default_rng(13)
    strips = pdf(
        ("", FILL + " 0 0 10 10 re f", {"Im0": (image_entries(drawing(), "/FlateDecode"), zlib.compress(drawing()))})
    )
    for original in (SCAN, strips, bitonal("/ColorSpace /DeviceGray"), drawn()):
        for _ in range(60):
            data = bytearray(original)
            for at in rng.integers(len(data), size=rng.integers(1, 8)):
                data[at] = rng.integers(256)
            result = gray_or_problem(bytes(data))
            assert isinstance(result, Problem) or result.dtype == np.uint8


def test_words_of_the_structure_that_are_changed_never_raise():
    rng = np.random.default_rng(14)
    tokens = [m.span() for m in re.finditer(rb"/?\w+", SCAN) if m.end() < 20 or len(m[0]) < 20]
    structure = [s for s in tokens if SCAN[s[0] : s[1]].isascii()]
    for _ in range(200):
        start, end = structure[rng.integers(len(structure))]
        word = [b"0", b"-1", b"99999999999", b"/Null", b"null", b"2 0 R", b"[", b"<<", b""][rng.integers(9)]
        result = gray_or_problem(SCAN[:start] + word + SCAN[end:])
        assert isinstance(result, Problem) or result.dtype == np.uint8


def test_documents_are_documents():
    assert isinstance(open_document(SCAN, LIMITS), Document)
