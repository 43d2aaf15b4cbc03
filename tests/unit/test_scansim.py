"""The scanner simulator: one seed one scan, true angles, files that open, faults where they are said to be."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click.testing
import cv2
import numpy as np
import PIL.Image
import pypdfium2
import pytest
import zxingcpp

from scanpipe import sheets as printing
from scanpipe.codes import Kind
from scanpipe.layout import A4
from scanpipe.model import Sheet as Printed
from tests.helpers import KEY, definition
from tools.scansim import (
    PROFILES,
    Book,
    Order,
    Rasters,
    Row,
    Sheet,
    corpus,
    drawing,
    effects,
    expose,
    faults,
    feeds,
    files,
    places,
    plan_files,
    scan,
    writers,
)
from tools.scansim.__main__ import COLUMNS, main
from tools.scansim.corpora import FITTING, FilePlan, make_file
from tools.scansim.raster import Image, Rng

DPI = 100
PRINTED = [
    Printed(f"{n:08d}", "MA0001-2026H", str(10001 + n % 3), "2a", number=1, of=1, revision=1) for n in range(1, 9)
]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Eight printed sheets: the PDF and its manifest."""
    folder = tmp_path_factory.mktemp("sheets")
    pdf, manifest = folder / "sheets.pdf", folder / "sheets.csv"
    printing.draw(PRINTED, definition(), KEY, pdf)
    printing.write_manifest(PRINTED, definition(), manifest)
    return pdf, manifest


@pytest.fixture
def book(paths: tuple[Path, Path]) -> Iterator[Book]:
    opened = Book(*paths)
    yield opened
    opened.close()


@pytest.fixture
def page(book: Book) -> Image:
    """A printed sheet, nothing drawn on it."""
    return book.raster(0, DPI, in_colour=False)


def rng(seed: int = 1) -> Rng:
    return np.random.default_rng(seed)


def codes_on(picture: Image) -> list[zxingcpp.Barcode]:
    return zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)


def serials_on(picture: Image) -> set[str]:
    return {code.text[8:16] for code in codes_on(picture)}


def angle_deg(picture: Image) -> float:
    """How the line from the candidate code to the question code stands, clockwise from horizontal."""
    ends = {code.text[3]: code.position for code in codes_on(picture)}
    a, b = (np.array((ends[k].top_left.x, ends[k].top_left.y)) for k in "CQ")
    return float(np.degrees(np.arctan2(*(b - a)[::-1])))


# one seed, one scan


@pytest.mark.parametrize("name", ["office", "hard", "brutal", "mixed_up"])
def test_a_seed_makes_a_scan(book: Book, name: str) -> None:
    first, again, other = (scan(Sheet(book, 3), rng(seed), PROFILES[name]) for seed in (5, 5, 6))
    assert (first.data, first.truth) == (again.data, again.truth)
    assert first.data != other.data


def test_a_corpus_does_not_depend_on_how_many_make_it(paths: tuple[Path, Path]) -> None:
    alone, together = list(corpus(*paths, "dpi_100", 3, 5)), list(corpus(*paths, "dpi_100", 3, 5, processes=2))
    assert alone == together
    assert [s.truth["serial"] for s in alone] == [p.serial for p in PRINTED[:5]]


def test_a_corpus_begins_anew_after_the_last_sheet(paths: tuple[Path, Path]) -> None:
    scans = list(corpus(*paths, "dpi_100", 3, 9))
    assert scans[8].truth["serial"] == scans[0].truth["serial"]
    assert scans[8].data != scans[0].data


@pytest.mark.parametrize("name", effects.EFFECTS)
def test_an_effect_is_in_the_truth_and_leaves_the_print_alone(book: Book, name: str) -> None:
    images = [book.raster(i, DPI, in_colour=False) for i in range(2)]
    before = [image.copy() for image in images]
    coarse = replace(PROFILES[name], dpis=(DPI,), styles=("sparse",))
    exposure = expose(Sheet(Rasters(images, DPI, book.rows[:2]), 0), rng(), coarse)
    assert exposure.truth["effects"] == (name,)
    assert all(np.array_equal(a, b) for a, b in zip(before, images, strict=True))


