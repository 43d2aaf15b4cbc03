"""What forbids to file a scan unseen: too little of the sheet, too dark, or a lone code on something that is no sheet."""

from dataclasses import replace

import pytest

from scanpipe.codes import Kind
from scanpipe.model import Reason, Sight
from scanpipe.stages.quality import MAX_DARKNESS, MIN_PAGE_SHARE_ONE_CODE, MIN_PAPER_SHARE, quality_problem
from tests.helpers import code

THREE = tuple(code(k) for k in Kind)
GOOD = Sight(THREE, 0, 0.0, "codes", 0.1, 200.0, 1654, 2339, 1.0, 1.0, 0.02, False)


def test_a_whole_sheet_is_fine() -> None:
    assert quality_problem(GOOD) is None
    assert quality_problem(replace(GOOD, paper_share=MIN_PAPER_SHARE, darkness=MAX_DARKNESS)) is None


@pytest.mark.parametrize("share", [0.0, 0.5, MIN_PAPER_SHARE - 0.001])
def test_a_sheet_of_which_a_part_is_missing(share: float) -> None:
    problem = quality_problem(replace(GOOD, paper_share=share))
    assert problem is not None and problem.reason is Reason.POOR_QUALITY
    assert problem.detail == {"paper_on_page": round(share, 3)}


def test_a_scan_that_is_nearly_black() -> None:
    problem = quality_problem(replace(GOOD, darkness=MAX_DARKNESS + 0.01))
    assert problem is not None and problem.reason is Reason.POOR_QUALITY and problem.detail == {"nearly_black": 0.51}


def test_a_lone_code_on_a_page_that_is_much_larger_than_a_sheet() -> None:
    small = replace(GOOD, page_share=MIN_PAGE_SHARE_ONE_CODE - 0.01)
    assert quality_problem(small) is None  # three codes vouch for each other
    problem = quality_problem(replace(small, codes=THREE[:1]))
    assert problem is not None and problem.reason is Reason.CODES_DISAGREE
    assert problem.detail["page_share"] == 0.74
    assert quality_problem(replace(GOOD, codes=THREE[:1], page_share=MIN_PAGE_SHARE_ONE_CODE)) is None


def test_a_page_on_which_no_code_says_where_the_sheet_is() -> None:
    assert quality_problem(replace(GOOD, codes=(), paper_share=None, page_share=None)) is None
