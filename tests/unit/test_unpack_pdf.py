"""PDF: the scan in it as it is, and everything else painted in full or not at all."""

import io
import re
import struct
import time
import zlib

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from scanpipe.model import Reason
from scanpipe.stages.unpack import Document, Limits, Page, Problem, count_pages, load_page, open_document
from tests.unit.unpack_files import (
    FILL,
    LIMITS,
    colourful,
    drawing,
    exif,
    gray_or_problem,
    image_entries,
    page,
    pdf,
    pdf_stream,
    problem,
    rgb_jpeg,
    saved,
)

GRAY_JPEG = saved(drawing(), "JPEG", quality=90)
COLOUR_JPEG = saved(colourful(), "JPEG", quality=90)
GRAY_ENTRIES = image_entries(drawing(), "/DCTDecode")
SCAN = pdf(("", FILL, {"Im0": (GRAY_ENTRIES, GRAY_JPEG)}))
BITONAL = drawing() > 128
PACKED = np.packbits(BITONAL, axis=1).tobytes()


def scan(jpeg: bytes = GRAY_JPEG, *, content: str = FILL, page_entries: str = "", image: str = GRAY_ENTRIES) -> bytes:
    return pdf((page_entries, content, {"Im0": (image, jpeg)}))


def flate(pixels: np.ndarray, entries: str) -> bytes:
    height, width = pixels.shape[:2]
    about = f"/Width {width} /Height {height} /Filter /FlateDecode {entries}"
    return pdf(("", FILL, {"Im0": (about, zlib.compress(pixels.tobytes()))}))


def bitonal(entries: str) -> bytes:
    about = f"/Width 200 /Height 280 /BitsPerComponent 1 /Filter /FlateDecode {entries}"
    return pdf(("", FILL, {"Im0": (about, zlib.compress(PACKED))}))


def decoded(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)))


def as_viewers_show_it(data: bytes, width: int, height: int) -> np.ndarray:
    """The first page, painted by PDFium."""
    with pdfium.PdfDocument(data) as document:
        shown = document[0].render(scale=max(width / document[0].get_width(), height / document[0].get_height()))
        return np.asarray(shown.to_pil().convert("L").resize((width, height)))


def far_apart(a: np.ndarray, b: np.ndarray) -> float:
    """Mean difference, after smoothing what resampling changes."""
    small = [np.asarray(Image.fromarray(x).resize((50, 70), Image.Resampling.BOX), np.int16) for x in (a, b)]
    return float(np.abs(small[0] - small[1]).mean())


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


def drawn(**options: object) -> bytes:
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, pagesize=(595.28, 841.89), **options)
    sheet.rect(100, 700, 200, 100, fill=1)
    sheet.drawString(100, 600, "Oppgave 2a: Skissér løsningen")
    sheet.showPage()
    sheet.showPage()
    sheet.save()
    return buffer.getvalue()


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
    assert time.perf_counter() - started < 0.25
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
    assert time.perf_counter() - started < 0.25
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
