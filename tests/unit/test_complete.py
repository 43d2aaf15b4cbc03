"""Whole files are told from cut ones, of every kind, at every place of the cut; hostile ones cost little."""

from __future__ import annotations

import io
import struct
import time
from functools import cache

import pillow_heif
import pypdfium2 as pdfium
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin
from reportlab.pdfgen.canvas import Canvas

from scanpipe.stages.complete import Completeness, completeness

COMPLETE, SO_FAR = Completeness.COMPLETE, Completeness.SO_FAR
INCOMPLETE, CANNOT_TELL = Completeness.INCOMPLETE, Completeness.CANNOT_TELL


def judge(data: bytes) -> Completeness:
    return completeness(io.BytesIO(data), len(data))


def picture(mode: str = "L", width: int = 120) -> Image.Image:
    return Image.effect_noise((width, 90), 80).convert(mode)


def saved(mode: str, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture(mode).save(out, kind, **options)
    return out.getvalue()


def heic() -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(picture("RGB")).save(out, quality=60)
    return out.getvalue()


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def jpeg_with_thumbnail() -> bytes:
    plain = saved("RGB", "JPEG")
    return plain[:2] + segment(0xE1, b"Exif\0\0" + saved("L", "JPEG", quality=20)) + plain[2:]


def pdf(pages: int = 2) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    for number in range(pages):
        canvas.drawString(100, 100, f"side {number}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def pdf_of_pdfium() -> bytes:
    document = pdfium.PdfDocument.new()
    document.new_page(200, 300)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def tiff_pages(**options: object) -> bytes:
    out = io.BytesIO()
    pages = [picture("1") for _ in range(3)]
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], compression="group4", **options)
    return out.getvalue()


@cache
def whole() -> dict[str, tuple[bytes, Completeness]]:
    """Every kind of whole file, with what it must be called."""
    return {
        "jpeg gray": (saved("L", "JPEG"), COMPLETE),
        "jpeg colour progressive": (saved("RGB", "JPEG", progressive=True), COMPLETE),
        "jpeg cmyk": (saved("CMYK", "JPEG"), COMPLETE),
        "jpeg with thumbnail": (jpeg_with_thumbnail(), COMPLETE),
        "jpeg with large profile": (saved("L", "JPEG", icc_profile=b"p" * 200_000), COMPLETE),
        "png": (saved("L", "PNG"), COMPLETE),
        "png bitonal": (saved("1", "PNG"), COMPLETE),
        "heic": (heic(), COMPLETE),
        "tiff": (saved("L", "TIFF"), SO_FAR),
        "tiff lzw": (saved("RGB", "TIFF", compression="tiff_lzw"), SO_FAR),
        "tiff jpeg": (saved("RGB", "TIFF", compression="jpeg"), SO_FAR),
        "tiff many strips": (saved("L", "TIFF", strip_size=120), SO_FAR),
        "tiff pages": (tiff_pages(), SO_FAR),
        "tiff big": (tiff_pages(big_tiff=True), SO_FAR),
        "tiff motorola": (motorola_tiff(), SO_FAR),
        "tiff big motorola": (motorola_bigtiff(), SO_FAR),
        "pdf": (pdf(), SO_FAR),
        "pdf of pdfium": (pdf_of_pdfium(), SO_FAR),
    }


def motorola_tiff(offsets: tuple[int, ...] = (8, 12), lengths: tuple[int, ...] = (4, 4), following: int = 0) -> bytes:
    """Two strips of four bytes at 8 and 12; the directory at 16, the values outside it behind that."""
    outside_at = 16 + 2 + 2 * 12 + 4
    entries = struct.pack(">HHII", 273, 4, len(offsets), outside_at)
    entries += struct.pack(">HHII", 279, 4, len(lengths), outside_at + 4 * len(offsets))
    values = struct.pack(f">{len(offsets) + len(lengths)}I", *offsets, *lengths)
    return (
        b"MM\0*"
        + struct.pack(">I", 16)
        + b"pictures"
        + struct.pack(">H", 2)
        + entries
        + struct.pack(">I", following)
        + values
    )


def motorola_bigtiff() -> bytes:
    """One strip of eight bytes at 16, lengths as SHORT within the entry; the directory at 24."""
    entries = struct.pack(">HHQQ", 273, 16, 1, 16) + struct.pack(">HHQH6x", 279, 3, 1, 8)
    return b"MM\0+\0\x08\0\0" + struct.pack(">Q", 24) + b"pictures" + struct.pack(">Q", 2) + entries + bytes(8)


@pytest.mark.parametrize("name", whole())
def test_a_whole_file_is_complete(name: str) -> None:
    data, expected = whole()[name]
    assert judge(data) is expected