# angles


@pytest.mark.parametrize("skew_deg", [-15.0, -2.0, -0.3, 0.7, 5.0, 15.0])
@pytest.mark.parametrize("fault", [faults.skew, faults.skew_whole])
def test_skew_turns_a_line_clockwise_by_so_much(fault: Callable[[Image, float], Image], skew_deg: float) -> None:
    paper = np.full((1200, 900), 255, np.uint8)
    cv2.line(paper, (150, 600), (750, 600), 0, 3)
    rows, columns = np.nonzero(fault(paper, skew_deg) < 128)
    slope = np.polyfit(columns, rows, 1)[0]
    assert np.degrees(np.arctan(slope)) == pytest.approx(skew_deg, abs=0.02)


@pytest.mark.parametrize("turn_deg", [0, 90, 180, 270])
def test_a_turn_moves_every_pixel_clockwise(turn_deg: int) -> None:
    paper = np.full((60, 40), 255, np.uint8)
    paper[5, 10] = 0
    at = {0: (5, 10), 90: (10, 54), 180: (54, 29), 270: (29, 5)}[turn_deg]
    assert faults.turn(paper, turn_deg)[at] == 0
    pose = faults.Pose(skew_deg=1e-9, turn_deg=turn_deg)
    assert faults.place(paper, DPI, pose, 255, faults.sheet_size(paper, pose))[at] == 0


@pytest.mark.parametrize("name", ["skew_15", "turned", "stretched_feed", "shifted", "dark_bed", "photocopy"])
def test_the_truth_about_the_angle(book: Book, name: str) -> None:
    exposure = expose(Sheet(book, 2), rng(4), PROFILES[name])
    truth = exposure.truth
    off = angle_deg(exposure.raster) - float(str(truth["turn_deg"])) - float(str(truth["skew_deg"]))
    assert abs((off + 180) % 360 - 180) < 0.15


def test_a_scan_that_shows_all_of_the_paper_loses_no_corner() -> None:
    paper = np.full((300, 200), 255, np.uint8)
    paper[:4, :4] = paper[-4:, :4] = paper[:4, -4:] = paper[-4:, -4:] = 0
    count = cv2.connectedComponents((faults.skew_whole(paper, 10) < 128).astype(np.uint8))[0] - 1
    assert count == 4
    assert faults.skew(paper, 10).shape == paper.shape


def test_a_shift_and_a_stretch_move_a_mark() -> None:
    paper = np.full((400, 300), 255, np.uint8)
    paper[99:102, 49:52] = 0
    moved = np.argwhere(faults.shift(paper, DPI, (12.7, 25.4), bed=9) < 5).mean(axis=0)
    assert moved == pytest.approx((200, 100), abs=0.5)
    longer = faults.stretched_feed(paper, 1.0, 1.5)
    assert longer.shape == (600, 300)
    assert np.argwhere(longer < 90).mean(axis=0) == pytest.approx((150, 50), abs=1)


# drawings


@pytest.mark.parametrize("style", drawing.STYLES)
def test_an_answer_spares_the_codes(page: Image, style: str) -> None:
    drawn = drawing.draw_answer(page, DPI, rng(), drawing.STYLES[style])
    assert (drawn <= page).all() and (drawn < page).mean() > 0.0005
    for box in places.codes(A4).values():
        assert np.array_equal(faults.cut_out(drawn, DPI, box), faults.cut_out(page, DPI, box))


def test_faint_pencil_is_faint() -> None:
    paper = np.full((1169, 827), 255, np.uint8)
    drawn = drawing.draw_answer(paper, DPI, rng(), drawing.STYLES["faint_pencil"])
    assert 160 <= drawn.min() <= 215


