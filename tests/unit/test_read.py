"""What does the paper say? The tiers of reading, on synthetic pages with the real readers."""

import itertools
from collections import Counter
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import pytest
import zxingcpp

from scanpipe.codes import PERSONAL, Kind
from scanpipe.layout import A4, LETTER, Paper, places
from scanpipe.model import Code
from scanpipe.sheets import matrix
from scanpipe.stages.locate import locate
from scanpipe.stages.read import Eyes, is_whole_sheet, look, look_shrink, read_all, search
from tests.helpers import CLAIMS, OTHER, ArrayPage, Canvas, Gray, code, eyes, rotated, sheet, symbol, text

EYES = eyes()


def texts(codes: tuple[Code, ...]) -> list[str]:
    return sorted(c.text for c in codes)


def all_texts(**kwargs: object) -> list[str]:
    return sorted(text(k, **kwargs) for k in PERSONAL)  # type: ignore[arg-type]


def read(pixels: Gray) -> tuple[Code, ...]:
    page = ArrayPage(pixels)
    return search(page, EYES, look(page, EYES))


@dataclass(frozen=True)
class WatchedPage(ArrayPage):
    """Remembers at which sizes it was looked at."""

    asked: list[int] = field(default_factory=list)

    def gray(self, shrink: int = 1) -> Gray:
        self.asked.append(shrink)
        return super().gray(shrink)


def stroke(canvas: Canvas, kind: Kind, seed: int, count: int, width_mm: float = 0.7) -> None:
    """Pen lines right through a code."""
    rng, place = np.random.default_rng(seed), places(canvas.paper)[kind]
    for _ in range(count):
        middle = np.array([place.x_mm, place.y_mm]) + 10 + rng.uniform(-7, 7, 2)
        angle = rng.uniform(0, np.pi)
        reach = 30 * np.array([np.cos(angle), np.sin(angle)])
        canvas.line([tuple(middle - reach), tuple(middle + reach)], width_mm, 50)


def cover(canvas: Canvas, kind: Kind, mm: float = 24.0) -> None:
    """Paper over a code."""
    place = places(canvas.paper)[kind]
    x, y = (round((v + 10 - mm / 2) * canvas.px) for v in (place.x_mm, place.y_mm))
    canvas.gray[max(0, y) : round(y + mm * canvas.px), max(0, x) : round(x + mm * canvas.px)] = 245


@pytest.mark.parametrize("turn", [0, 90, 183.0, 268.5])
@pytest.mark.parametrize("dpi", [100, 200])
def test_one_quick_look_is_enough_for_a_clean_sheet(dpi: float, turn: float) -> None:
    page = ArrayPage(rotated(sheet(dpi=dpi).gray, turn))
    codes = look(page, EYES)
    assert texts(codes) == all_texts()
    assert {(c.help, c.symbology, c.reader) for c in codes} == {(None, "qr", "zxing")}
    assert search(page, EYES, codes) is codes


def test_a_clean_sheet_is_never_looked_at_in_full_size() -> None:
    page = WatchedPage(sheet(dpi=300).gray)
    search(page, EYES, look(page, EYES))
    assert page.asked == [2]


@pytest.mark.parametrize(
    ("dpi", "shrink"), [(75, 1), (150, 1), (259, 1), (261, 2), (300, 2), (519, 2), (600, 4), (1200, 8)]
)
def test_a_page_shrinks_for_the_first_look_as_far_as_can_be(dpi: int, shrink: int) -> None:
    width, height = round(8.2677 * dpi), round(11.693 * dpi)
    for shape in ((height, width), (width, height)):
        assert look_shrink(ArrayPage(np.broadcast_to(np.uint8(255), shape))) == shrink


@pytest.mark.parametrize("dpi", [100, 150, 300, 600])
def test_corners_are_in_pixels_of_the_page_whatever_it_shrank_to(dpi: int) -> None:
    """Upright and upside down, so that an error of the reader and one of the arithmetic can be told apart."""
    px, errors = dpi / 25.4, []
    upright = sheet(dpi=dpi).gray
    for page in (ArrayPage(upright), ArrayPage(rotated(upright, 180))):
        far = np.array([page.width_px, page.height_px]) - 1
        for c in look(page, EYES):
            printed = np.array(places(A4)[Kind(c.text[3])].corners_mm) * px - 0.5
            errors.append(np.array(c.corners) - (printed if page.pixels is upright else far - printed))
    assert len(errors) == 6
    assert np.abs(errors).max() < 1.2 * look_shrink(ArrayPage(upright))
    assert np.abs(np.mean(errors, axis=(0, 1))).max() < 0.4


def test_the_resolution_is_told_by_the_codes() -> None:
    stance = locate(look(ArrayPage(sheet(dpi=220).gray), EYES))
    assert stance is not None and stance.dpi == pytest.approx(220, rel=0.002)
    assert np.hypot(*stance.origin_px) < 1.5


