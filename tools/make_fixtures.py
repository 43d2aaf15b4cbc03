"""Makes fixtures/scans/ anew: `make fixtures`. Each fixture is one entry of the table at the end."""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import zxingcpp

from scanpipe import sheets as printing
from scanpipe.codes import Key
from scanpipe.layout import A4, label_boxes, mark_boxes, places
from scanpipe.model import PrintedSeparator, Sheet, TestDefinition
from scanpipe.settings import load_settings
from tools import fixture_home as home
from tools.scanner import faults, formats, labels, pens
from tools.scanner.paper import Picture
from tools.shaded import corpus, hands

DPI = 150


@dataclass
class Maker:
    """Hands out pictures of sheets; `printed` are those on record, each used once unless a fixture asks for it again."""

    printed: list[Sheet]
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(20261203))
    used: int = 0

    def next(self) -> Sheet:
        """The next sheet that no fixture has used; of each slot only the first."""
        self.used += 2
        return self.printed[self.used - 2]

    def page(
        self, sheet: Sheet, dpi: int = DPI, definition: TestDefinition = home.WIDER, key: Key = home.KEY
    ) -> Picture:
        """The sheet as printed and drawn on."""
        picture = raster(sheet, dpi, definition, key)
        pens.draw_answer(picture, dpi, self.rng)
        return picture

    def fed(self, picture: Picture, skew_deg: float = 0.8, turn_deg: int = 0) -> Picture:
        askew = faults.fed_askew(picture, skew_deg) if skew_deg else picture
        return faults.scanned(faults.turned(askew, turn_deg), self.rng, noise=2.0)


def raster(sheet: Sheet, dpi: int, definition: TestDefinition, key: Key, number: int = 0) -> Picture:
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "sheet.pdf"
        printing.draw([sheet], definition, key, pdf)
        document = pypdfium2.PdfDocument(pdf)
        picture: Picture = document[number].render(scale=dpi / 72, grayscale=True).to_numpy().squeeze().copy()
        document.close()
    return picture


def filed(sheet: Sheet, skew_deg: float | None = 0.8, turn_deg: int = 0) -> dict[str, Any]:
    known = {"test": sheet.test, "candidate": sheet.candidate, "question": sheet.question, "serial": sheet.serial}
    return {"verdict": "filed", **known, "skew_deg": skew_deg, "turn_deg": turn_deg}


def held(reason: str) -> dict[str, Any]:
    return {"verdict": "held", "reason": reason}


Made = tuple[bytes, list[dict[str, Any]]]
Fixture = Callable[[Maker], Made]


def plain(encode: Callable[[Picture], bytes], skew_deg: float = 0.8, turn_deg: int = 0, dpi: int = DPI) -> Fixture:
    """A sheet that is filed, written in one way."""

    def make(m: Maker) -> Made:
        sheet = m.next()
        body = encode(m.fed(m.page(sheet, dpi), skew_deg, turn_deg))
        return body, [filed(sheet, skew_deg, turn_deg)]

    return make


def damaged(change: Callable[[Maker, Picture], Picture]) -> Fixture:
    """A sheet that is filed although something happened to it."""

    def make(m: Maker) -> Made:
        sheet = m.next()
        return formats.jpeg(m.fed(change(m, m.page(sheet))), DPI), [filed(sheet)]

    return make


def pages(encode: Callable[[Sequence[Picture]], bytes]) -> Fixture:
    """Two sheets and a blank side between them, in one file."""

    def make(m: Maker) -> Made:
        first, second = m.next(), m.next()
        empty = faults.scanned(np.full((1754, 1240), 255, np.uint8), m.rng, noise=2.0)
        pictures = [m.fed(m.page(first)), empty, m.fed(m.page(second), -1.2)]
        return encode(pictures), [filed(first), {"verdict": "blank"}, filed(second, -1.2)]

    return make


