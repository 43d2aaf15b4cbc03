"""Files by their content, limits, and bombs: what a file is, and that nothing in it can do harm."""

import io
import pickle
import struct
import subprocess
import sys
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scanpipe.model import Reason
from scanpipe.stages.unpack import DecodeError, Document, Limits, Problem, count_pages, load_page, open_document, sniff
from tests.unit.unpack_files import (
    FILL,
    LIMITS,
    colourful,
    drawing,
    gray_or_problem,
    heic,
    image_entries,
    page,
    pdf,
    plain_tags,
    png_chunk,
    saved,
    tiff,
)

JPEG = saved(drawing(), "JPEG", quality=80)
FILES = {
    "jpeg": JPEG,
    "png": saved(drawing(), "PNG"),
    "heic": heic(drawing()),
    "tiff": saved(drawing(), "TIFF", compression="tiff_lzw"),
    "pdf": pdf(("", FILL, {"Im0": (image_entries(drawing(), "/DCTDecode"), JPEG)})),
}


def office_document() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
    return buffer.getvalue()


@pytest.mark.parametrize("kind", FILES)
def test_files_are_known_by_their_content(kind):
    assert sniff(FILES[kind]) == kind
    assert sniff(FILES[kind][:1024]) == kind
    assert count_pages(FILES[kind], LIMITS) == 1
    assert page(FILES[kind]).format == kind
    assert sniff(b"") is None


def test_both_byte_orders_and_both_sizes_of_tiff():
    for order in "<>":
        for big in (False, True):
            assert sniff(tiff((plain_tags(drawing(), 1), [drawing().tobytes()]), order=order, big=big)) == "tiff"


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "AVIF"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "AVIF"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "video"),
        (saved(drawing(), "JPEG2000"), "JPEG 2000"),
        (saved(drawing(), "WEBP"), "WebP"),
        (saved(drawing(), "GIF"), "GIF"),
        (saved(drawing(), "BMP"), "BMP"),
        (office_document(), "Office document"),
        (b"PK\x03\x04" + bytes(40), "archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Office document"),
        (b"{\\rtf1\\ansi Pr\xf8ve}", "RTF"),
        (b"%!PS-Adobe-3.0\n", "PostScript"),
        (b"<!DOCTYPE html>\n<html>", "web page"),
        ("Kjære eksamenskontor, her er skissen.\n".encode(), "plain text"),
        ("Kjære eksamenskontor\n".encode("latin-1"), "plain text"),
        (b"\x01\x02\x03\x04" * 99, "kind that is not known"),
    ],
)
def test_what_is_something_else_is_named(data, named):
    refused = open_document(data, LIMITS)
    assert isinstance(refused, Problem)
    assert refused.reason == Reason.UNSUPPORTED_FILE
    assert named in refused.detail


def test_nothing_in_the_file():
    for data in (b"", bytes(5000)):
        refused = open_document(data, LIMITS)
        assert isinstance(refused, Problem) and refused.reason == Reason.UNREADABLE_FILE


@pytest.mark.parametrize("kind", FILES)
def test_limits_of_bytes_and_pixels(kind):
    size = len(FILES[kind])
    assert count_pages(FILES[kind], Limits(max_bytes=size)) == 1
    refused = count_pages(FILES[kind], Limits(max_bytes=size - 1))
    assert isinstance(refused, Problem) and refused.reason == Reason.TOO_LARGE
    refused = load_page(FILES[kind], 1, Limits(max_pixels=200 * 280 - 1))
    assert isinstance(refused, Problem) and refused.reason == Reason.TOO_LARGE
    assert page(FILES[kind], limits=Limits(max_pixels=200 * 280)).height_px == 280


@pytest.mark.parametrize("kind", FILES)
def test_documents_open_and_close(kind):
    document = open_document(FILES[kind], LIMITS)
    assert isinstance(document, Document)
    with document as opened:
        first = opened.page(1)
        for index in (0, 2, -1):
            with pytest.raises(IndexError):
                opened.page(index)
    assert first.gray(1).shape == (280, 200)
    document.close()


def test_decode_errors_travel_between_processes():
    problem = Problem(Reason.UNREADABLE_FILE, "the JPEG is damaged")
    assert pickle.loads(pickle.dumps(DecodeError(problem))).problem == problem


