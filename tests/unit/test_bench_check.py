"""A slower hot path is noticed, a noisy neighbour is not."""

from typing import Any

from tools.bench_check import TOLERANCE, slower


def run(floor: float, textbook: float, name: str = "gray") -> dict[str, Any]:
    ratios = {"cpu_to_floor": {"median": floor}, "cpu_textbook_to_scanpipe": {"median": textbook}}
    return {"inputs": [{"input": name, "ratios": ratios}]}


def test_what_is_worse_by_both_ratios_is_told() -> None:
    (sentence,) = slower(run(1.6, 6.0), run(1.6 * 1.2, 6.0 / 1.25))
    assert sentence == "gray: 20 % more against the codecs, 25 % against the script"


def test_what_is_as_fast_or_faster_is_not() -> None:
    assert list(slower(run(1.6, 6.0), run(1.6, 6.0))) == []
    assert list(slower(run(1.6, 6.0), run(1.2, 9.0))) == []
    nearly = 1 + TOLERANCE - 0.01
    assert list(slower(run(1.6, 6.0), run(1.6 * nearly, 6.0 / nearly))) == []


def test_one_ratio_alone_says_that_the_other_program_changed() -> None:
    assert list(slower(run(1.6, 6.0), run(2.6, 6.0))) == []
    assert list(slower(run(1.6, 6.0), run(1.6, 3.0))) == []


def test_an_input_that_was_not_recorded_is_not_compared() -> None:
    assert list(slower(run(1.6, 6.0), run(9.0, 1.0, "other"))) == []