@pytest.mark.parametrize("angle", [0.0, 92.5, 184.0])
def test_corners_of_codes_that_were_searched_for_are_in_pixels_of_the_page_too(angle: float) -> None:
    clean, struck = sheet(dpi=200), sheet(dpi=200)
    stroke(struck, Kind.QUESTION, 4, 2)
    true, found = (
        next(c for c in read(rotated(canvas.gray, angle)) if c.text == text(Kind.QUESTION))
        for canvas in (clean, struck)
    )
    assert true.help is None and found.help is not None
    assert np.hypot(*(np.array(true.corners) - found.corners).T).max() < 4


@pytest.mark.parametrize("paper", [A4, LETTER], ids=lambda p: p.name)
def test_a_code_with_a_pen_through_it_is_searched_for_where_it_belongs(paper: Paper) -> None:
    """Some that the first look misses are found there; nothing that is not printed ever is."""
    helped = Counter[Kind]()
    for kind, dpi, seed in itertools.product(PERSONAL, (150, 200), range(5)):
        canvas = sheet(dpi=dpi, paper=paper)
        stroke(canvas, kind, seed, 1 + seed % 3)
        page = ArrayPage(canvas.gray)
        first = look(page, EYES)
        codes = search(page, EYES, first)
        assert codes[: len(first)] == first and len(codes) == len(set(texts(codes)))
        assert set(texts(codes)) <= set(all_texts(paper=paper))
        assert all(c.help is not None and c.help.startswith("searched at its place") for c in codes[len(first) :])
        helped[kind] += len(codes) - len(first)
    assert helped[Kind.SHEET] >= 1 and helped.total() >= 3


def test_a_code_that_is_gone_is_not_made_up() -> None:
    canvas = sheet(dpi=200)
    cover(canvas, Kind.CANDIDATE)
    assert texts(read(canvas.gray)) == sorted([text(Kind.QUESTION), text(Kind.SHEET)])


def test_a_sheet_with_a_pen_through_every_code_is_searched_everywhere() -> None:
    """Where the first look sees nothing, the readers are given all of the page."""
    helps = set()
    for seed in range(6):
        canvas = sheet(dpi=200)
        for n, kind in enumerate(PERSONAL):
            stroke(canvas, kind, 10 * seed + n, 3, 0.5)
        if not look(ArrayPage(canvas.gray), EYES):
            codes = read(canvas.gray)
            assert set(texts(codes)) <= set(all_texts())
            helps |= {c.help for c in codes}
    assert helps and None not in helps


def with_other(angle_deg: float, x_mm: float, y_mm: float, size_mm: float, dpi: float = 150) -> Gray:
    """A sheet on which a cut-out of another sheet lies, with its sheet code on it."""
    canvas = Canvas(dpi)
    canvas.frames()
    for kind in PERSONAL:
        canvas.code(kind)
    cutout = Canvas(dpi)
    side = round((size_mm + 8) * cutout.px)
    cutout.gray = np.full((side, side), 245, np.uint8)
    cutout.symbol(matrix(text(Kind.SHEET, OTHER)), 4, 4, size_mm)
    patch = rotated(cutout.gray, angle_deg)
    x, y = round(x_mm * canvas.px), round(y_mm * canvas.px)
    canvas.gray[y : y + len(patch), x : x + patch.shape[1]] = patch
    return canvas.gray


@pytest.mark.parametrize("angle", [0, 17, 45, 90, 133, 180, 222, 270, 301, 345])
def test_a_code_of_another_sheet_is_seen_at_every_angle(angle: float) -> None:
    page = ArrayPage(with_other(angle, 80, 120, 20))
    assert texts(look(page, EYES)) == sorted([*all_texts(), text(Kind.SHEET, OTHER)])


@pytest.mark.parametrize("x_mm", [1, 60, 110, 170])
@pytest.mark.parametrize("y_mm", [45, 150, 225])
def test_a_code_of_another_sheet_is_seen_wherever_it_lies(x_mm: float, y_mm: float) -> None:
    codes = read(with_other(7, x_mm, y_mm, 20))
    assert texts(codes) == sorted([*all_texts(), text(Kind.SHEET, OTHER)])
    assert not is_whole_sheet(codes)


@pytest.mark.parametrize("size_mm", [12, 16, 25, 40])
def test_a_code_of_another_sheet_is_seen_at_other_sizes(size_mm: float) -> None:
    assert text(Kind.SHEET, OTHER) in texts(read(with_other(11, 80, 120, size_mm, dpi=200)))


def test_two_codes_of_the_same_text_at_two_places_stay_two() -> None:
    """A copy of its own code pasted onto a sheet is no duplicate of one reading."""
    canvas = sheet(dpi=150)
    canvas.symbol(matrix(text(Kind.CANDIDATE)), 90, 150, 20)
    page = ArrayPage(canvas.gray)
    for codes in (look(page, EYES), read(canvas.gray), read_all(page, EYES)):
        assert texts(codes) == sorted([*all_texts(), text(Kind.CANDIDATE)])


def test_one_code_that_several_tiers_find_stays_one() -> None:
    canvas = sheet(dpi=150, kinds=(Kind.SHEET,))
    page = ArrayPage(canvas.gray)
    assert texts(search(page, EYES, ())) == [text(Kind.SHEET)]
    assert texts(read_all(page, EYES)) == [text(Kind.SHEET)]


