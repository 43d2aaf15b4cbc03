"""What every barcode reader promises, whichever it is: the same suite over all of them."""

import math

import cv2
import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, arrays

from scanpipe.codes import Kind
from scanpipe.model import Code
from scanpipe.readers import SYMBOLOGIES, Reader, names, open_reader
from scanpipe.sheets import matrix
from tests.helpers import PAPER, Canvas, Gray, rotated, symbol, text

QR = frozenset({"qr"})
ALL = frozenset(SYMBOLOGIES)
TEXT = text(Kind.SHEET)
MADE = {
    "qr": (zxingcpp.BarcodeFormat.QRCode, TEXT),
    "datamatrix": (zxingcpp.BarcodeFormat.DataMatrix, TEXT),
    "code128": (zxingcpp.BarcodeFormat.Code128, "Kandidat-10001"),
    "code39": (zxingcpp.BarcodeFormat.Code39, "KANDIDAT-10001"),
    "ean13": (zxingcpp.BarcodeFormat.EAN13, "4006381333931"),
    "itf": (zxingcpp.BarcodeFormat.ITF, "00012345678905"),
    "pdf417": (zxingcpp.BarcodeFormat.PDF417, TEXT),
    "aztec": (zxingcpp.BarcodeFormat.Aztec, TEXT),
}
# QR symbols that no encoder makes, version 1-L: 21 rows of 21 modules, 1 is black.
# Part 1 of 2 of a structured append ("A" of "AB"):
STRUCTURED_APPEND = (
    "1fc57f 104141 17545d 17415d 174b5d 104e41 1fd57f 001400 1df5c4 1d3aab 1e62e5 "
    "0abfb9 1766e5 00104e 1fd91d 105c40 175155 1746aa 1752e5 1057b9 1fdee5"
)
# Nothing but noughts, which is a symbol without a text:
NO_TEXT = (
    "1fc57f 104a41 17555d 174a5d 17455d 104a41 1fd57f 001a00 1df5c4 0aaaaa 155555 "
    "0aaaaa 155555 001aaa 1fd555 105aaa 175555 174aaa 175555 105aaa 1fd555"
)


@pytest.fixture(params=names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def reader(name: str) -> Reader:
    return open_reader(name)


def test_both_readers_are_registered_by_their_file_names() -> None:
    assert names() == ["zbar", "zxing"]


def test_a_reader_that_is_not_there() -> None:
    with pytest.raises(ModuleNotFoundError):
        open_reader("magic")


def card(content: str = TEXT) -> Gray:
    """A QR symbol of 20 mm at 200 dots per inch, alone on white."""
    canvas = Canvas(200)
    canvas.gray = np.full((500, 500), PAPER, np.uint8)
    canvas.symbol(matrix(content), 20, 20, 20)
    return canvas.gray


def true_corners(angle_deg: float, side: int) -> np.ndarray:
    """Of the symbol on `card` turned clockwise, as pixels of the turned picture of this side."""
    corners = np.array([(20, 20), (40, 20), (40, 40), (20, 40)]) * 200 / 25.4 - 0.5 - 249.5
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return corners @ np.array([[c, s], [-s, c]]) + (side - 1) / 2


@pytest.mark.parametrize("angle", [0, 10, 30, 80, 90, 105, 120, 165, 180, 200, 240, 270, 300, 345])
def test_a_symbol_is_read_at_every_angle_and_its_corners_are_told_in_its_own_order(
    reader: Reader, name: str, angle: int
) -> None:
    picture = rotated(card(), angle)
    for look in (reader.look, reader.search):
        (code,) = look(picture, QR)
        assert (code.text, code.symbology, code.reader, code.help) == (TEXT, "qr", name, None)
        apart = np.hypot(*(np.array(code.corners) - true_corners(angle, len(picture))).T)
        assert apart.max() < 3.0  # of 157 pixels a side


def test_corners_and_texts_are_plain_values(reader: Reader) -> None:
    (code,) = reader.search(card(), QR)
    assert all(type(v) is float for corner in code.corners for v in corner)
    assert type(code.text) is str and isinstance(code.corners, tuple) and hash(code) is not None


@pytest.mark.parametrize("symbology", SYMBOLOGIES)
def test_a_symbology_is_read_to_the_letter_or_passed_over(reader: Reader, symbology: str) -> None:
    format, content = MADE[symbology]
    picture = symbol(content, format, scale=4)
    for asked in (frozenset({symbology}), ALL):
        found = reader.search(picture, asked)
        assert [(c.text, c.symbology) for c in found] in ([], [(content, symbology)])
    assert reader.search(picture, ALL - {symbology}) == []


@pytest.mark.parametrize("symbology", SYMBOLOGIES)
def test_every_symbology_has_a_reader(symbology: str) -> None:
    format, content = MADE[symbology]
    picture = symbol(content, format, scale=4)
    found = [c.text for n in names() for c in open_reader(n).search(picture, frozenset({symbology}))]
    assert content in found


def test_nothing_is_found_that_was_not_asked_for(reader: Reader) -> None:
    for asked in (frozenset(), frozenset({"no such thing"}), frozenset({"datamatrix"})):
        assert reader.look(card(), asked) == reader.search(card(), asked) == []


def test_the_same_text_at_two_places_is_two_codes(reader: Reader) -> None:
    for look in (reader.look, reader.search):
        found = look(np.hstack([card(), card()]), QR)
        assert [c.text for c in found] == [TEXT, TEXT]
        assert abs(found[0].corners[0][0] - found[1].corners[0][0]) > 400


def test_control_characters_and_signs_come_back_as_they_are(reader: Reader) -> None:
    content = "a\x1db\tc<GS>\\{}&%"
    picture = symbol(content, zxingcpp.BarcodeFormat.QRCode)
    assert [c.text for c in reader.search(picture, QR)] == [content]


@pytest.mark.parametrize("format", [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix], ids=str)
@pytest.mark.parametrize("content", ["Åse Ødegård, Ærfugl", "Łódź Жук 山"])
def test_the_first_reader_knows_letters_of_all_alphabets(content: str, format: zxingcpp.BarcodeFormat) -> None:
    found = open_reader("zxing").search(symbol(content, format), frozenset({"qr", "datamatrix"}))
    assert [c.text for c in found] == [content]


def test_pictures_that_are_no_plain_block_of_memory(reader: Reader) -> None:
    twice = np.repeat(np.repeat(card(), 2, axis=0), 2, axis=1)
    fixed = card()
    fixed.flags.writeable = False
    for picture in (twice[::2, ::2], np.asfortranarray(card()), card()[:, ::-1][:, ::-1], fixed):
        assert [c.text for c in reader.look(picture, QR)] == [TEXT]


def test_a_picture_is_left_as_it_was(reader: Reader) -> None:
    picture = card()
    reader.search(picture, ALL)
    assert np.array_equal(picture, card())


SHAPES = [(0, 0), (0, 10), (10, 0), (1, 1), (2, 2), (3, 3), (1, 5000), (5000, 2), (3, 4000), (4000, 5)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("level", [0, 255])
def test_pictures_that_are_too_small_for_anything(reader: Reader, shape: tuple[int, int], level: int) -> None:
    picture = np.full(shape, level, np.uint8)
    assert reader.look(picture, ALL) == reader.search(picture, ALL) == []


@settings(max_examples=30, deadline=None)
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=60)))
def test_no_array_is_too_odd(picture: Gray) -> None:
    for name in names():
        assert open_reader(name).search(picture, ALL) == []