@pytest.mark.parametrize("name", [name for name in whole() if name not in ("tiff pages", "tiff big")])
def test_no_beginning_of_a_file_is_complete(name: str) -> None:
    data, _ = whole()[name]
    step = max(1, len(data) // 400)
    cuts = [cut for cut in (*range(0, len(data), step), len(data) - 2) if data[cut:].strip(b"\0\r\n")]
    told = {cut: judge(data[:cut]) for cut in cuts}
    assert {cut: verdict for cut, verdict in told.items() if verdict is not INCOMPLETE} == {}


@pytest.mark.parametrize("name", ["tiff pages", "tiff big"])
def test_a_tiff_cut_anywhere_in_its_pages_is_incomplete(name: str) -> None:
    data, _ = whole()[name]
    assert {judge(data[:cut]) for cut in range(1, len(data) - 16)} == {INCOMPLETE}


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_file() -> None:
    data = jpeg_with_thumbnail()
    cut = data.index(b"\xff\xd9") + 2
    assert cut < len(data) / 2
    assert judge(data[:cut]) is INCOMPLETE


@pytest.mark.parametrize("name", ["jpeg gray", "png", "pdf", "tiff"])
def test_zeros_behind_the_end_are_padding(name: str) -> None:
    data, expected = whole()[name]
    assert judge(data + bytes(64 * 1024)) is expected


@pytest.mark.parametrize("name", ["jpeg gray", "png"])
def test_something_else_behind_the_end_leaves_it_open(name: str) -> None:
    data, _ = whole()[name]
    assert judge(data + b"a maker's note") is CANNOT_TELL
    assert judge(data + b"n" * 300_000) is INCOMPLETE


@pytest.mark.parametrize("name", ["jpeg gray", "jpeg with thumbnail", "png", "pdf"])
def test_space_reserved_but_not_yet_written_is_incomplete(name: str) -> None:
    data, _ = whole()[name]
    step = max(1, len(data) // 200)
    assert {judge(data[:n] + bytes(len(data) - n + 5_000)) for n in range(0, len(data) - 30, step)} == {INCOMPLETE}


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x89PN", b"II", b"MM\0", b"%PD", b"%PDF-"])
def test_less_than_a_beginning_is_incomplete(data: bytes) -> None:
    assert judge(data) is INCOMPLETE


@pytest.mark.parametrize("data", [b"hi", b"GIF89a" + b"x" * 50, b"PK\3\4" + b"x" * 90, b"BM" + b"x" * 99, b"IIRO" * 9])
def test_other_kinds_cannot_be_told(data: bytes) -> None:
    assert judge(data) is CANNOT_TELL


def test_a_tiff_whose_first_directory_is_not_placed_yet_is_incomplete() -> None:
    assert judge(b"II*\0" + bytes(4) + b"strip after strip") is INCOMPLETE


@pytest.mark.parametrize(
    ("offsets", "lengths", "expected"),
    [
        ((8, 12), (4, 4), SO_FAR),
        ((8, 0), (4, 4), INCOMPLETE),
        ((8, 12), (4, 500), INCOMPLETE),
        ((8, 600), (4, 0), INCOMPLETE),
        ((8, 2**32 - 1), (4, 2**32 - 1), INCOMPLETE),
        ((8, 12), (4,), SO_FAR),
    ],
)
def test_every_strip_of_a_tiff_lies_within_it(
    offsets: tuple[int, ...], lengths: tuple[int, ...], expected: object
) -> None:
    assert judge(motorola_tiff(offsets, lengths)) is expected


def test_a_tiff_whose_directory_is_reserved_but_not_written_is_incomplete() -> None:
    assert judge(motorola_tiff()[:16] + bytes(5_000)) is INCOMPLETE


def test_a_tiff_whose_next_page_is_still_to_come_is_incomplete() -> None:
    assert judge(motorola_tiff(following=5_000)) is INCOMPLETE


def test_a_tiff_that_chases_its_tail_cannot_be_told() -> None:
    assert judge(motorola_tiff(following=16)) is CANNOT_TELL


def test_a_tiff_being_appended_to_is_complete_at_the_end_of_each_page() -> None:
    out = io.BytesIO()
    for _ in range(3):
        with TiffImagePlugin.AppendingTiffWriter(out) as writer:
            picture("1").save(writer, "TIFF")
        assert judge(out.getvalue()) is SO_FAR


def test_a_pdf_whose_pointer_misses_cannot_be_told() -> None:
    data = pdf()
    at = data.rindex(b"startxref") + 10
    end = data.index(b"\n", at)
    assert judge(data[:at] + b"12" + data[end:]) is CANNOT_TELL
    assert judge(data[:at] + b"99999999" + data[end:]) is CANNOT_TELL
    assert judge(data[:at] + b"0" + data[end:]) is INCOMPLETE


def hostile() -> dict[str, bytes]:
    many_segments = b"\xff\xd8" + b"\xff\xe0\0\2" * 2_000_000
    directories = b"".join(struct.pack("<HHHIII", 1, 256, 3, 1, 7, 8 + 18 * (i + 1)) for i in range(400_000))
    entries = struct.pack("<H", 900) + struct.pack("<HHII", 273, 3, 4_000_000, 8) * 900 + bytes(4)
    return {
        "jpeg of empty segments": many_segments,
        "jpeg of fill bytes": b"\xff\xd8" + b"\xff" * 5_000_000,
        "tiff of directories": b"II*\0" + struct.pack("<I", 8) + directories,
        "tiff of one array": b"II*\0" + struct.pack("<I", 9_000_000) + b"\1" * (9_000_000 - 8) + entries,
        "bigtiff of a huge count": b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**63) + b"x" * 100,
    }


@pytest.mark.parametrize("name", hostile())
def test_a_hostile_file_costs_little(name: str) -> None:
    data = hostile()[name]
    started_s = time.process_time()
    verdict = judge(data)
    assert time.process_time() - started_s < 2
    assert verdict is CANNOT_TELL


MAGICS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"%PDF-", b"")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(MAGICS), st.binary(max_size=400), st.integers(-50, 2**62))
@example(b"II+\0", b"\x08\0\0\0" + b"\xff" * 8, 2**62)
@example(b"MM\0*", b"\0\0\0\x08", 2**62)
def test_no_bytes_make_it_raise(magic: bytes, rest: bytes, more: int) -> None:
    data = magic + rest
    assert isinstance(completeness(io.BytesIO(data), max(0, len(data) + more)), Completeness)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(whole())), st.data())
def test_no_damage_makes_it_raise(name: str, data: st.DataObject) -> None:
    body = bytearray(whole()[name][0])
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(judge(bytes(body)), Completeness)