def test_a_stroke_goes_through_its_box_only(page: Image) -> None:
    box = places.codes(A4)[Kind.QUESTION]
    struck = drawing.stroke_through(np.full_like(page, 255), box, rng(), 1, DPI)
    outside = struck.copy()
    left, top, right, bottom = (round(v / 25.4 * DPI) for v in box)
    assert (faults.cut_out(struck, DPI, box) < 128).any()
    outside[top - 24 : bottom + 24, left - 24 : right + 24] = 255
    assert (outside == 255).all()


# faults: each changes what it says, where it says


@pytest.mark.parametrize("corner", [0, 1, 2, 3])
@pytest.mark.parametrize("fault", [faults.torn_corner, faults.dog_ear])
def test_a_lost_corner_shows_the_bed(page: Image, fault: Callable[..., Image], corner: int) -> None:
    out = fault(page, DPI, rng(), corner, 20, 77)
    corners = [out[16, 16], out[16, -17], out[-17, -17], out[-17, 16]]
    assert [bool(c == 77) for c in corners] == [n == corner for n in range(4)]
    middle = slice(200, 950), slice(200, 600)
    assert np.array_equal(out[middle], page[middle])


@pytest.mark.parametrize(
    "fault",
    [
        lambda p: faults.stain(p, DPI, rng(), (100, 150), 15, 0.8),
        lambda p: faults.coffee_ring(p, DPI, rng(3), (100, 150), 20, 0.8),
        lambda p: faults.staple(p, DPI, rng(), (100, 150), 30),
        lambda p: faults.highlighter(p, DPI, rng(), (90, 140, 110, 160)),
        lambda p: faults.paste(p, np.zeros((40, 40), np.uint8), DPI, (100, 150), 45),
        lambda p: faults.fold(p, DPI, rng(), (100, 150), 0, 0.8),
    ],
)
def test_a_mark_on_paper_darkens_its_place_only(fault: Callable[[Image], Image]) -> None:
    paper = np.full((1169, 827), 255, np.uint8)
    rows, columns = np.nonzero(fault(paper) < 250)
    at_mm = np.array((columns.mean(), rows.mean())) / DPI * 25.4
    assert np.abs(at_mm[1] - 150) < 12 and np.abs(at_mm[0] - 100) < 12
    assert np.ptp(rows) / DPI * 25.4 < 90


def test_holes_are_where_binders_make_them() -> None:
    holes = faults.punch_holes(np.full((1169, 827), 255, np.uint8), DPI, rng(), 4, 0)
    count, _, _, middles = cv2.connectedComponentsWithStats((holes < 5).astype(np.uint8))
    assert count - 1 == 4
    assert middles[1:, 0] / DPI * 25.4 == pytest.approx(12, abs=3)
    assert np.diff(np.sort(middles[1:, 1])) / DPI * 25.4 == pytest.approx(80, abs=1)


def test_toner_fades_and_paper_stays(page: Image) -> None:
    faded = faults.faded_toner(page, rng(), 0.6)
    assert faded[page == 255].min() == 255
    assert 60 < faded[page < 10].mean() < 220


def test_a_copy_is_larger_gray_and_harder(book: Book) -> None:
    page = book.raster(0, DPI, in_colour=True)
    page[500:600, 400:500] = (200, 60, 60)
    copy = faults.photocopy(page, DPI, rng(), 0.5)
    assert np.ptp(copy, axis=2).max() == 0
    assert copy[550, 450, 0] != cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)[550, 450]


def test_noise_is_as_strong_as_said() -> None:
    paper = np.full((600, 400, 3), 128, np.uint8)
    noisy = faults.noise(paper, rng(), 6.0).astype(float)
    assert noisy.std() == pytest.approx(6, abs=0.3) and noisy.mean() == pytest.approx(128, abs=0.5)
    assert abs(np.corrcoef(noisy[..., 0].ravel(), noisy[..., 1].ravel())[0, 1]) < 0.02