def hatched(seed: int, side: int = 500) -> Gray:
    """One to three layers of pen strokes, nearly parallel and nearly evenly spaced, as people shade a drawing."""
    rng = np.random.default_rng(seed)
    page = np.full((side, side), 240, np.uint8)
    for _ in range(rng.integers(1, 4)):
        angle, apart = rng.uniform(0, np.pi), rng.uniform(3, 14)
        along = np.array([np.cos(angle), np.sin(angle)]) * side
        across = np.array([-np.sin(angle), np.cos(angle)])
        for n in np.arange(-side, side, apart):
            middle = side / 2 + across * (n + rng.normal(0, 0.8))
            ends = [tuple(int(v) for v in middle + d) for d in (-along, along)]
            cv2.line(page, *ends, int(rng.integers(30, 120)), int(rng.integers(1, 4)), cv2.LINE_AA)
    return page


@pytest.mark.parametrize("seed", range(12))
def test_hatching_is_no_code(reader: Reader, seed: int) -> None:
    assert reader.search(hatched(seed), ALL) == []


def test_noise_is_no_code(reader: Reader) -> None:
    rng = np.random.default_rng(1)
    for coarse in (1, 3, 8):
        blocks = rng.integers(0, 2, (480 // coarse,) * 2, np.uint8) * 255
        assert reader.search(np.kron(blocks, np.ones((coarse, coarse), np.uint8)), ALL) == []


def test_writing_and_ruled_paper_are_no_codes(reader: Reader) -> None:
    canvas = Canvas(100)
    canvas.handwriting(20, 28)
    for n in range(40):
        canvas.line([(10 + 5 * n, 0), (10 + 5 * n, 297)], 0.2, 170)
        canvas.line([(0, 7 * n), (210, 7 * n)], 0.2, 170)
    assert reader.look(canvas.gray, ALL) == reader.search(canvas.gray, ALL) == []


def drawn(rows: str) -> Gray:
    """A symbol given by its rows, with its quiet zone."""
    modules = [[int(bit) for bit in f"{int(row, 16):021b}"] for row in rows.split()]
    white = 1 - np.pad(np.array(modules, np.uint8), 4)
    return np.kron(white, np.full((8, 8), 255, np.uint8))


def test_a_symbol_without_a_text_is_no_code(reader: Reader) -> None:
    assert reader.look(drawn(NO_TEXT), QR) == reader.search(drawn(NO_TEXT), QR) == []


def test_an_empty_frame_of_a_code_is_no_code(reader: Reader) -> None:
    empty = matrix(TEXT).copy()
    empty[9:-9, 9:-9] = False
    canvas = Canvas(200)
    canvas.symbol(empty, 50, 50, 20)
    assert reader.search(canvas.gray, QR) == []


def test_a_part_of_a_structured_append_does_no_harm(reader: Reader) -> None:
    part = drawn(STRUCTURED_APPEND)
    page = np.full((700, 1000), 255, np.uint8)
    page[: len(part), : len(part)] = part
    page[100:600, 400:900] = card()
    for look in (reader.look, reader.search):
        for picture in (part, page):
            assert {c.text for c in look(picture, QR)} <= {"A", TEXT}


def test_the_first_reader_reads_what_lies_beside_a_structured_append() -> None:
    part = drawn(STRUCTURED_APPEND)
    beside = np.full((len(part), 500), 255, np.uint8)
    page = np.vstack([np.hstack([part, beside]), np.pad(card(), ((0, 0), (0, len(part))), constant_values=255)])
    found: list[Code] = open_reader("zxing").look(page, QR)
    assert {c.text for c in found} == {"A", TEXT}