def test_every_format_gives_the_same_kind_of_arrays():
    for kind, data in FILES.items():
        p = page(data)
        for shrink in (1, 2, 4, 8):
            gray = p.gray(shrink)
            assert gray.dtype == np.uint8 and gray.flags.c_contiguous and not gray.flags.writeable, kind
            assert gray.shape == (280 // shrink, 200 // shrink)
            assert p.gray(shrink) is gray, "kept: readers ask for it again and again"
        assert not p.colour().flags.writeable


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_no_change_to_a_file_ever_raises(kind, draw):
    data = bytearray(FILES[kind])
    for _ in range(draw.draw(st.integers(1, 8))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    if draw.draw(st.booleans()):
        del data[draw.draw(st.integers(0, len(data))) :]
    result = gray_or_problem(bytes(data))
    assert isinstance(result, Problem) or result.dtype == np.uint8


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([f[:8] for f in FILES.values()] + [b"MM\0+\0\x08\0\0", b"%PDF-1.7\n%%EOF\n"]),
    st.binary(max_size=300),
)
def test_nonsense_behind_a_right_beginning_never_raises(head, rest):
    assert isinstance(gray_or_problem(head + rest), Problem)


def bombs() -> dict[str, bytes]:
    """Small files that claim to be gigabytes."""
    frame = JPEG.index(b"\xff\xc0") + 5
    flate = image_entries(drawing(), "/FlateDecode").replace("200", "40000").replace("280", "40000")
    wide = {**plain_tags(drawing(), 1), 256: (4, [40000]), 257: (4, [40000]), 278: (4, [40000]), 259: (3, [5])}
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 40000, 40000, 8, 0, 0, 0, 0))
    body = png_chunk(b"IDAT", zlib.compress(bytes(10_000_000))) + png_chunk(b"IEND", b"")
    size = FILES["heic"].index(b"ispe") + 8
    return {
        "heic": FILES["heic"][:size] + struct.pack(">II", 40000, 40000) + FILES["heic"][size + 8 :],
        "jpeg": JPEG[:frame] + struct.pack(">HH", 65500, 65500) + JPEG[frame + 4 :],
        "png": b"\x89PNG\r\n\x1a\n" + header + body,
        "tiff": tiff((wide, [bytes(1000)])),
        "tiff tiles": tiff(
            ({**wide, 256: (3, [9]), 257: (3, [9]), 322: (4, [40000]), 323: (4, [40000])}, [bytes(1000)])
        ),
        "pdf page": pdf(("/MediaBox [0 0 14400 14400]", "0 0 1 1 re f", {})),
        "pdf image": pdf(("", FILL, {"Im0": (flate, zlib.compress(bytes(1000)))})),
        "pdf image, painted": pdf(("", FILL + " 0 0 9 9 re f", {"Im0": (flate, zlib.compress(bytes(1000)))})),
    }


_IN_A_PROCESS_OF_ITS_OWN = """
import pickle, resource, sys, time
from scanpipe.stages.unpack import Limits, Problem, load_page
bombs, harmless = pickle.loads(sys.stdin.buffer.read())
for data in harmless.values():
    load_page(data, 1, Limits()).gray(1)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before, started = peak(), time.perf_counter()
for name, data in bombs.items():
    result = load_page(data, 1, Limits())
    if not isinstance(result, Problem):
        result.gray(1)
    print(name, "|", result.reason)
print("seconds", "|", round(time.perf_counter() - started, 2))
print("MiB", "|", peak() - before)
"""


def test_bombs_cost_neither_time_nor_memory():
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_PROCESS_OF_ITS_OWN],
        input=pickle.dumps((bombs(), FILES)),
        capture_output=True,
        check=True,
    )
    told = dict(line.split(" | ") for line in done.stdout.decode().splitlines())
    assert float(told.pop("seconds")) < 3
    assert int(told.pop("MiB")) < 30
    assert told == dict.fromkeys(bombs(), "too_large")


def test_pictures_that_are_wide_are_not_bombs():
    long = np.zeros((4, 60_000), np.uint8)
    for format in ("PNG", "TIFF", "JPEG"):
        assert page(saved(long, format)).gray(8).shape == (1, 7500)


def test_colour_is_worth_its_luma_in_every_format():
    luma = np.asarray(Image.fromarray(colourful()).convert("L"), np.int16)
    for format in ("PNG", "TIFF", "JPEG"):
        assert np.abs(page(saved(colourful(), format)).gray() - luma).mean() < 4