def test_light_falls_off_by_no_more_than_said() -> None:
    lit = faults.uneven_light(np.full((600, 400), 200, np.uint8), rng(), 0.5)
    assert 100 <= lit.min() < lit.max() <= 200 and np.ptp(lit) > 20


def test_dirt_on_the_glass_runs_down_the_page() -> None:
    dirty = faults.dirty_glass(np.full((600, 400), 200, np.uint8), rng(), 5)
    columns = (dirty != 200).any(axis=0)
    assert 5 <= columns.sum() <= 20
    assert (dirty[:, ~columns] == 200).all()


def test_the_back_shines_through_mirrored(page: Image) -> None:
    through = faults.show_through(np.full_like(page, 255), page, DPI, 0.3)
    dark = through < 230
    assert through.min() >= 255 * 0.69
    assert np.corrcoef(dark.ravel(), (page[:, ::-1] < 128).ravel())[0, 1] > 0.5


def test_what_is_cut_off_is_gone(page: Image) -> None:
    cut = faults.half_cut(page, "bottom", 0.5)
    assert np.array_equal(cut, page[: len(cut)]) and len(cut) == pytest.approx(len(page) / 2, abs=1)
    assert {code.text[3] for code in codes_on(faults.half_cut(page, "top", 0.5))} == {"S"}


@pytest.mark.parametrize(
    "change", [lambda p: faults.threshold(p, 120), faults.otsu, faults.dithered, faults.ordered_dither]
)
def test_black_and_white_is_that(page: Image, change: Callable[[Image], Image]) -> None:
    gray = faults.paper_tone(page, (230, 230, 230), 40)
    assert set(np.unique(change(gray))) == {0, 255}
    assert change(gray).shape == page.shape


def test_dithering_keeps_the_tone() -> None:
    ramp = np.full((400, 400), 96, np.uint8)
    for change in (faults.dithered, faults.ordered_dither):
        assert change(ramp).mean() == pytest.approx(96, abs=8)


def test_softer_files(page: Image) -> None:
    sharp = cv2.Laplacian(page, cv2.CV_32F).std()
    for soft in (faults.blur(page, DPI, 0.3), faults.motion_blur(page, DPI, 1.5)):
        assert cv2.Laplacian(soft, cv2.CV_32F).std() < sharp * 0.6
    assert faults.low_resolution(page, DPI, 50).shape == pytest.approx((585, 414), abs=1)
    assert 0 < np.abs(faults.recompressed(page, 20).astype(int) - page).mean() < 5


@pytest.mark.parametrize("name", sorted(n for n, e in effects.EFFECTS.items() if e.shows_other))
def test_what_shows_another_sheet_says_so(book: Book, name: str) -> None:
    exposure = expose(Sheet(book, 1), rng(8), PROFILES[name])
    truth = exposure.truth
    assert truth["other_serials"] and truth["serial"] not in truth["other_serials"]  # type: ignore[operator]
    assert serials_on(exposure.raster) == {truth["serial"], *truth["other_serials"]}  # type: ignore[misc]


def test_where_there_is_one_sheet_there_is_no_other(page: Image) -> None:
    only = Rasters([page], DPI, [Row(1, "00000001", "MA0001-2026H", "10001", "2a")])
    with pytest.raises(ValueError, match="only one sheet"):
        expose(Sheet(only, 0), rng(), PROFILES["pasted_code"])


# files


