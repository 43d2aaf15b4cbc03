"""Pages out of pictures: by the outline, by codes, or not at all; their light; and advice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from scanpipe.codes import Key, Kind, encode
from scanpipe.desk.phones import JOB, is_from_phone
from scanpipe.desk.uploads import Uploads
from scanpipe.layout import A4, place_of
from scanpipe.model import Claims, Code
from scanpipe.stages.phone import ADVICE, Advised, How, Rectified, advise, rectify
from scanpipe.stages.phone.lighting import evened
from scanpipe.stages.phone.quads import plane, through
from scanpipe.stages.phone.sheet import corners_mm
from scanpipe.stages.read import Eyes
from tests.pictures import SIZE, Corners, held, taken, written


def told(result: Rectified) -> set[Advised]:
    return {advice.what for advice in result.advice}


def error_px(result: Rectified, corners: Corners) -> float:
    assert result.corners is not None
    return float(np.linalg.norm(np.array(result.corners) - corners, axis=1).max())


def test_plain_paper_by_its_outline() -> None:
    result = rectify(taken(written()))
    assert (result.certain, result.how, result.why) == (True, How.OUTLINE, None)
    assert error_px(result, held()) < 1.5
    height, width = result.page.shape[:2]
    assert height / width == pytest.approx(297 / 210, rel=0.002)
    assert told(result) == set()
    flat = cv2.resize(cv2.cvtColor(result.page, cv2.COLOR_RGB2GRAY), (1240, 1754), interpolation=cv2.INTER_AREA)
    ink = flat < 170
    assert (ink & (cv2.erode(written(), np.ones((5, 5))) < 200)).sum() > 0.98 * ink.sum(), (
        "strokes lie where they were drawn"
    )


def test_gray_stays_gray_and_lying_stays_lying() -> None:
    across = held(10, 90, 0.9, SIZE[::-1])
    result = rectify(cv2.cvtColor(taken(written(), across, SIZE[::-1]), cv2.COLOR_RGB2GRAY))
    assert result.certain and result.page.ndim == 2
    assert result.page.shape[1] > result.page.shape[0]


def test_what_is_no_sheet_stays_as_it_came() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (900, 700, 3)).astype(np.uint8)
    for picture in (np.full((900, 700, 3), 200, np.uint8), noise, noise[:8, :8]):
        result = rectify(picture)
        assert not result.certain and result.how is How.AS_IT_CAME and result.why
        assert result.page is picture and result.corners is None
        assert Advised.NO_PAGE_FOUND in told(result)


def test_a_square_is_no_sheet() -> None:
    square = np.array([(150, 400), (1350, 400), (1350, 1600), (150, 1600)], np.float64)
    assert not rectify(taken(written(1240, 1240), square)).certain


def test_white_on_white_stays_as_it_came() -> None:
    assert not rectify(taken(written(), table=(247, 247, 247))).certain


def test_two_sheets_beside_each_other_stay_as_they_came() -> None:
    one = taken(written(), held(0, 0, 0.85, (1000, 1333)), (1000, 1333))
    both = np.hstack([one, one])
    result = rectify(both)
    assert not result.certain and result.why == "there may be more than one sheet on the picture"


def codes(lie: Corners, kinds: str = "CQS", serial: str = "00000007", moved_mm: float = 0.0) -> list[Code]:
    """As they would be read on a sheet whose corners (as it is printed) lie there."""
    matrix = plane(corners_mm(A4), lie)
    assert matrix is not None
    claims = Claims("MA0001-2026H", "10001", "2A", serial)
    found = []
    for kind in kinds:
        place = np.array(place_of(Kind(kind), A4).corners_mm) + moved_mm
        corners = tuple((float(x), float(y)) for x, y in through(matrix, place))
        found.append(Code(encode(Kind(kind), claims, Key("ABC", b"x" * 16), layout="OWN"), "qr", corners, "test"))  # type: ignore[arg-type]
    return found


@dataclass(frozen=True)
class Seen:
    """A reader that sees these codes."""

    codes: list[Code]

    def look(self, gray, symbologies) -> list[Code]:
        return self.codes

    def search(self, gray, symbologies) -> list[Code]:
        return self.codes


def rectified(picture: np.ndarray, found: list[Code]) -> Rectified:
    return rectify(picture, Eyes(Seen(found), Seen(found)))


@pytest.mark.parametrize("kinds", ["CQS", "QS", "G"])
def test_codes_say_which_corner_is_which(kinds) -> None:
    """The sheet lies upside down: by its outline alone it would come out so."""
    upside_down = np.roll(held(), 2, axis=0)
    result = rectified(taken(written()), codes(upside_down, kinds))
    assert result.certain and result.how is How.CODES
    assert error_px(result, upside_down) < 1.5


def test_codes_that_are_not_in_their_places_stop_everything() -> None:
    for kinds in ("CQS", "C"):
        result = rectified(taken(written()), codes(held(), kinds, moved_mm=12))
        assert not result.certain and result.why == "the edges of the sheet do not fit the codes on it"
    both = codes(held()) + codes(held(), "S", "00000008")
    assert rectified(taken(written()), both).why == "codes of more than one sheet are on the picture"


def test_three_codes_suffice_where_no_edge_is_to_be_seen_and_one_does_not() -> None:
    white = taken(written(), table=(247, 247, 247))
    result = rectified(white, codes(held()))
    assert result.certain and error_px(result, held()) < 0.01 * SIZE[0]
    assert not rectified(white, codes(held(), "C")).certain
    beyond = held(fill=1.1)
    cut_off = rectified(taken(written(), beyond), codes(beyond))
    assert cut_off.certain and cut_off.paper_share < 0.99 and Advised.CUT in told(cut_off)


def test_what_a_scanning_app_made_is_not_worked_on() -> None:
    page = written()
    edges = np.array([(0, 0), (1240, 0), (1240, 1754), (0, 1754)], np.float64)
    result = rectified(page, codes(edges))
    assert result.page is page and result.why == "the picture is a flat page already"
    assert told(result) == set()


def test_strips_cost_nothing() -> None:
    for shape in ((8, 60_000), (60_000, 8), (1, 1)):
        assert told(rectify(np.zeros(shape, np.uint8))) >= {Advised.NO_PAGE_FOUND}


def test_light_is_evened_and_pencil_stays() -> None:
    """A light gradient, a hand's shadow with a soft edge, and a pencil that is hardly darker than the paper."""
    page = written(gray=205).astype(np.float32)
    light = np.tile(np.linspace(1, 0.5, page.shape[1], dtype=np.float32), (page.shape[0], 1))
    shadow = np.ones(page.shape, np.float32)
    cv2.circle(shadow, (600, 1700), 500, 0.55, -1)
    light *= cv2.GaussianBlur(shadow, (0, 0), 40)
    made = evened((page * light).astype(np.uint8), 150 / 25.4).astype(int)
    paper, pencil = written(gray=205) > 246, written(gray=205) == 205
    low, high = np.quantile(made[paper], (0.02, 0.98))
    assert high - low < 14 and low > 225
    assert np.median(made[paper]) - np.median(made[pencil]) > 0.9 * (248 - 205) * 246 / 255


