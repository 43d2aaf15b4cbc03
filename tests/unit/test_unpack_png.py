"""PNG: every kind of pixel, and no damage that passes."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from scanpipe.model import Reason
from scanpipe.stages.unpack import Problem, load_page
from tests.unit.unpack_files import LIMITS, colourful, drawing, exif, gray_or_problem, page, png_chunk, problem, saved

GRAY = saved(drawing(), "PNG", dpi=(300, 300))
COLOUR = saved(colourful(), "PNG")
BITONAL = drawing() > 128


def luma(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(rgb).convert("L"), np.int16)


def with_chunk(data: bytes, name: bytes, body: bytes) -> bytes:
    """The chunk comes right after the header."""
    return data[:33] + png_chunk(name, body) + data[33:]


def raw_png(pixels: bytes, header: tuple[int, int, int, int], *chunks: tuple[bytes, bytes]) -> bytes:
    """`pixels` with its filter bytes; `header` is width, height, bits, colour type."""
    body = struct.pack(">IIBBBBB", *header, 0, 0, 0)
    parts = [(b"IHDR", body), *chunks, (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*p) for p in parts)


def rows(pixels: np.ndarray) -> bytes:
    return b"".join(b"\0" + row.tobytes() for row in pixels)


def test_gray_and_colour_come_out_exactly():
    p = page(GRAY)
    assert np.array_equal(p.gray(), drawing())
    assert p.colour() is p.gray()
    assert (p.dpi, p.format, p.own) == (300, "png", (GRAY, "image/png"))
    p = page(COLOUR)
    assert np.array_equal(p.colour(), colourful())
    assert np.abs(p.gray() - luma(colourful())).max() <= 1
    assert (p.dpi, p.own) == (None, (COLOUR, "image/png"))


def test_shrinking_averages_over_areas():
    pixels = drawing(202, 282)
    p = page(saved(pixels, "PNG"))
    means = pixels.reshape(141, 2, 101, 2).mean(axis=(1, 3))
    assert np.abs(p.gray(2) - means).max() <= 0.5
    assert p.gray(8).shape == (36, 26)
    whole = pixels[:280, :200].reshape(35, 8, 25, 8).mean(axis=(1, 3))
    assert np.abs(p.gray(8)[:35, :25] - whole).max() <= 0.5, "the cut-off areas at the edges do not shift the others"


def test_bitonal_pages():
    data = saved(Image.fromarray(BITONAL), "PNG")
    p = page(data)
    assert np.array_equal(p.gray(), BITONAL * np.uint8(255))
    assert p.colour().ndim == 2
    assert p.own == (data, "image/png")
    assert len(np.unique(page(data).gray(2))) > 2, "half of a bitonal page has grays between"


def test_palettes():
    few = Image.fromarray(colourful()).quantize(16)
    p = page(saved(few, "PNG"))
    assert np.array_equal(p.colour(), np.asarray(few.convert("RGB")))
    assert p.own is not None
    gray_palette = Image.fromarray(drawing() // 64).convert("P")
    gray_palette.putpalette([v for i in range(4) for v in (i * 80, i * 80, i * 80)])
    p = page(saved(gray_palette, "PNG"))
    assert np.array_equal(p.colour(), drawing() // 64 * 80)


def test_sixteen_bits():
    wide = drawing().astype(np.uint16) * 257
    p = page(saved(Image.fromarray(wide), "PNG"))
    assert np.array_equal(p.gray(), drawing())
    assert p.own is None
    rgb = raw_png(rows((colourful().astype(np.uint16) * 257).astype(">u2")), (200, 280, 16, 2))
    assert np.array_equal(page(rgb).colour(), colourful())
    assert page(rgb).own is None


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_what_is_transparent_is_white_paper(mode):
    image = Image.fromarray(colourful()).convert(mode)
    alpha = np.full((280, 200), 255, np.uint8)
    alpha[100:200] = 0
    alpha[200:] = 128
    image.putalpha(Image.fromarray(alpha))
    p = page(saved(image, "PNG"))
    opaque = np.asarray(image.convert("L" if mode == "LA" else "RGB"), np.int16)
    assert p.own is None
    assert p.colour().ndim == opaque.ndim
    assert np.array_equal(p.colour()[:100], opaque[:100])
    assert (p.colour()[100:200] == 255).all()
    assert np.abs(p.colour()[200:] - (opaque[200:] + 255) / 2).max() <= 2


def test_a_transparent_colour_is_white_paper():
    black_is_clear = with_chunk(saved(drawing() // 128 * 200, "PNG"), b"tRNS", struct.pack(">H", 0))
    p = page(black_is_clear)
    assert p.own is None
    assert set(np.unique(p.gray())) == {200, 255}
    palette = saved(Image.fromarray(drawing() // 64).convert("P"), "PNG", transparency=0)
    p = page(palette)
    assert p.own is None
    assert (p.colour()[drawing() // 64 == 0] == 255).all()


def test_an_animation_is_its_first_picture():
    frames = [Image.fromarray(drawing(seed=s)) for s in (1, 2)]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert b"acTL" in data
    p = page(data)
    assert np.array_equal(p.gray(), drawing())
    assert p.own is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(orientation):
    p = page(saved(drawing(), "PNG", exif=exif(orientation)))
    plain = page(saved(drawing(), "JPEG", quality=100, exif=exif(orientation)))
    assert np.abs(p.gray().astype(int) - plain.gray()).max() < 8
    assert (p.own is None) == (orientation != 1)


def test_notes_in_the_file_do_not_matter():
    notes = PngInfo()
    notes.add_text("Title", "Prøve i Tromsø", zip=True)
    assert np.array_equal(page(saved(drawing(), "PNG", pnginfo=notes)).gray(), drawing())


@pytest.mark.parametrize("data", [GRAY, COLOUR, saved(Image.fromarray(BITONAL), "PNG")])
def test_no_truncation_passes(data):
    for cut in np.linspace(1, len(data) - 1, 100).astype(int):
        refused = load_page(data[:cut], 1, LIMITS)
        assert isinstance(refused, Problem), cut


def test_no_changed_byte_passes():
    rng = np.random.default_rng(7)
    whole = page(GRAY).gray()
    for _ in range(150):
        data = bytearray(GRAY)
        data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        result = gray_or_problem(bytes(data))
        assert isinstance(result, Problem) or np.array_equal(result, whole)


def test_damage_is_known_before_decoding():
    for at in (30, 60, GRAY.index(b"IDAT") + 500, len(GRAY) - 2):
        refused = load_page(GRAY[:at] + bytes([GRAY[at] ^ 1]) + GRAY[at + 1 :], 1, LIMITS)
        assert isinstance(refused, Problem) and "checksum" in refused.detail


def test_too_little_picture_inside_is_damage():
    black_at_the_end = drawing()
    black_at_the_end[-1] = 0
    assert np.array_equal(page(raw_png(rows(black_at_the_end), (200, 280, 8, 0))).gray(), black_at_the_end)
    for pixels in (drawing(), black_at_the_end):
        for missing in (1, 80, 280):
            assert problem(raw_png(rows(pixels[:-missing]), (200, 280, 8, 0))).reason == Reason.UNREADABLE_FILE
        assert problem(raw_png(rows(pixels)[:-1], (200, 280, 8, 0))).reason == Reason.UNREADABLE_FILE


def test_bombs_are_refused_by_their_header():
    bomb = raw_png(bytes(5_000_000), (40000, 40000, 1, 0))
    started = time.perf_counter()
    assert problem(bomb).reason == Reason.TOO_LARGE
    assert time.perf_counter() - started < 2


def test_more_data_than_the_header_says_is_not_kept():
    long = raw_png(rows(drawing()) + bytes(5_000_000), (200, 280, 8, 0))
    assert np.array_equal(page(long).gray(), drawing())


def interlaced(pixels: np.ndarray, missing_rows: int = 0) -> bytes:
    """Adam7; the last so many rows of its last pass left out."""
    passes = [pixels[y::dy, x::dx] for x, y, dx, dy in ADAM7]
    passes[-1] = passes[-1][: len(passes[-1]) - missing_rows]
    data = raw_png(b"".join(rows(p) for p in passes), (pixels.shape[1], pixels.shape[0], 8, 0))
    header = data[16:28] + b"\1"
    return data[:8] + png_chunk(b"IHDR", header) + data[33:]


ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@pytest.mark.parametrize("size", [(200, 280), (201, 283), (9, 9)])
def test_interlaced(size):
    pixels = drawing(*size)
    assert np.array_equal(page(interlaced(pixels)).gray(), pixels)
    assert problem(interlaced(pixels, missing_rows=1)).reason == Reason.UNREADABLE_FILE


def test_kinds_of_pixels_that_png_does_not_have():
    assert problem(raw_png(bytes(280 * 201), (200, 280, 7, 0))).reason == Reason.UNREADABLE_FILE
    assert problem(raw_png(b"", (0, 280, 8, 0))).reason == Reason.UNREADABLE_FILE


def test_pillow_reads_what_the_tests_write():
    assert Image.open(io.BytesIO(raw_png(rows(drawing()), (200, 280, 8, 0)))).size == (200, 280)