def decoded(body: bytes, extension: str) -> list[tuple[np.ndarray, float]]:
    """All pages of a file as gray pixels, and dots per inch."""
    if extension == "pdf":
        document = pypdfium2.PdfDocument(body)
        return [(p.render(scale=DPI / 72, grayscale=True).to_numpy().squeeze(), DPI) for p in document]
    pages = []
    with PIL.Image.open(io.BytesIO(body)) as image:
        for n in range(getattr(image, "n_frames", 1)):
            image.seek(n)
            upright = image.point(lambda v: v / 257).convert("L") if image.mode.startswith("I;16") else image
            pages.append((np.asarray(PIL.ImageOps.exif_transpose(upright).convert("L")), float(image.info["dpi"][0])))
    return pages


@pytest.mark.parametrize("name", writers.FORMATS)
def test_a_file_opens_and_shows_the_pages(book: Book, name: str) -> None:
    how = writers.FORMATS[name]
    pages = [book.raster(n, DPI, in_colour=n == 1 and not how.bitonal) for n in range(min(how.most_pages, 2))]
    body = how.write(pages, DPI, 85)
    assert body == how.write(pages, DPI, 85)
    shown = decoded(body, how.extension)
    assert len(shown) == len(pages)
    for (picture, dpi), page in zip(shown, pages, strict=True):
        gray = page if page.ndim == 2 else cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
        assert dpi == pytest.approx(DPI, abs=0.1) and picture.shape == gray.shape
        assert np.abs(picture.astype(int) - gray).mean() < (12 if how.bitonal else 3)
        assert serials_on(picture) == serials_on(gray) != set()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_of_exif_show_the_page_upright(orientation: int) -> None:
    page = np.full((96, 64), 250, np.uint8)
    page[:16, :32] = 0
    (shown, _), *_ = decoded(writers.jpeg(page, DPI, 90, orientation), "jpg")
    assert np.abs(shown.astype(int) - page).max() < 12


def test_depth_and_colour_of_tiffs(page: Image) -> None:
    modes = {"tiff_group4": "1", "tiff_16_bit": "I;16", "tiff_cmyk": "CMYK", "tiff_palette": "P", "tiff_lzw": "L"}
    for name, mode in modes.items():
        with PIL.Image.open(io.BytesIO(writers.FORMATS[name].write([page], DPI, 85))) as image:
            assert image.mode == mode


def test_a_pdf_holds_the_scan_itself(page: Image) -> None:
    document = pypdfium2.PdfDocument(writers.pdf_jpeg([page], DPI, 80))
    (image,) = document[0].get_objects()
    assert image.get_filters() == ["DCTDecode"]
    assert image.get_px_size() == page.shape[::-1]
    assert document[0].get_size() == pytest.approx((page.shape[1] * 0.72, page.shape[0] * 0.72), abs=0.01)


def test_plans_use_every_sheet_once() -> None:
    plans = plan_files(50, ("jpeg", "pdf_jpeg", "tiff_lzw"), seed=3)
    assert [n for plan in plans for n in plan.sheets] == list(range(50))
    assert all(len(plan.sheets) == 1 for plan in plans if plan.format == "jpeg")
    assert any(len(plan.sheets) > 1 for plan in plans)


def test_pages_of_a_stack_share_the_resolution(book: Book) -> None:
    mixed = replace(PROFILES["office"], pool=("dpi_100", "dpi_150"), pool_count=(1, 1))
    sheets, rngs = [Sheet(book, n) for n in range(4)], [rng(n) for n in range(4)]
    assert len({expose(s, r, mixed).raster.shape[0] for s, r in zip(sheets, rngs, strict=True)}) == 2
    made = make_file(sheets, rngs, mixed, "pdf_group4")
    assert len({truth["dpi"] for truth in made.truths}) == 1
    for page in pypdfium2.PdfDocument(made.data):
        assert page.get_size() == pytest.approx((595.3, 841.9), abs=1.5)


def test_black_and_white_goes_into_a_file_for_it(paths: tuple[Path, Path]) -> None:
    (made,) = files(Order(*paths, "dithered", 9), [FilePlan(FITTING, (0,))])
    with PIL.Image.open(io.BytesIO(made.data)) as image:
        assert (image.mode, image.info["compression"]) == ("1", "group4")


