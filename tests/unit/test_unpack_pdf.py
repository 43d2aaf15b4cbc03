"""PDF: the scan in it as it is, and everything else painted."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from scanpipe.model import Reason
from scanpipe.stages.unpack import Limits, Problem, count_pages
from tests.unit.unpack_files import (
    FILL,
    LIMITS,
    colourful,
    drawing,
    exif,
    image_entries,
    page,
    pdf,
    pdf_stream,
    rgb_jpeg,
    saved,
)
from tests.unit.unpack_pdfs import (
    BITONAL,
    COLOUR_JPEG,
    GRAY_ENTRIES,
    GRAY_JPEG,
    SCAN,
    as_viewers_show_it,
    bitonal,
    decoded,
    drawn,
    far_apart,
    flate,
    scan,
)


def test_a_scan_keeps_its_bytes():
    p = page(SCAN)
    assert (p.width_px, p.height_px, p.dpi, p.format) == (200, 280, 72, "pdf")
    assert p.own == (GRAY_JPEG, "image/jpeg")
    assert np.array_equal(p.gray(), decoded(GRAY_JPEG))
    assert p.gray(4).shape == (70, 50)


def test_a_colour_scan():
    p = page(scan(COLOUR_JPEG, image=image_entries(colourful(), "/DCTDecode")))
    assert p.own == (COLOUR_JPEG, "image/jpeg")
    assert np.array_equal(p.colour(), decoded(COLOUR_JPEG))


def test_resolution_is_that_of_the_placement():
    wide = "q 96 0 0 134.4 0 0 cm /Im0 Do Q"
    assert page(pdf(("/MediaBox [0 0 96 134.4]", wide, {"Im0": (GRAY_ENTRIES, GRAY_JPEG)}))).dpi == 150
    stretched = "q 96 0 0 200 0 0 cm /Im0 Do Q"
    assert page(pdf(("/MediaBox [0 0 96 200]", stretched, {"Im0": (GRAY_ENTRIES, GRAY_JPEG)}))).dpi is None


PLACEMENTS = {
    "upright": "200 0 0 280 0 0",
    "mirrored": "-200 0 0 280 200 0",
    "upside down": "-200 0 0 -280 200 280",
    "flipped": "200 0 0 -280 0 280",
    "transposed": "0 -280 -200 0 200 280",
    "turned right": "0 -280 200 0 0 280",
    "turned left": "0 280 -200 0 200 0",
    "transverse": "0 280 200 0 0 0",
}


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_every_placement_comes_out_as_viewers_show_it(placement, turn):
    content = f"q {PLACEMENTS[placement]} cm /Im0 Do Q"
    data = scan(content=content, page_entries=f"/Rotate {turn}")
    p = page(data)
    assert far_apart(p.gray(), as_viewers_show_it(data, p.width_px, p.height_px)) < 3
    stored = decoded(GRAY_JPEG)
    same_pixels = [np.rot90(m, k) for m in (stored, stored[:, ::-1]) for k in range(4)]
    assert any(np.array_equal(p.gray(), s) for s in same_pixels)
    assert (p.own is not None) == (np.array_equal(p.gray(), stored))


def test_viewers_do_not_look_at_exif_and_browsers_do():
    turned = saved(drawing(), "JPEG", quality=90, exif=exif(6))
    p = page(scan(turned))
    assert np.array_equal(p.gray(), decoded(turned))
    assert p.own is None


@pytest.mark.parametrize(
    "content",
    [
        FILL + " BT 3 Tr /F1 12 Tf 20 100 Td (recognised) Tj ET",
        "BT 3 Tr /F1 12 Tf 20 100 Td (recognised) Tj ET " + FILL,
        "BT /F1 12 Tf 20 100 Td (hidden under the scan) Tj ET " + FILL,
        "1 1 1 rg 0 0 200 280 re f " + FILL,
        "q 0 0 200 280 re W n " + FILL + " Q",
    ],
)
def test_what_cannot_be_seen_changes_nothing(content):
    assert page(scan(content=content)).own == (GRAY_JPEG, "image/jpeg")


@pytest.mark.parametrize(
    ("content", "page_entries"),
    [
        (FILL + " BT /F1 40 Tf 20 100 Td (stamped) Tj ET", ""),
        (FILL + " 0 0 0 rg 50 100 100 80 re f", ""),
        (FILL + " q 100 0 0 100 20 20 cm /Im0 Do Q", ""),
        ("q 0 0 100 280 re W n " + FILL + " Q", ""),
        ("q 150 60 -60 150 60 20 cm /Im0 Do Q", ""),
        ("q 100 0 0 140 50 70 cm /Im0 Do Q", ""),
        ("0 0 0 rg 0 0 200 280 re f q 190 0 0 266 5 7 cm /Im0 Do Q", ""),
        (FILL, "/CropBox [20 30 150 200]"),
        (FILL, "/Annots [<< /Type /Annot /Subtype /Square /Rect [50 50 150 150] /IC [0 0 0] /C [0 0 0] /F 4 >>]"),
    ],
)
def test_what_can_be_seen_is_painted(content, page_entries):
    data = scan(content=content, page_entries=page_entries)
    p = page(data)
    assert p.own is None
    assert far_apart(p.gray(), as_viewers_show_it(data, p.width_px, p.height_px)) < 3


def test_a_scan_within_white_margins_is_taken_without_them():
    p = page(scan(content="q 190 0 0 266 5 7 cm /Im0 Do Q"))
    assert p.own == (GRAY_JPEG, "image/jpeg")
    assert p.dpi == pytest.approx(75.79, abs=0.01)


def test_reversed_samples_are_reversed():
    data = scan(image=GRAY_ENTRIES + "/Decode [1 0]")
    p = page(data)
    assert p.own is None
    assert np.array_equal(p.gray(), 255 - decoded(GRAY_JPEG))
    assert p.colour().ndim == 2
    for straight in ("[0 1]", "[ 0.0 1.0 ]"):
        assert page(scan(image=GRAY_ENTRIES + f"/Decode {straight}")).own is not None


def test_components_that_only_the_pdf_names():
    about = image_entries(colourful(), "/DCTDecode")
    p = page(scan(rgb_jpeg(colourful()), image=about + "/DecodeParms << /ColorTransform 0 >>"))
    assert p.own is None
    assert np.abs(p.colour().astype(int) - colourful()).mean() < 3


MASKS = {
    "/SMask 3 0 R": pdf_stream(
        "/Type /XObject /Subtype /Image " + image_entries(drawing(), "/FlateDecode"),
        zlib.compress(bytes(140 * 200) + b"\xff" * 140 * 200),
    ),
    "/Mask 3 0 R": pdf_stream(
        "/Type /XObject /Subtype /Image /Width 1 /Height 2 /BitsPerComponent 1 /ImageMask true", b"\x80\0"
    ),
    "/Mask [0 120]": b"null",
}


@pytest.mark.parametrize("mask", MASKS)
def test_a_masked_image_is_painted(mask):
    data = pdf(
        ("", FILL, {"Im0": (image_entries(drawing(), "/FlateDecode", mask), zlib.compress(drawing()))}),
        third=MASKS[mask],
    )
    p = page(data)
    assert far_apart(p.gray(), as_viewers_show_it(data, 200, 280)) < 3
    assert far_apart(p.gray(), drawing()) > 3
    jpeg = pdf(("", FILL, {"Im0": (GRAY_ENTRIES + mask, GRAY_JPEG)}), third=MASKS[mask])
    assert page(jpeg).own is None


def test_a_stencil_is_painted():
    data = bitonal("/ImageMask true")
    p = page(data)
    assert np.abs(p.gray().astype(int) - BITONAL * 255).mean() < 2


def test_lossless_scans_come_out_exactly():
    gray = "/BitsPerComponent 8 /ColorSpace /DeviceGray"
    assert np.array_equal(page(flate(drawing(), gray)).gray(), drawing())
    rgb = page(flate(colourful(), "/BitsPerComponent 8 /ColorSpace /DeviceRGB"))
    assert np.array_equal(rgb.colour(), colourful())
    wide = (drawing().astype(np.uint16) * 257).astype(">u2")
    p = page(flate(wide, "/BitsPerComponent 16 /ColorSpace /DeviceGray"))
    assert np.abs(p.gray().astype(int) - drawing()).max() <= 1
    sixteenths = np.packbits(np.unpackbits(drawing()[:, :, None] >> 4, axis=2)[:, :, 4:].reshape(280, -1), axis=1)
    about = "/Width 200 /Height 280 /BitsPerComponent 4 /ColorSpace /DeviceGray /Filter /FlateDecode"
    p = page(pdf(("", FILL, {"Im0": (about, zlib.compress(sixteenths))})))
    assert np.array_equal(p.gray(), drawing() // 16 * 17)


def test_bitonal_scans_come_out_exactly_and_gray():
    for entries, expected in (
        ("/ColorSpace /DeviceGray", BITONAL),
        ("/ColorSpace /DeviceGray /Decode [1 0]", ~BITONAL),
        ("/ColorSpace [/Indexed /DeviceRGB 1 <000000ffffff>]", BITONAL),
        ("/ColorSpace [/Indexed /DeviceRGB 1 <ffffff000000>]", ~BITONAL),
    ):
        p = page(bitonal(entries))
        assert np.array_equal(p.colour(), expected * np.uint8(255)), entries
        assert (p.dpi, p.own) == (72, None)


def group4(pixels: np.ndarray) -> bytes:
    """Black is 0 in the strip as Pillow writes it: the strip of the negative has black as 1, as in a fax."""
    data = saved(Image.fromarray(~pixels), "TIFF", compression="group4", tiffinfo={278: pixels.shape[0]})
    with Image.open(io.BytesIO(data)) as image:
        return data[image.tag_v2[273][0] :][: image.tag_v2[279][0]]


def test_fax_compression():
    about = "/Width 200 /Height 280 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /CCITTFaxDecode"
    params = "/DecodeParms << /K -1 /Columns 200 /Rows 280 /BlackIs1 false >>"
    p = page(pdf(("", FILL, {"Im0": (f"{about} {params}", group4(BITONAL))})))
    assert np.array_equal(p.gray(), BITONAL * np.uint8(255))


def test_jbig2():
    """A generic region whose bitmap is coded as in group 4 (ITU-T T.88, 6.2.6)."""
    region = struct.pack(">IIIIBB", 200, 280, 0, 0, 0, 1) + group4(BITONAL)
    info = struct.pack(">IIIIBH", 200, 280, 0, 0, 0, 0)
    data = b"".join(
        struct.pack(">IBBBI", number, kind, 0, 1, len(body)) + body
        for number, kind, body in ((0, 48, info), (1, 38, region))
    )
    about = "/Width 200 /Height 280 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /JBIG2Decode"
    assert np.array_equal(page(pdf(("", FILL, {"Im0": (about, data)}))).gray(), BITONAL * np.uint8(255))


def test_jpeg_2000():
    data = pdf(("", FILL, {"Im0": ("/Width 200 /Height 280 /Filter /JPXDecode", saved(colourful(), "JPEG2000"))}))
    assert np.array_equal(page(data).colour(), colourful())


@pytest.mark.parametrize("decode", ["", "/Decode [1 0 1 0 1 0 1 0]"])
def test_inks(decode):
    jpeg = saved(Image.fromarray(colourful()).convert("CMYK"), "JPEG", quality=95)
    about = f"/Width 200 /Height 280 /BitsPerComponent 8 /ColorSpace /DeviceCMYK /Filter /DCTDecode {decode}"
    data = scan(jpeg, image=about)
    p = page(data)
    assert p.own is None
    assert far_apart(p.gray(), as_viewers_show_it(data, 200, 280)) < 2


def test_a_scan_in_strips_is_painted_in_its_own_resolution():
    pixels = drawing(400, 560)
    strips = {
        f"S{i}": (image_entries(pixels[:140], "/FlateDecode"), zlib.compress(pixels[140 * i : 140 * i + 140].tobytes()))
        for i in range(4)
    }
    content = " ".join(f"q 200 0 0 70 0 {210 - 70 * i} cm /S{i} Do Q" for i in range(4))
    p = page(pdf(("", content, strips)))
    assert (p.width_px, p.height_px, p.dpi, p.own) == (400, 560, 144, None)
    assert np.abs(p.gray().astype(int) - pixels).mean() < 1


def test_a_drawn_page_is_painted_on_white():
    p = page(drawn())
    assert (p.width_px, p.height_px, p.dpi, p.own) == (2480, 3508, 300, None)
    assert p.colour().shape == (3508, 2480, 3)
    top, left = round((841.89 - 800) / 72 * 300), round(100 / 72 * 300)
    assert (p.gray()[top + 3 : top + 410, left + 3 : left + 830] == 0).all()
    assert (p.gray()[: top - 3] == 255).all()
    assert p.gray()[900:1020].min() == 0, "the text"
    coarse = page(drawn(), limits=Limits(render_dpi=150))
    assert (coarse.width_px, coarse.height_px, coarse.dpi) == (1240, 1754, 150)


def test_an_empty_page_is_white():
    assert count_pages(drawn(), LIMITS) == 2
    assert (page(drawn(), 2).gray() == 255).all()


def test_a_locked_document_is_unsupported_and_one_that_opens_is_not():
    locked = count_pages(drawn(encrypt=StandardEncryption("secret", "owner", canPrint=0)), LIMITS)
    assert isinstance(locked, Problem)
    assert locked.reason == Reason.UNSUPPORTED_FILE and "password" in locked.detail
    restricted = drawn(encrypt=StandardEncryption("", "owner", canPrint=0))
    assert np.array_equal(page(restricted).gray(8), page(drawn()).gray(8))


def test_a_scan_in_an_encrypted_document_that_opens():
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, pagesize=(200, 280), encrypt=StandardEncryption("", "owner"))
    sheet.drawImage(ImageReader(io.BytesIO(GRAY_JPEG)), 0, 0, 200, 280)
    sheet.save()
    p = page(buffer.getvalue())
    assert (p.width_px, p.height_px) == (200, 280)
    assert far_apart(p.gray(), decoded(GRAY_JPEG)) < 2


def test_a_scan_behind_two_filters():
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, pagesize=(200, 280))
    sheet.drawImage(ImageReader(io.BytesIO(GRAY_JPEG)), 0, 0, 200, 280)
    sheet.save()
    assert b"/ASCII85Decode /DCTDecode" in buffer.getvalue()
    jpeg = page(buffer.getvalue()).own
    assert jpeg is not None and jpeg[0].rstrip(b"\0") == GRAY_JPEG
