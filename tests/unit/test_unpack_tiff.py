"""TIFF: every kind of pixel and compression that scanners write."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from scanpipe.model import Reason
from tests.unit.unpack_files import (
    GROUP4,
    colourful,
    drawing,
    page,
    plain_tags,
    problem,
    rgb_jpeg,
    saved,
    strip_of,
    tiff,
)

BITONAL = drawing() > 128
BLACK_AND_WHITE = BITONAL * np.uint8(255)


def packed(bits: np.ndarray) -> bytes:
    return np.packbits(bits, axis=1).tobytes()


def reverse_bits(data: bytes) -> bytes:
    return bytes(int(f"{b:08b}"[::-1], 2) for b in data)


def test_group_4_is_bitonal_and_its_half_has_grays_between():
    p = page(GROUP4)
    assert np.array_equal(p.gray(), BLACK_AND_WHITE)
    assert p.colour() is p.gray()
    assert (p.dpi, p.format, p.own) == (300, "tiff", None)
    means = BLACK_AND_WHITE.reshape(140, 2, 100, 2).mean(axis=(1, 3))
    assert np.abs(p.gray(2) - means).max() <= 0.5


@pytest.mark.parametrize(
    "compression", ["group3", "group4", "tiff_ccitt", "tiff_lzw", "tiff_adobe_deflate", "packbits", None]
)
def test_bitonal_pages_by_every_compression(compression):
    assert np.array_equal(
        page(saved(Image.fromarray(BITONAL), "TIFF", compression=compression)).gray(), BLACK_AND_WHITE
    )


@pytest.mark.parametrize(
    "compression", ["tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "zstd", "lzma", None]
)
@pytest.mark.parametrize("pixels", [drawing(), colourful()])
def test_gray_and_colour_by_every_lossless_compression(compression, pixels):
    p = page(saved(pixels, "TIFF", compression=compression))
    assert np.array_equal(p.colour(), pixels)
    assert p.gray().shape == (280, 200)


def test_a_predictor_is_undone():
    data = saved(colourful(), "TIFF", compression="tiff_lzw", tiffinfo={317: 2})
    assert np.array_equal(page(data).colour(), colourful())


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("bits", [8, 16])
def test_gray_in_either_byte_order_with_either_end_white(order, big, photometric, bits):
    stored = drawing() if photometric == 1 else 255 - drawing()
    samples = (stored.astype(np.uint16) * 257).astype(order + "u2") if bits == 16 else stored
    for compression, pack in ((1, bytes), (8, zlib.compress)):
        tags = {**plain_tags(stored, photometric, bits), 259: (3, [compression])}
        p = page(tiff((tags, [pack(samples.tobytes())]), order=order, big=big))
        assert np.array_equal(p.gray(), drawing())
        assert p.colour().ndim == 2


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_grays(bits, photometric):
    levels = drawing() >> (8 - bits)
    stored = levels if photometric == 1 else (1 << bits) - 1 - levels
    digits = np.unpackbits(stored[:, :, None], axis=2)[:, :, 8 - bits :].reshape(280, -1)
    p = page(tiff((plain_tags(drawing(), photometric, bits), [packed(digits)])))
    assert np.array_equal(p.gray(), levels * (255 // ((1 << bits) - 1)))


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("reverse", [False, True])
def test_fax_bits_in_either_order(photometric, reverse):
    """A strip that Pillow wrote black at zero: read as white at zero it is the negative."""
    strip = strip_of(saved(Image.fromarray(BITONAL), "TIFF", compression="group4", tiffinfo={278: 280}))
    tags = {**plain_tags(drawing(), photometric, 1), 259: (3, [4]), 266: (3, [2 if reverse else 1])}
    p = page(tiff((tags, [reverse_bits(strip) if reverse else strip])))
    assert np.array_equal(p.gray(), BLACK_AND_WHITE if photometric == 1 else 255 - BLACK_AND_WHITE)


def test_sixteen_bit_colour():
    wide = (colourful().astype(np.uint16) * 257).astype("<u2")
    for compression, pack in ((1, bytes), (8, zlib.compress)):
        tags = {**plain_tags(colourful(), 2, 16), 259: (3, [compression])}
        assert np.array_equal(page(tiff((tags, [pack(wide.tobytes())]))).colour(), colourful())
        planes = [pack(wide[:, :, i].tobytes()) for i in range(3)]
        assert problem(tiff(({**tags, 284: (3, [2])}, planes))).reason == Reason.UNSUPPORTED_FILE


@pytest.mark.parametrize(("compression", "pack"), [(1, bytes), (8, zlib.compress)])
def test_colours_in_planes(compression, pack):
    halves = [pack(colourful()[r, :, i].tobytes()) for i in range(3) for r in (slice(0, 150), slice(150, 280))]
    tags = {**plain_tags(colourful(), 2), 259: (3, [compression]), 284: (3, [2]), 278: (3, [150])}
    assert np.array_equal(page(tiff((tags, halves))).colour(), colourful())
    assert problem(tiff((tags, halves[:5]))).reason == Reason.UNREADABLE_FILE


def test_palette():
    few = Image.fromarray(colourful()).quantize(16)
    for compression in ("tiff_lzw", None):
        p = page(saved(few, "TIFF", compression=compression))
        assert np.array_equal(p.colour(), np.asarray(few.convert("RGB")))


def test_a_bitonal_palette_is_gray():
    colour_map = [0, 65535] * 3
    p = page(tiff(({**plain_tags(drawing(), 3, 1), 320: (3, colour_map)}, [packed(BITONAL)])))
    assert np.array_equal(p.colour(), BLACK_AND_WHITE)


def test_inks_become_colours():
    image = Image.fromarray(colourful()).convert("CMYK")
    for compression in ("tiff_lzw", None):
        assert np.array_equal(page(saved(image, "TIFF", compression=compression)).colour(), colourful())
    wide = (np.asarray(image).astype(np.uint16) * 257).astype("<u2").tobytes()
    assert np.array_equal(page(tiff((plain_tags(np.asarray(image), 5, 16), [wide]))).colour(), colourful())


def test_lab_becomes_colours():
    white, gray, red = (255, 0, 0), (136, 0, 0), (136, 81, 70)
    lab = np.zeros((30, 20, 3), np.uint8)
    lab[:10], lab[10:20], lab[20:] = white, gray, red
    colour = page(tiff((plain_tags(lab, 8), [lab.tobytes()]))).colour()
    assert (colour[5] >= 253).all()
    assert np.ptp(colour[15].astype(int), axis=1).max() <= 3 and 120 < colour[15].mean() < 140
    assert colour[25, 0, 0] > 200 > 60 > colour[25, 0, 2]


@pytest.mark.parametrize(("extra", "clear"), [(1, 255), (2, 255), (0, 0)])
def test_alpha_lies_on_white_paper(extra, clear):
    alpha = np.full((280, 200, 1), 255, np.uint8)
    alpha[:100] = 0
    stored = np.dstack([colourful(), alpha])
    stored[:100, :, :3] = 0
    colour = page(tiff(({**plain_tags(stored, 2), 338: (3, [extra])}, [stored.tobytes()]))).colour()
    assert (colour[:100] == clear).all()
    assert np.array_equal(colour[100:], colourful()[100:])


def test_uncompressed_ycbcr():
    ycc = np.asarray(Image.fromarray(colourful()).convert("YCbCr"))
    whole = {**plain_tags(ycc, 6), 530: (3, [1, 1])}
    assert np.abs(page(tiff((whole, [ycc.tobytes()]))).colour().astype(int) - colourful()).max() <= 3
    assert problem(tiff((plain_tags(ycc, 6), [ycc.tobytes()]))).reason == Reason.UNSUPPORTED_FILE


@pytest.mark.parametrize("pixels", [drawing(), colourful()])
@pytest.mark.parametrize("rows", [16, 64, 280])
def test_jpeg_in_strips(pixels, rows):
    data = saved(pixels, "TIFF", compression="jpeg", quality=95, tiffinfo={278: rows})
    with Image.open(io.BytesIO(data)) as image:
        assert len(image.tag_v2[273]) == -(-280 // rows)
        expected = np.asarray(image.convert("L" if pixels.ndim == 2 else "RGB"), np.int16)
    p = page(data)
    assert p.colour().shape == pixels.shape
    assert np.abs(p.colour() - expected).max() <= 2


def test_jpeg_whose_components_are_red_green_blue():
    strips = [rgb_jpeg(colourful()[r]) for r in (slice(0, 144), slice(144, 280))]
    tags = {**plain_tags(colourful(), 2), 259: (3, [7]), 278: (3, [144])}
    assert np.abs(page(tiff((tags, strips))).colour().astype(int) - colourful()).mean() < 3


def test_jpeg_in_tiles_is_read_by_libtiff():
    wide, high = colourful(256, 288), (0, 144)
    tiles = [saved(wide[y : y + 144, x : x + 128], "JPEG", quality=95, subsampling=0) for y in high for x in (0, 128)]
    tags = {**plain_tags(wide, 6), 259: (3, [7]), 322: (3, [128]), 323: (3, [144]), 530: (3, [1, 1])}
    tags.pop(278)
    assert np.abs(page(tiff((tags, tiles))).colour().astype(int) - wide).mean() < 3


def test_damaged_jpeg_in_strips_is_found():
    strips = [saved(drawing()[r], "JPEG", quality=95) for r in (slice(0, 144), slice(144, 280))]
    tags = {**plain_tags(drawing(), 1), 259: (3, [7]), 278: (3, [144])}
    assert page(tiff((tags, strips))).gray().shape == (280, 200)
    for broken in (strips[1][:-500], strips[1][:-500] + b"\xff\xd9", strips[0][:2] + strips[1][700:], b""):
        assert problem(tiff((tags, [strips[0], broken]))).reason == Reason.UNREADABLE_FILE
    assert problem(tiff((tags, [strips[1], strips[0][:-2]]))).reason == Reason.UNREADABLE_FILE


def test_jpeg_of_the_old_kind():
    whole = saved(drawing(), "JPEG", quality=95, dpi=(100, 100))
    tags = {**plain_tags(drawing(), 1), 259: (3, [6]), 282: (5, [300, 1]), 283: (5, [300, 1]), 274: (3, [6])}
    data = tiff(({**tags, 513: (4, [8]), 514: (4, [len(whole)])}, [whole]))
    p = page(data)
    assert (p.width_px, p.height_px, p.dpi, p.format, p.own) == (280, 200, 300, "tiff", None)
    assert np.abs(np.rot90(p.gray()).astype(int) - drawing()).mean() < 3
    assert problem(tiff((tags, [whole]))).reason == Reason.UNSUPPORTED_FILE


def test_tiles():
    pixels = drawing(256, 288)
    tiles = [pixels[y : y + 144, x : x + 128].tobytes() for y in (0, 144) for x in (0, 128)]
    tags = {**plain_tags(pixels, 1), 322: (3, [128]), 323: (3, [144])}
    tags.pop(278)
    assert np.array_equal(page(tiff((tags, tiles))).gray(), pixels)
    assert problem(tiff((tags, [*tiles[:3], tiles[3][:-1]]))).reason == Reason.UNREADABLE_FILE
    assert problem(tiff((tags, tiles[:3]))).reason == Reason.UNREADABLE_FILE
    huge = {**tags, 322: (4, [1_000_000]), 323: (4, [1_000_000])}
    assert problem(tiff((huge, tiles))).reason == Reason.TOO_LARGE
    assert problem(tiff(({**tags, 322: (3, [0])}, tiles))).reason == Reason.UNREADABLE_FILE


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(orientation):
    data = saved(drawing(), "TIFF", compression="tiff_lzw", tiffinfo={274: orientation})
    exif = Image.Exif()
    exif[274] = orientation
    jpeg = io.BytesIO()
    Image.fromarray(drawing()).save(jpeg, "PNG", exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(jpeg)))
    p = page(data)
    assert (p.height_px, p.width_px) == expected.shape
    assert np.array_equal(p.gray(), expected)


@pytest.mark.parametrize(
    ("unit", "x", "y", "dpi"),
    [
        (2, [300, 1], [300, 1], 300),
        (3, [118, 1], [118, 1], 299.72),
        (1, [300, 1], [300, 1], None),
        (2, [204, 1], [196, 1], None),
        (2, [300, 0], [300, 1], None),
        (2, [2**32 - 1, 1], [2**32 - 1, 1], None),
    ],
)
def test_dpi(unit, x, y, dpi):
    tags = {**plain_tags(drawing(), 1), 282: (5, x), 283: (5, y), 296: (3, [unit])}
    assert page(tiff((tags, [drawing().tobytes()]))).dpi == dpi
    assert page(tiff((plain_tags(drawing(), 1), [drawing().tobytes()]))).dpi is None


def test_sizes_of_strips_that_old_writers_left_out():
    rows = [drawing()[r].tobytes() for r in (slice(0, 100), slice(100, 200), slice(200, 280))]
    tags = {**plain_tags(drawing(), 1), 278: (3, [100])}
    for sizes in ([], [0, 0, 0]):
        assert np.array_equal(page(tiff(({**tags, 279: (4, sizes)}, rows))).gray(), drawing())
    endless = {**plain_tags(drawing(), 1), 278: (4, [2**32 - 1])}
    assert np.array_equal(page(tiff((endless, [drawing().tobytes()]))).gray(), drawing())