@pytest.mark.parametrize(
    ("format", "symbology"),
    [(zxingcpp.BarcodeFormat.DataMatrix, "datamatrix"), (zxingcpp.BarcodeFormat.Code128, "code128")],
)
def test_a_page_with_other_codes_only_has_them_named(format: zxingcpp.BarcodeFormat, symbology: str) -> None:
    page = np.full((1754, 1240), 245, np.uint8)
    other = symbol("KANDIDAT 10001", format, scale=4)
    page[300 : 300 + len(other), 200 : 200 + other.shape[1]] = other
    (found,) = read(page)
    assert (found.symbology, found.text, found.help) == (symbology, "KANDIDAT 10001", "other symbologies")
    assert 200 <= found.corners[0][0] <= 300


def test_other_codes_beside_a_sheet_of_ours_are_not_searched_for() -> None:
    canvas = sheet(dpi=150)
    other = symbol("5012345", zxingcpp.BarcodeFormat.Code128, scale=2)
    canvas.gray[900 : 900 + len(other), 300 : 300 + other.shape[1]] = other
    assert texts(read(canvas.gray)) == all_texts()


def test_a_foreign_qr_code_is_read_like_our_own() -> None:
    page = np.full((1754, 1240), 245, np.uint8)
    foreign = symbol("https://example.org/", zxingcpp.BarcodeFormat.QRCode, scale=5)
    page[300 : 300 + len(foreign), 200 : 200 + foreign.shape[1]] = foreign
    assert texts(read(page)) == ["https://example.org/"]


def test_a_person_who_asks_sees_every_symbology_asked_for() -> None:
    canvas = sheet(dpi=150)
    other = symbol("5012345", zxingcpp.BarcodeFormat.Code128, scale=2)
    canvas.gray[900 : 900 + len(other), 300 : 300 + other.shape[1]] = other
    asked = Eyes(EYES.first, EYES.second, printed=frozenset({"qr", "code128"}))
    assert texts(read_all(ArrayPage(canvas.gray), asked)) == sorted([*all_texts(), "5012345"])


def test_light_on_dark_is_read_where_nothing_else_is() -> None:
    assert texts(read(255 - sheet(dpi=200).gray)) == all_texts()


def test_a_bitonal_scan() -> None:
    gray = rotated(sheet(dpi=200).gray, 1.3)
    black_and_white = np.where(gray > 150, 255, 0).astype(np.uint8)
    assert texts(read(black_and_white)) == all_texts()


def test_hatching_and_writing_show_nothing() -> None:
    canvas = Canvas(150)
    canvas.handwriting(20, 28)
    rng = np.random.default_rng(4)
    for n in range(90):
        x = 15 + 2 * n + rng.normal(0, 0.2)
        canvas.line([(x, 30 + rng.normal(0, 2)), (x - 20, 110 + rng.normal(0, 2))], 0.5, 70)
    page = ArrayPage(canvas.gray)
    assert look(page, EYES) == read(canvas.gray) == read_all(page, EYES) == ()


def test_noise_shows_nothing() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1100, 800), np.uint8)
    assert read(noise) == ()


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (19, 19), (1, 3000), (3000, 2), (30, 2000)], ids=str)
def test_pictures_that_are_no_pages_are_survived(shape: tuple[int, int]) -> None:
    for level in (0, 255):
        page = ArrayPage(np.full(shape, level, np.uint8))
        assert look(page, EYES) == search(page, EYES, ()) == read_all(page, EYES) == ()


def test_a_place_that_lies_off_the_page_is_passed_over() -> None:
    """The upper half of a sheet: its bottom code is not there to be searched for."""
    top = sheet(dpi=200).gray[:1000]
    assert texts(read(top)) == sorted([text(Kind.CANDIDATE), text(Kind.QUESTION)])
    right = sheet(dpi=200).gray[:, 1000:]
    assert texts(read(right)) == [text(Kind.QUESTION)]


def test_codes_on_paper_of_uneven_light() -> None:
    gray = sheet(dpi=200).gray
    light = np.linspace(1.0, 0.25, gray.shape[1])[None, :]
    assert texts(read((gray * light).astype(np.uint8))) == all_texts()
    assert texts(read(cv2.GaussianBlur(gray, (0, 0), 2.0))) == all_texts()


def test_a_whole_sheet_is_three_codes_of_one_serial_and_nothing_else() -> None:
    c, q, s = (code(k) for k in PERSONAL)
    assert is_whole_sheet([c, q, s]) and is_whole_sheet([s, c, q])
    assert not is_whole_sheet([])
    assert not is_whole_sheet([c, q])
    assert not is_whole_sheet([c, q, q])
    assert not is_whole_sheet([c, q, s, s])
    assert not is_whole_sheet([c, q, s, replace(s, text="?")])
    assert not is_whole_sheet([c, q, code(Kind.SHEET, replace(CLAIMS, serial="00000001"))])
