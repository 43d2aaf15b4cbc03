"""TIFF: many pages, damage, and chains and strips that lead nowhere."""

import struct
import time
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from scanpipe.model import Reason
from scanpipe.stages.unpack import Document, Limits, Page, Problem, count_pages, load_page, open_document
from tests.unit.unpack_files import (
    GROUP4,
    LIMITS,
    colourful,
    drawing,
    gray_or_problem,
    page,
    plain_tags,
    problem,
    saved,
    strip_of,
    tiff,
)


def several(*, order: str = "<", big: bool = False) -> tuple[bytes, list[np.ndarray]]:
    pages = [drawing(100 + 10 * s, 150, seed=s) for s in range(1, 6)]
    return tiff(*((plain_tags(p, 1), [p.tobytes()]) for p in pages), order=order, big=big), pages


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_pages_one_by_one_in_any_order(order, big):
    data, pixels = several(order=order, big=big)
    document = open_document(data, LIMITS)
    assert isinstance(document, Document)
    assert document.pages == count_pages(data, LIMITS) == 5
    for index in (5, 1, 3, 2, 4):
        loaded = document.page(index)
        assert isinstance(loaded, Page)
        assert np.array_equal(loaded.gray(), pixels[index - 1])
    for index in (0, 6):
        with pytest.raises(IndexError):
            document.page(index)


def test_pages_that_pillow_wrote():
    images = [Image.fromarray(drawing(seed=s) > 128) for s in range(1, 4)]
    data = saved(images[0], "TIFF", compression="group4", save_all=True, append_images=images[1:])
    assert count_pages(data, LIMITS) == 3
    for index, image in enumerate(images, 1):
        assert np.array_equal(page(data, index).gray(), np.asarray(image.convert("L")))


def test_one_damaged_page_does_not_take_the_others_with_it():
    good, bad = drawing(seed=1), plain_tags(drawing(), 1)
    data = tiff(
        (plain_tags(good, 1), [good.tobytes()]),
        ({**bad, 273: (4, [10_000_000])}, [good.tobytes()]),
        ({**bad, 256: (4, [100_000]), 257: (4, [100_000])}, [good.tobytes()]),
        ({**bad, 258: (3, [13])}, [good.tobytes() * 2]),
        (plain_tags(good, 1), [good.tobytes()]),
    )
    assert count_pages(data, LIMITS) == 5
    reasons = [problem(data, i).reason for i in (2, 3, 4)]
    assert reasons == [Reason.UNREADABLE_FILE, Reason.TOO_LARGE, Reason.UNSUPPORTED_FILE]
    assert np.array_equal(page(data, 5).gray(), good)


def test_a_small_copy_of_the_page_before_is_no_page():
    full, small = drawing(), drawing()[::4, ::4]
    reduced = {**plain_tags(small, 1), 254: (4, [1])}
    shrunk = (reduced, [small.tobytes()])
    whole = ({**plain_tags(full, 1), 254: (4, [0])}, [full.tobytes()])
    assert count_pages(tiff(whole, shrunk, whole, shrunk), LIMITS) == 2
    assert np.array_equal(page(tiff(whole, shrunk, whole), 2).gray(), full)
    not_small = ({**plain_tags(full, 1), 254: (4, [1])}, [full.tobytes()])
    assert count_pages(tiff(whole, not_small), LIMITS) == 2, "whatever it says: so large a picture is not left out"
    assert count_pages(tiff(shrunk, whole), LIMITS) == 2
    plain_small = (plain_tags(small, 1), [small.tobytes()])
    assert count_pages(tiff(whole, plain_small), LIMITS) == 2


LOSSLESS: list[Callable[[], bytes]] = [
    lambda: GROUP4,
    lambda: saved(drawing(), "TIFF", compression="tiff_lzw"),
    lambda: saved(drawing(), "TIFF", compression="tiff_adobe_deflate"),
    lambda: saved(colourful(), "TIFF", compression="packbits"),
    lambda: saved(drawing(), "TIFF"),
    lambda: saved(drawing(), "TIFF", compression="jpeg"),
    lambda: several()[0],
]