def vector_pdf(m: Maker) -> Made:
    sheet = m.next()
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "sheet.pdf"
        printing.draw([sheet], home.MATHEMATICS, home.KEY, pdf)
        return pdf.read_bytes(), [filed(sheet, 0.0)]


def only_one_code(m: Maker) -> Made:
    sheet = m.next()
    picture = faults.torn_corner(m.page(sheet), DPI, 0, 62)
    return formats.jpeg(m.fed(faults.torn_corner(picture, DPI, 3, 62)), DPI), [filed(sheet)]


def strange(reason: str, sheet_of: Callable[[Maker], tuple[Sheet, TestDefinition, Key]], keep: str = "CQS") -> Fixture:
    """A sheet that was never printed here, or not so; of its codes only those in `keep` are left."""

    def make(m: Maker) -> Made:
        sheet, definition, key = sheet_of(m)
        picture = m.page(sheet, definition=definition, key=key)
        for kind, place in places(A4).items():
            if kind not in keep:
                erase(picture, place.x_mm - 3, place.y_mm - 3, place.size_mm + 6)
        return formats.jpeg(m.fed(picture), DPI), [held(reason)]

    return make


def erase(picture: Picture, x_mm: float, y_mm: float, size_mm: float) -> None:
    x, y, size = (round(v / 25.4 * DPI) for v in (x_mm, y_mm, size_mm))
    picture[y : y + size, x : x + size] = 255


def unprinted(candidate: str, question: str, serial: int, definition: TestDefinition = home.WIDER) -> Any:
    return lambda m: (home.unrecorded(definition, candidate, question, serial), definition, home.KEY)


def foreign_sheet(m: Maker) -> tuple[Sheet, TestDefinition, Key]:
    return m.next(), home.MATHEMATICS, home.OTHER_KEY


def altered(m: Maker) -> Made:
    """The right key's name, the wrong signature: what a forger without the key can make."""
    sheet = m.next()
    forger = Key(home.KEY.id, b"not the secret of the fixtures' key")
    return formats.jpeg(m.fed(m.page(sheet, key=forger)), DPI), [held("bad_signature")]


