"""JPEG: the right pixels, the right way up, and no picture of which a part is missing."""

import io
import struct
import time

import numpy as np
import pytest
import simplejpeg
from PIL import Image, ImageOps

from scanpipe.model import Reason
from scanpipe.stages.unpack import DecodeError, Limits, Problem, load_page
from tests.unit.unpack_files import LIMITS, colourful, drawing, exif, page, problem, saved

GRAY = saved(drawing(), "JPEG", quality=90, dpi=(300, 300))
COLOUR = saved(colourful(), "JPEG", quality=90, dpi=(200, 200))
PROGRESSIVE = saved(colourful(), "JPEG", quality=90, progressive=True)


def pillow(data: bytes) -> np.ndarray:
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))


def with_segment(data: bytes, marker: int, body: bytes) -> bytes:
    return data[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + data[2:]


def without_jfif(data: bytes) -> bytes:
    assert data[2:4] == b"\xff\xe0"
    return data[:2] + data[4 + struct.unpack(">H", data[4:6])[0] :]


def test_a_gray_page_is_decoded_as_it_is():
    p = page(GRAY)
    assert (p.width_px, p.height_px, p.dpi, p.format) == (200, 280, 300, "jpeg")
    assert np.array_equal(p.gray(), pillow(GRAY))
    assert p.colour() is p.gray(1)
    assert p.own == (GRAY, "image/jpeg")


@pytest.mark.parametrize("data", [COLOUR, PROGRESSIVE])
def test_a_colour_page_has_its_colours_and_its_luma(data):
    p = page(data)
    assert np.array_equal(p.colour(), pillow(data))
    luma = np.asarray(Image.open(io.BytesIO(data)).convert("L"), np.int16)
    assert np.abs(p.gray().astype(np.int16) - luma).mean() < 1.5
    assert p.own == (data, "image/jpeg")


@pytest.mark.parametrize("shrink", [2, 4, 8])
@pytest.mark.parametrize("size", [(200, 280), (201, 283), (7, 3)])
def test_shrinking_averages_over_areas(size, shrink):
    width, height = size
    full = page(saved(drawing(width, height), "JPEG", quality=95))
    small = full.gray(shrink)
    assert small.shape == (-(-height // shrink), -(-width // shrink))
    assert small.flags.c_contiguous and small.dtype == np.uint8
    rows, columns = height // shrink, width // shrink
    if rows and columns:
        blocks = full.gray()[: rows * shrink, : columns * shrink].astype(float)
        means = blocks.reshape(rows, shrink, columns, shrink).mean(axis=(1, 3))
        assert np.abs(small[:rows, :columns] - means).mean() < 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(orientation):
    data = saved(drawing(), "JPEG", quality=90, exif=exif(orientation))
    p = page(data)
    expected = pillow(data)
    assert (p.height_px, p.width_px) == expected.shape
    assert np.array_equal(p.gray(), expected)
    means = expected.reshape(p.height_px // 2, 2, p.width_px // 2, 2).mean(axis=(1, 3))
    assert np.abs(p.gray(2) - means).mean() < 6
    assert (p.own is None) == (orientation != 1)


def test_colour_pages_are_turned_too():
    data = saved(colourful(), "JPEG", quality=90, exif=exif(6))
    assert np.array_equal(page(data).colour(), pillow(data))


@pytest.mark.parametrize(
    ("data", "dpi"),
    [
        (saved(drawing(), "JPEG", dpi=(300, 300)), 300),
        (saved(drawing(), "JPEG", dpi=(300, 304)), 302),
        (saved(drawing(), "JPEG", dpi=(300, 150)), None),
        (saved(drawing(), "JPEG", dpi=(40, 40)), None),
        (saved(drawing(), "JPEG", dpi=(9600, 9600)), None),
        (saved(drawing(), "JPEG"), None),
        (saved(drawing(), "JPEG", exif=exif(dpi=240)), 240),
        (with_segment(without_jfif(GRAY), 0xE0, b"JFIF\0\1\2\2" + struct.pack(">HH", 118, 118) + b"\0\0"), 299.72),
        (with_segment(GRAY, 0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff"), 300),
    ],
)
def test_dpi_is_believed_where_it_can_be_true(data, dpi):
    assert page(data).dpi == dpi


def test_own_bytes_are_only_what_every_browser_shows_alike():
    rgb = simplejpeg.encode_jpeg(colourful(), colorspace="RGB", colorsubsampling="444")
    adobe_rgb = with_segment(without_jfif(rgb), 0xEE, b"Adobe\0\x64\0\0\0\0\0")
    assert page(rgb).own is not None
    assert page(adobe_rgb).own is None
    assert page(with_segment(GRAY, 0xE2, b"MPF\0" + bytes(20))).own is None
    assert page(GRAY + bytes(4096)).own == (GRAY + bytes(4096), "image/jpeg")
    assert page(GRAY + b"something else").own is None
    assert page(saved(Image.fromarray(colourful()).convert("CMYK"), "JPEG")).own is None


@pytest.mark.parametrize("transform", [0, 2])
def test_cmyk_and_ycck_become_the_colours_they_print(transform):
    data = saved(Image.fromarray(colourful()).convert("CMYK"), "JPEG", quality=95)
    at = data.index(b"Adobe") + 11
    data = data[:at] + bytes([transform]) + data[at + 1 :]
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.int16)
    p = page(data)
    assert np.abs(p.colour() - expected).max() <= 2
    assert p.gray(2).shape == (140, 100)
    if transform == 0:
        assert np.abs(p.colour() - colourful().astype(np.int16)).mean() < 4


@pytest.mark.parametrize("data", [GRAY, COLOUR, PROGRESSIVE, saved(drawing(), "JPEG", restart_marker_rows=2)])
def test_no_truncation_passes(data):
    for cut in np.linspace(1, len(data) - 1, 100).astype(int):
        assert problem(data[:cut]).reason in (Reason.UNREADABLE_FILE, Reason.UNSUPPORTED_FILE)


@pytest.mark.parametrize("data", [GRAY, COLOUR, PROGRESSIVE])
@pytest.mark.parametrize("tail", [b"\xff\xd9", bytes(5000), bytes(5000) + b"\xff\xd9"])
def test_no_truncation_passes_that_was_closed_or_padded(data, tail):
    for cut in np.linspace(len(data) // 2, len(data) - 50, 20).astype(int):
        assert problem(data[:cut] + tail).reason == Reason.UNREADABLE_FILE


def test_a_missing_end_is_known_before_decoding():
    refused = load_page(GRAY[:-2] + bytes(1000), 1, LIMITS)
    assert isinstance(refused, Problem) and refused.reason == Reason.UNREADABLE_FILE


def test_truncation_is_not_hidden_by_the_end_of_a_thumbnail():
    thumbnail = with_segment(GRAY, 0xE1, b"Exif\0\0" + bytes(40) + saved(drawing(32, 40), "JPEG"))
    assert page(thumbnail).gray().shape == (280, 200)
    assert problem(thumbnail[:-1000]).reason == Reason.UNREADABLE_FILE


def test_what_jpeg_can_do_and_libjpeg_cannot_is_unsupported():
    at = GRAY.index(b"\xff\xc0") + 4
    twelve_bits = GRAY[:at] + b"\x0c" + GRAY[at + 1 :]
    assert problem(twelve_bits).reason == Reason.UNSUPPORTED_FILE


def test_dimensions_are_checked_before_anything_is_decoded():
    at = GRAY.index(b"\xff\xc0") + 5
    bomb = GRAY[:at] + struct.pack(">HH", 65500, 65500) + GRAY[at + 4 :]
    started = time.perf_counter()
    refused = load_page(bomb, 1, LIMITS)
    assert time.perf_counter() - started < 2
    assert isinstance(refused, Problem) and refused.reason == Reason.TOO_LARGE and "4290 million" in refused.detail
    assert problem(GRAY[:at] + bytes(4) + GRAY[at + 4 :]).reason == Reason.UNREADABLE_FILE
    assert problem(GRAY, limits=Limits(max_pixels=200 * 280 - 1)).reason == Reason.TOO_LARGE
    assert page(GRAY, limits=Limits(max_pixels=200 * 280)).width_px == 200


def test_endless_passes_over_a_progressive_picture_are_refused():
    last_scan = PROGRESSIVE[PROGRESSIVE.rindex(b"\xff\xda") : -2]
    refused = load_page(PROGRESSIVE[:-2] + last_scan * 200 + b"\xff\xd9", 1, LIMITS)
    assert isinstance(refused, Problem) and refused.reason == Reason.UNREADABLE_FILE


def test_a_header_without_end_is_given_up_on():
    started = time.perf_counter()
    for filling in (b"\xff\xe5\0\2" * 1_000_000, b"\xff\x01" * 2_000_000):
        assert problem(b"\xff\xd8" + filling + GRAY[2:]).reason == Reason.UNREADABLE_FILE
    assert page(b"\xff\xd8" + b"\xff" * 5_000_000 + GRAY[2:]).width_px == 200
    assert time.perf_counter() - started < 2


def test_pages_cannot_be_changed_from_outside():
    p = page(COLOUR)
    for pixels in (p.gray(), p.gray(2), p.colour()):
        with pytest.raises(ValueError, match="read-only"):
            pixels[0, 0] = 0
    with pytest.raises(AttributeError):
        p.width_px = 1  # type: ignore[misc]


def test_a_decode_error_carries_its_problem():
    p = page(GRAY[:-2000] + b"\xff\xd9")
    with pytest.raises(DecodeError) as caught:
        p.gray(2)
    assert caught.value.problem.reason == Reason.UNREADABLE_FILE
    assert caught.value.problem.detail.startswith("the JPEG is damaged")