# feeds


@pytest.mark.parametrize("way", feeds.ALL_WAYS)
def test_every_way_of_feeding_delivers_whole_files(tmp_path: Path, way: str) -> None:
    sent = {f"scan{n}.jpg": bytes([n]) * 5000 for n in range(7)}
    pauses: list[float] = []
    pace = feeds.Pace(between_s=2, chunk_s=0.5, chunk_bytes=1000, sleep=pauses.append)
    inbox = feeds.Inbox(tmp_path / "inbox", tmp_path / "staging")
    arrived = list(feeds.feed(sent.items(), inbox, 4, pace, (way,)))
    assert {a.path.name: a.path.read_bytes() for a in arrived} == sent
    assert sum(p for p in pauses if p == 2 or p > 2) == 14
    assert sorted(p for p in inbox.folder.rglob("*") if p.is_file()) == sorted(a.path for a in arrived)
    assert not any(inbox.staging.glob("*")) if inbox.staging.exists() else way != feeds.JOB


def test_a_file_in_two_goes_is_seen_unfinished(tmp_path: Path) -> None:
    seen: list[int] = []
    path = tmp_path / "scan.jpg"
    pace = feeds.Pace(chunk_s=1, chunk_bytes=10_000, sleep=lambda _: seen.append(path.stat().st_size))
    feeds.in_two_goes(("scan.jpg", b"x" * 1000), tmp_path, pace, rng())
    assert 0 < seen[0] < 1000 and seen[-1] == 1000


def test_a_seed_makes_a_feed(tmp_path: Path) -> None:
    sent = [(f"scan{n:02d}.jpg", b"x") for n in range(30)]
    runs = [
        [(a.path.name, a.way) for a in feeds.feed(sent, feeds.Inbox(tmp_path / r / "in", tmp_path / r / "job"), 7)]
        for r in ("one", "two")
    ]
    assert runs[0] == runs[1]
    assert {way for _, way in runs[0]} == set(feeds.ALL_WAYS)


# whole


def test_office_scans_can_be_read(book: Book) -> None:
    read = 0
    for n in range(8):
        exposure = expose(Sheet(book, n), rng(n), PROFILES["office"])
        found = codes_on(exposure.raster)
        assert serials_on(exposure.raster) <= {exposure.truth["serial"]}
        assert abs(float(str(exposure.truth["skew_deg"]))) <= 2 and exposure.truth["turn_deg"] == 0
        read += len(found)
    assert read >= 0.95 * 3 * 8


def test_the_command_writes_scans_and_the_truth(paths: tuple[Path, Path], tmp_path: Path) -> None:
    pdf, manifest = (str(p) for p in paths)
    options = ["--manifest", manifest, "--out", str(tmp_path / "out"), "--profile", "dpi_100", "--seed", "7"]
    result = click.testing.CliRunner().invoke(main, [pdf, *options, "--count", "6", "--format", "mixed"])
    assert result.exit_code == 0, result.output
    with (tmp_path / "out" / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["serial"] for row in rows] == [p.serial for p in PRINTED[:6]]
    assert {row["file"] for row in rows} | {"truth.csv"} == {p.name for p in (tmp_path / "out").iterdir()}
    for row in rows:
        body = (tmp_path / "out" / row["file"]).read_bytes()
        picture, _ = decoded(body, row["file"].rsplit(".")[-1])[int(row["page"]) - 1]
        assert serials_on(picture) == {row["serial"]}


def test_an_unknown_profile_is_refused_with_the_names(paths: tuple[Path, Path], tmp_path: Path) -> None:
    options = ["--manifest", str(paths[1]), "--out", str(tmp_path), "--profile", "perfect"]
    result = click.testing.CliRunner().invoke(main, [str(paths[0]), *options])
    assert result.exit_code == 2 and "coffee_ring" in result.output