def foreign_picture(m: Maker) -> Made:
    """A sheet with a code of the world outside drawn or glued on it."""
    page = m.page(m.next())
    code = zxingcpp.create_barcode("an advertisement", zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    piece = np.kron(np.array(code.to_image(scale=1)), np.ones((6, 6), np.uint8))
    return formats.jpeg(m.fed(faults.pasted(page, piece, (600, 900), 20)), DPI), [held("foreign_code")]


def pasted_code(m: Maker) -> Made:
    """The question code of another sheet glued over the right one."""
    page, other = m.page(m.next()), m.page(m.next())
    place = next(p for k, p in places(A4).items() if k == "Q")
    x, y, s = (round(v / 25.4 * DPI) for v in (place.x_mm - 3, place.y_mm - 3, place.size_mm + 6))
    page[y : y + s, x : x + s] = other[y : y + s, x : x + s]
    return formats.jpeg(m.fed(page), DPI), [held("codes_disagree")]


def cut_out(m: Maker) -> Made:
    """A cut-out with a code of another sheet lies in the drawing."""
    page, other = m.page(m.next()), m.page(m.next())
    piece = other[: round(40 / 25.4 * DPI), : round(40 / 25.4 * DPI)]
    return formats.jpeg(m.fed(faults.pasted(page, piece, (700, 1000), 137, 0.8)), DPI), [held("codes_disagree")]


def two_sheets(m: Maker) -> Made:
    both = faults.beside(m.page(m.next()), m.page(m.next()))
    return formats.jpeg(m.fed(both), DPI), [held("codes_disagree")]


def again(change: Callable[[Maker, Picture], Picture]) -> Fixture:
    """Another scan of the very first sheet."""

    def make(m: Maker) -> Made:
        return formats.jpeg(m.fed(change(m, m.page(m.printed[0]))), DPI), [held("sheet_seen_before")]

    return make


def _label(label: printing.Label, key: Key = home.KEY) -> Picture:
    """A label as it comes off its sheet."""
    on = printing.LABEL_SHEETS["a4-3x8"]
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "labels.pdf"
        printing.draw_labels([label], home.MATHEMATICS, key, pdf, on)
        return labels.cut(labels.pages(pdf, DPI)[0], on, 0, DPI)


def _whose(candidate: str) -> Picture:
    known = home.MATHEMATICS.candidate(candidate)
    assert known is not None
    return _label(printing.candidate_label(home.MATHEMATICS, known, names=True))


def labels_without_a_sheet(m: Maker) -> Made:
    """Labels of a candidate and a question on a paper of one's own."""
    picture = np.full((1754, 1240), 255, np.uint8)
    pens.draw_answer(picture, DPI, m.rng)
    question = home.MATHEMATICS.question("2a")
    assert question is not None
    labels.stick(picture, _whose("10011"), (60, 30), 2.0, DPI)
    labels.stick(picture, _label(printing.question_label(home.MATHEMATICS, question)), (150, 32), -1.5, DPI)
    return formats.jpeg(m.fed(picture), DPI), [held("missing_sheet_code")]


def pad_with_label(m: Maker) -> Made:
    """A sheet of a pad, with the label a little askew in its box."""
    sheet = home.unrecorded(home.MATHEMATICS, None, "2b", 80_000_011)
    page = m.page(sheet)
    labels.stick(page, _whose("10012"), labels.middle_of(label_boxes(A4)[0]), 3.0, DPI)
    return formats.jpeg(m.fed(page), DPI), [filed(replace(sheet, candidate="10012"))]


def pad_without_label(m: Maker) -> Made:
    page = m.page(home.unrecorded(home.MATHEMATICS, None, "2b", 80_000_012))
    return formats.jpeg(m.fed(page), DPI), [held("missing_candidate_code")]


def label_of_another(m: Maker) -> Made:
    """Somebody's label on a sheet that was printed for somebody else."""
    page = m.page(m.next())
    labels.stick(page, _whose("10013"), (110, 160), 12.0, DPI)
    return formats.jpeg(m.fed(page), DPI), [held("codes_disagree")]


def _sides(m: Maker, serial: int, candidate: str, question: str) -> tuple[Sheet, list[Picture]]:
    """Front and back of a sheet that is printed on both, drawn on."""
    sheet = replace(home.unrecorded(home.MATHEMATICS, candidate, question, serial), sides=2)
    both = [raster(sheet, DPI, home.MATHEMATICS, home.KEY, page) for page in (0, 1)]
    for picture in both:
        pens.draw_answer(picture, DPI, m.rng)
    return sheet, [m.fed(picture) for picture in both]


def both_sides(m: Maker) -> Made:
    sheet, pictures = _sides(m, 80_000_030, "10014", "2a")
    return formats.tiff(pictures, DPI, "jpeg"), [filed(sheet), filed(sheet)]


def one_side(m: Maker) -> Made:
    return formats.jpeg(_sides(m, 80_000_031, "10014", "2b")[1][0], DPI), [held("other_side_missing")]


def sides_of_two(m: Maker) -> Made:
    """The printer slipped by a page: on the back of one sheet stands that of another."""
    fronts, backs = (_sides(m, serial, "10015", "2a")[1] for serial in (80_000_032, 80_000_033))
    return formats.tiff([fronts[0], backs[1]], DPI, "jpeg"), [held("sides_disagree"), held("sides_disagree")]


def written_back(m: Maker) -> Made:
    """A sheet that is printed on one side and written on on both, from a scanner that is not known to scan both."""
    sheet, back = m.next(), np.full((1754, 1240), 255, np.uint8)
    pens.draw_answer(back, DPI, m.rng)
    return formats.tiff([m.fed(m.page(sheet)), m.fed(back)], DPI, "jpeg"), [filed(sheet), held("back_of")]


def separator(m: Maker) -> Made:
    made = PrintedSeparator("80000040", "S4", "scanner 2", 43, "Kari Åsmund", home.MATHEMATICS.id)
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "separator.pdf"
        printing.draw_separators([made], home.KEY, pdf, A4)
        page = labels.pages(pdf, DPI)[0]
    return formats.jpeg(m.fed(page), DPI), [{"verdict": "separator", "serial": made.serial}]


def mark_unclear(m: Maker) -> Made:
    """A further question is marked so faintly that it may have been erased."""
    marked = replace(home.MATHEMATICS, further_questions="marks")
    page = m.page(home.unrecorded(marked, "10016", "2a", 80_000_041), definition=marked)
    box = mark_boxes(A4)[0]
    stroke = np.array([(box.x_mm + 1, box.y_mm + 1), (box.x_mm + 3, box.y_mm + 3)])
    pens.line(page, DPI, stroke, (215, 215, 215), 0.6)
    return formats.jpeg(m.fed(page), DPI), [held("marks_unclear")]


def over_the_limit(m: Maker) -> Made:
    """Four sheets for a question that takes fewer, in one file: those within the limit are filed."""
    question = next(q for q in home.MATHEMATICS.questions if q.max_sheets == 2)
    sheets = [home.unrecorded(home.MATHEMATICS, "10040", question.id, 70_000_000 + n) for n in range(3)]
    body = formats.tiff([m.fed(m.page(s)) for s in sheets], DPI, "jpeg")
    return body, [filed(sheets[0]), filed(sheets[1]), held("too_many_sheets")]


def no_codes(m: Maker) -> Made:
    picture = np.full((1754, 1240), 255, np.uint8)
    pens.draw_answer(picture, DPI, m.rng)
    return formats.jpeg(m.fed(picture), DPI), [held("no_codes")]


def faint_pencil(m: Maker) -> Made:
    picture = np.full((1754, 1240), 255, np.uint8)
    pens.line(picture, DPI, np.array([(60.0, 100.0), (120.0, 140.0), (90.0, 180.0)]), (222, 222, 222), 0.5)
    return formats.jpeg(m.fed(picture), DPI), [held("no_codes")]


def blank(m: Maker) -> Made:
    picture = faults.scanned(np.full((1754, 1240), 255, np.uint8), m.rng, noise=3.0)
    return formats.jpeg(faults.uneven_light(picture, m.rng, 0.15), DPI), [{"verdict": "blank"}]


def half_a_page(m: Maker) -> Made:
    picture = m.fed(m.page(m.next()))
    return formats.jpeg(picture[: picture.shape[0] // 2], DPI), [held("poor_quality")]


def truncated(m: Maker) -> Made:
    return formats.jpeg(m.fed(m.page(m.next())), DPI)[:60_000], [held("unreadable_file")]


def bomb(m: Maker) -> Made:
    """A PNG header that promises 40,000 by 40,000 pixels."""
    body = bytearray(formats.png(np.full((8, 8), 255, np.uint8), DPI))
    body[16:24] = (40_000).to_bytes(4, "big") * 2
    body[29:33] = zlib.crc32(body[12:29]).to_bytes(4, "big")
    return bytes(body), [held("too_large")]


def shaded(serial: int, code: str, answer: dict[str, Any], without: int | None = None) -> Fixture:
    """A generic sheet with a code that is written down and shaded, but for one place."""

    def make(m: Maker) -> Made:
        page = corpus.printed(f"{serial:08d}", DPI, home.KEY)
        sheet = hands.Sheet(page, DPI, corpus.own_layout(), code, "01", m.rng)
        sheet.write()
        sheet.shade_all("full", but=without)
        pens.write_line(sheet.page, DPI, m.rng, 30, 150)
        return formats.jpeg(m.fed(sheet.page), DPI), [answer]

    return make


def on_generic(serial: int, code: str) -> dict[str, Any]:
    candidate, question = home.CODES[code]
    known = {"test": home.MATHEMATICS.id, "candidate": candidate, "question": question, "serial": f"{serial:08d}"}
    return {"verdict": "filed", **known, "skew_deg": 0.8, "turn_deg": 0}


def fixed(body: bytes, reason: str) -> Fixture:
    return lambda _: (body, [held(reason)])


def _jpeg(**options: Any) -> Callable[[Picture], bytes]:
    return lambda p: formats.jpeg(p, DPI, **options)


def _tiff(compression: str, mode: str = "") -> Callable[[Picture], bytes]:
    return lambda p: formats.tiff([_clean(p)], DPI, compression, mode)


def _clean(p: Picture) -> Picture:
    """With 16 grays only: noise makes lossless files large."""
    return (p & 0xF0) | 0x0F


def _toned(p: Picture) -> Picture:
    """In colour, on paper that is a little yellow."""
    return (p[..., None] * np.array([1.0, 0.985, 0.94])).astype(np.uint8)


FIXTURES: dict[str, Fixture] = {
    "00-first-sheet.jpg": plain(_jpeg()),
    "01-straight-keeps-its-bytes.jpg": plain(_jpeg(), skew_deg=0.0),
    "02-colour.jpg": plain(lambda p: formats.jpeg(_toned(p), DPI)),
    "03-300-dpi.jpg": plain(lambda p: formats.jpeg(p, 300, 70), dpi=300),
    "04-100-dpi.jpg": plain(lambda p: formats.jpeg(p, 100), dpi=100),
    "05-turned-90.jpg": plain(_jpeg(), turn_deg=90),
    "06-turned-180.jpg": plain(_jpeg(), turn_deg=180),
    "07-turned-270.jpg": plain(_jpeg(), turn_deg=270),
    "08-skew-15.jpg": plain(_jpeg(), skew_deg=15.0),
    "09-skew-minus-15.jpg": plain(_jpeg(), skew_deg=-15.0),
    "10-exif-3.jpg": plain(_jpeg(orientation=3)),
    "11-exif-6.jpg": plain(_jpeg(orientation=6)),
    "12-exif-8.jpg": plain(_jpeg(orientation=8)),
    "13-no-dpi.png": plain(lambda p: formats.png(_clean(p), 0)),
    "14-gray.png": plain(lambda p: formats.png(_clean(p), DPI)),
    "20-group4.tif": plain(lambda p: formats.tiff([faults.bitonal(p)], DPI, "group4")),
    "21-lzw.tif": plain(_tiff("tiff_lzw")),
    "22-deflate.tif": plain(_tiff("tiff_adobe_deflate")),
    "23-jpeg.tif": plain(_tiff("jpeg")),
    "24-16-bit.tif": plain(lambda p: formats.tiff_16_bit(_clean(p), DPI)),
    "25-cmyk.tif": plain(_tiff("tiff_lzw", "CMYK")),
    "26-palette.tif": plain(_tiff("tiff_lzw", "P")),
    "27-three-pages.tif": pages(lambda p: formats.tiff(p, DPI, "jpeg")),
    "28-three-pages.pdf": pages(lambda p: formats.pdf(p, DPI)),
    "29-vector.pdf": vector_pdf,
    "30-stroke-through-a-code.jpg": damaged(lambda m, p: (pens.stroke_through(p, DPI, m.rng, (17, 12, 37, 32)), p)[1]),
    "31-torn-corner.jpg": damaged(lambda m, p: faults.torn_corner(p, DPI, 1, 45)),
    "32-coffee.jpg": damaged(lambda m, p: faults.stained(p, m.rng, DPI, (30, 260))),
    "33-stapled.jpg": damaged(lambda m, p: faults.stapled(p, DPI, (20, 15))),
    "34-one-code-left.jpg": only_one_code,
    "40-blank.jpg": blank,
    "41-faint-pencil-is-not-blank.jpg": faint_pencil,
    "50-no-codes.jpg": no_codes,
    "51-no-candidate-code.jpg": strange("missing_candidate_code", unprinted("10001", "2a", 80_000_001), keep="Q"),
    "52-no-question-code.jpg": strange("missing_question_code", unprinted("10001", "2a", 80_000_002), keep="C"),
    "53-pasted-code.jpg": pasted_code,
    "54-cut-out-in-the-drawing.jpg": cut_out,
    "55-two-sheets.jpg": two_sheets,
    "56-another-installation.jpg": strange("foreign_code", foreign_sheet),
    "57-a-code-of-the-world.jpg": foreign_picture,
    "58-forged.jpg": altered,
    "59-unknown-test.jpg": strange("unknown_test", unprinted("10001", "2a", 80_000_003, home.UNKNOWN)),
    "60-no-sketches-in-this-test.jpg": strange(
        "sketches_not_enabled", unprinted("20001", "1", 80_000_004, home.NO_SKETCHES)
    ),
    "61-unknown-candidate.jpg": strange("unknown_candidate", unprinted("99999", "2a", 80_000_005)),
    "62-unknown-question.jpg": strange("unknown_question", unprinted("10001", "9z", 80_000_006)),
    "63-question-without-sketches.jpg": strange("question_takes_no_sketches", unprinted("10001", "1", 80_000_007)),
    "64-too-many-sheets.tif": over_the_limit,
    "65-scanned-again.jpg": again(lambda m, p: p),
    "66-photocopy.jpg": again(lambda m, p: faults.photocopied(p, m.rng)),
    "70-truncated.jpg": truncated,
    "71-empty.jpg": fixed(b"", "unreadable_file"),
    "72-a-text.jpg": fixed(b"Dette er ikke et bilde.\n", "unsupported_file"),
    "73-bomb.png": bomb,
    "74-half-a-page.jpg": half_a_page,
    "75-exchanged-pack.jpg": strange("pack_exchanged", unprinted(home.PACK_OF, "2a", 80_000_008)),
    "76-late.jpg": strange("late", unprinted("30001", "1", 80_000_009, home.BEING_GRADED)),
    "77-rehearsal.jpg": strange("rehearsal", unprinted("10001", "2a", 80_000_010, home.REHEARSAL)),
    "80-pad-with-label.jpg": pad_with_label,
    "81-pad-without-label.jpg": pad_without_label,
    "82-label-of-another.jpg": label_of_another,
    "83-labels-without-a-sheet.jpg": labels_without_a_sheet,
    "84-shaded.jpg": shaded(80_000_020, "3182487", on_generic(80_000_020, "3182487")),
    "85-shaded-unclear.jpg": shaded(80_000_021, "0958859", held("shaded_code_unclear"), without=3),
    "86-both-sides.tif": both_sides,
    "87-one-side-of-two.jpg": one_side,
    "88-sides-of-two-sheets.tif": sides_of_two,
    "89-written-on-the-back.tif": written_back,
    "90-separator.jpg": separator,
    "91-mark-unclear.jpg": mark_unclear,
}


def main() -> None:
    home.SCANS.mkdir(parents=True, exist_ok=True)
    for old in home.SCANS.iterdir():
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        settings, _ = load_settings(None, {"SCANPIPE__DATA_DIR": folder})
        maker = Maker(home.prepare(settings))
    for name, fixture in FIXTURES.items():
        body, expected = fixture(maker)
        (home.SCANS / name).write_bytes(body)
        text = json.dumps(expected, indent=1, ensure_ascii=False) + "\n"
        (home.SCANS / name).with_suffix(".json").write_text(text, encoding="utf-8")
    total = sum(p.stat().st_size for p in home.SCANS.iterdir())
    print(f"{len(FIXTURES)} fixtures, {total / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