def test_what_is_filled_with_ink_or_colour_is_no_shadow() -> None:
    page = cv2.cvtColor(written(), cv2.COLOR_GRAY2RGB)
    page[300:700, 300:700] = (40, 40, 45)
    page[900:1300, 300:700] = (90, 120, 235)
    made = evened(page, 150 / 25.4)
    assert made[500, 500].max() < 70
    assert made[1100, 500, 0] < 130 and made[1100, 500, 2] > 200


def blurred() -> Rectified:
    return rectify(cv2.GaussianBlur(taken(written()), (0, 0), 4))


def dark() -> Rectified:
    return rectify((taken(written()) * 0.25).astype(np.uint8))


def shining() -> Rectified:
    picture = (taken(written()) * 0.8).astype(np.uint8)
    cv2.circle(picture, (700, 900), 120, (255, 255, 255), -1)
    return rectify(picture)


def far_away() -> Rectified:
    return rectify(taken(written(), held(fill=0.5)))


def from_the_side() -> Rectified:
    return rectify(taken(written(), held(tilt_deg=48)))


def cut() -> Rectified:
    return rectify(taken(written(), held(fill=1.4)))


@pytest.mark.parametrize(
    ("made", "what", "measure"),
    [
        (blurred, Advised.BLURRED, "blur_mm"),
        (dark, Advised.TOO_DARK, "paper_level"),
        (shining, Advised.GLARE, "glare_share"),
        (far_away, Advised.TOO_SMALL, "dpi"),
        (from_the_side, Advised.STEEP, "tilt_deg"),
        (cut, Advised.CUT, "paper_at_edge"),
    ],
)
def test_advice_says_what_was_measured(made, what, measure) -> None:
    result = made()
    (advice,) = [a for a in result.advice if a.what is what]
    assert set(advice.measured) == {measure}
    others = told(result) - {what, Advised.NO_PAGE_FOUND}
    assert others == set(), "one fault, one advice"


def test_advice_for_a_picture_by_itself() -> None:
    assert {a.what for a in advise(taken(written()), None)} == {Advised.NO_PAGE_FOUND}


def test_every_advice_has_both_languages() -> None:
    assert set(ADVICE) == set(Advised)
    for sentence in ADVICE.values():
        assert sentence.en.endswith(".") and sentence.nb.endswith(".") and sentence.en != sentence.nb


def test_which_files_are_known_to_be_pictures(tmp_path: Path) -> None:
    folders = ("phones", "home exams/10001")
    job = Uploads(tmp_path / "uploads", tmp_path, 10).begin("kari", JOB).job
    assert is_from_phone(f"{job}/001 a.jpg", ())
    for file in ("phones/a.jpg", "phones/job/a.jpg", "home exams/10001/a.jpg"):
        assert is_from_phone(file, folders), file
    scan = Uploads(tmp_path / "uploads", tmp_path, 10).begin("kari").job
    for file in ("phones.jpg", "room/phones/a.jpg", "home exams/10002/a.jpg", f"{scan}/001 a.jpg", f"{JOB}.jpg"):
        assert not is_from_phone(file, folders), file
