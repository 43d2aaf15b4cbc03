"""What makes a scan poor, too little of the sheet, too dark, blurred; and a lone code on something that is no sheet."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from scanpipe.codes import PERSONAL
from scanpipe.model import Claims, Filed, Held, Reason, Sheet
from scanpipe.pipeline import judge
from scanpipe.sight import Sight
from scanpipe.stages.quality import MIN_PAGE_SHARE_ONE_CODE, QualityRules, blur_px, codes_problem, quality_problem
from scanpipe.stages.read import look
from scanpipe.stages.validate import Facts
from tests.helpers import RING, ArrayPage, code, definition, eyes, sheet

THREE = tuple(code(k) for k in PERSONAL)
GOOD = Sight(THREE, 0, 0.0, "codes", 0.1, 200.0, 1654, 2339, 1.0, 1.0, 0.02, False, 0.08)
RULES = QualityRules()
POOR = {
    "paper_on_page": (replace(GOOD, paper_share=0.5), 0.5),
    "nearly_black": (replace(GOOD, darkness=0.51), 0.51),
    "blur_mm": (replace(GOOD, blur_mm=0.31), 0.31),
}


def test_a_whole_sheet_is_fine() -> None:
    assert quality_problem(GOOD, RULES) is None and codes_problem(GOOD) is None
    at_the_bounds = replace(
        GOOD, paper_share=1 - RULES.missing_share, darkness=RULES.black_share, blur_mm=RULES.blur_mm
    )
    assert quality_problem(at_the_bounds, RULES) is None


@pytest.mark.parametrize("name", POOR)
def test_each_measure_that_is_poor_is_named(name: str) -> None:
    sight, value = POOR[name]
    problem = quality_problem(sight, RULES)
    assert problem is not None and problem.reason is Reason.POOR_QUALITY and problem.detail == {name: value}


def test_all_that_is_poor_is_named_at_once() -> None:
    problem = quality_problem(replace(GOOD, paper_share=0.2, darkness=0.9, blur_mm=1.0), RULES)
    assert problem is not None and problem.detail.keys() == POOR.keys()


def test_the_bounds_are_settings() -> None:
    patient = QualityRules(missing_share=0.6, black_share=0.6, blur_mm=0.4)
    assert all(quality_problem(sight, patient) is None for sight, _ in POOR.values())


def test_a_lone_code_on_a_page_that_is_much_larger_than_a_sheet() -> None:
    small = replace(GOOD, page_share=MIN_PAGE_SHARE_ONE_CODE - 0.01)
    assert codes_problem(small) is None  # three codes vouch for each other
    problem = codes_problem(replace(small, codes=THREE[:1]))
    assert problem is not None and problem.reason is Reason.CODES_DISAGREE
    assert problem.detail["page_share"] == 0.74
    assert codes_problem(replace(GOOD, codes=THREE[:1], page_share=MIN_PAGE_SHARE_ONE_CODE)) is None


def test_a_page_on_which_no_code_says_where_the_sheet_is() -> None:
    unknown = replace(GOOD, codes=(), paper_share=None, page_share=None, blur_mm=None)
    assert quality_problem(unknown, RULES) is None and codes_problem(unknown) is None


class Records:
    """The sheet that the codes name was printed, and its slot is free."""

    def printed(self, serial: str) -> Sheet | None:
        return None

    def facts(self, claims: Claims) -> Facts:
        return Facts(definition())


@pytest.mark.parametrize("name", POOR)
def test_a_poor_scan_is_held_or_filed_by_setting_and_never_silently(name: str) -> None:
    sight, value = POOR[name]
    held = judge(sight, RING, Records(), QualityRules(hold=True))
    assert isinstance(held, Held) and held.reason is Reason.POOR_QUALITY and held.evidence[name] == value
    filed = judge(sight, RING, Records(), QualityRules(hold=False))
    assert isinstance(filed, Filed) and filed.evidence["poor_quality"] == {name: value}
    good = judge(GOOD, RING, Records(), QualityRules(hold=False))
    assert isinstance(good, Filed) and "poor_quality" not in good.evidence


def test_no_setting_files_a_lone_code_on_a_cut_out() -> None:
    cut_out = replace(GOOD, codes=THREE[2:], page_share=0.3)
    held = judge(cut_out, RING, Records(), QualityRules(hold=False))
    assert isinstance(held, Held) and held.reason is Reason.CODES_DISAGREE


@pytest.mark.parametrize("dpi", [150, 300])
@pytest.mark.parametrize("sigma_mm", [0.15, 0.25])
def test_blur_is_measured_at_the_codes(dpi: int, sigma_mm: float) -> None:
    pixels = cv2.GaussianBlur(sheet(dpi=dpi).gray, (0, 0), sigma_mm / 25.4 * dpi)
    page = ArrayPage(np.asarray(pixels))
    for shrink in (1, 2):
        found = blur_px(page.gray(shrink), look(page, eyes()), shrink)
        assert found is not None and found / dpi * 25.4 == pytest.approx(sigma_mm, rel=0.35)


def test_a_sharp_page_is_not_called_blurred() -> None:
    page = ArrayPage(sheet(dpi=150).gray)
    found = blur_px(page.gray(1), look(page, eyes()), 1)
    assert found is not None and found / 150 * 25.4 < 0.12
    assert blur_px(page.gray(1), (), 1) is None