@pytest.mark.parametrize("make", LOSSLESS)
def test_no_truncation_passes(make):
    data = make()
    whole = page(data).gray()
    for cut in np.linspace(1, len(data) - 1, 100).astype(int):
        result = gray_or_problem(data[:cut])
        assert isinstance(result, Problem) or np.array_equal(result, whole), cut
    assert isinstance(gray_or_problem(data[: len(data) // 2]), Problem)


def test_compressed_strips_that_end_early_are_found():
    for compression, strip in (
        (8, zlib.compress(drawing()[:200].tobytes())),
        (8, zlib.compress(drawing().tobytes())[:-9]),
    ):
        tags = {**plain_tags(drawing(), 1), 259: (3, [compression])}
        assert problem(tiff((tags, [strip]))).reason == Reason.UNREADABLE_FILE
    lzw = strip_of(saved(drawing()[:200], "TIFF", compression="tiff_lzw", tiffinfo={278: 200}))
    assert problem(tiff(({**plain_tags(drawing(), 1), 259: (3, [5])}, [lzw]))).reason == Reason.UNREADABLE_FILE


def test_no_changed_byte_in_deflated_strips_passes():
    """libtiff lets one in ten pass."""
    packed_strip = zlib.compress(drawing().tobytes())
    tags = {**plain_tags(drawing(), 1), 259: (3, [8])}
    rng = np.random.default_rng(5)
    for at in rng.integers(10, len(packed_strip), size=100):
        changed = packed_strip[:at] + bytes([packed_strip[at] ^ (1 << int(rng.integers(8)))]) + packed_strip[at + 1 :]
        assert isinstance(gray_or_problem(tiff((tags, [changed]))), Problem), at


def test_pages_in_a_circle():
    data = bytearray(several()[0])
    first = struct.unpack_from("<I", data, 4)[0]
    struct.pack_into("<I", data, first + 2 + 12 * struct.unpack_from("<H", data, first)[0], first)
    refused = count_pages(bytes(data), LIMITS)
    assert isinstance(refused, Problem)
    assert refused.reason == Reason.UNREADABLE_FILE and "circle" in refused.detail


def test_no_more_pages_are_counted_than_allowed():
    empty = struct.pack("<HI", 0, 0)
    links = b"".join(struct.pack("<HI", 0, 8 + 6 * (i + 1)) for i in range(100_000)) + empty
    started = time.perf_counter()
    refused = count_pages(b"II*\0\x08\0\0\0" + links, LIMITS)
    assert time.perf_counter() - started < 2
    assert isinstance(refused, Problem) and refused.reason == Reason.TOO_LARGE
    assert count_pages(several()[0], Limits(max_pages=5)) == 5
    over = count_pages(several()[0], Limits(max_pages=4))
    assert isinstance(over, Problem) and over.reason == Reason.TOO_LARGE
    assert isinstance(count_pages(b"II*\0" + bytes(12), LIMITS), Problem)


def test_strips_that_are_named_over_and_over_are_refused():
    count = 5000
    tags = {**plain_tags(drawing(200, count), 1), 278: (3, [1]), 273: (4, [8] * count), 279: (4, [50_000] * count)}
    assert problem(tiff((tags, [bytes(60_000)]))).reason == Reason.UNREADABLE_FILE
    assert problem(tiff(({**tags, 277: (3, [60_000])}, [bytes(60_000)]))).reason == Reason.UNREADABLE_FILE


def test_kinds_of_pixels_that_have_no_agreed_look():
    for tags in (
        {**plain_tags(drawing(), 1, 32), 339: (3, [3])},
        {**plain_tags(drawing(), 32803, 16)},
        {**plain_tags(drawing(), 1, 16), 339: (3, [2])},
        {**plain_tags(drawing(), 1), 259: (3, [34712])},
    ):
        refused = load_page(tiff((tags, [bytes(drawing().size * 4)])), 1, LIMITS)
        if isinstance(refused, Page):
            refused = problem(tiff((tags, [bytes(drawing().size * 4)])))
        assert refused.reason == Reason.UNSUPPORTED_FILE, tags


def test_changed_bytes_never_raise():
    rng = np.random.default_rng(11)
    for make in LOSSLESS:
        original = make()
        for _ in range(60):
            data = bytearray(original)
            for at in rng.integers(len(data), size=rng.integers(1, 6)):
                data[at] = rng.integers(256)
            result = gray_or_problem(bytes(data))
            assert isinstance(result, Problem) or result.dtype == np.uint8


def test_changed_fields_never_raise():
    rng = np.random.default_rng(12)
    original, _ = several()
    directory = struct.unpack_from("<I", original, 4)[0]
    for _ in range(400):
        data = bytearray(original)
        data[directory + int(rng.integers(140))] ^= 1 << int(rng.integers(8))
        result = gray_or_problem(bytes(data))
        assert isinstance(result, Problem) or result.dtype == np.uint8
