"""The numbers that candidates shade: no slip makes one of them another."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.shaded_codes import DIGITS, DISTANCE, EXAMPLE, MOST_PAIRS, completed, distance, is_made, make, too_close

made = st.integers(0, 99_999).map(lambda n: completed(f"{n:05d}")).filter(lambda code: code is not None)
digit = st.sampled_from("0123456789")


def changed(code: str, places: tuple[int, ...], digits: tuple[str, ...]) -> str:
    letters = list(code)
    for place, to in zip(places, digits, strict=True):
        letters[place] = to
    return "".join(letters)


@given(made, st.integers(0, DIGITS - 1), digit)
def test_no_single_misreading_makes_another_code(code: str, place: int, to: str) -> None:
    other = changed(code, (place,), (to,))
    assert other == code or not is_made(other)


@given(made, st.sampled_from(list(combinations(range(DIGITS), 2))), st.tuples(digit, digit))
def test_no_double_misreading_makes_another_code(code: str, places: tuple[int, int], to: tuple[str, str]) -> None:
    other = changed(code, places, to)
    assert other == code or not is_made(other)


@given(made, st.integers(0, DIGITS - 2))
def test_no_swap_of_neighbours_makes_another_code(code: str, place: int) -> None:
    other = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert other == code or not is_made(other)


def test_made_codes_keep_their_distance_from_each_other_and_from_those_taken() -> None:
    taken = ["1234567", "1234568", "7654321"]
    codes = make(400, taken, Random(3))
    assert len(set(codes)) == 400 and all(map(is_made, codes))
    assert all(distance(a, b) >= DISTANCE for a, b in combinations([*codes, taken[0]], 2))
    assert too_close(codes) == []


def test_the_example_on_every_sheet_is_given_to_nobody() -> None:
    codes = make(82_000, (), Random(5))
    assert is_made(EXAMPLE) and all(distance(code, EXAMPLE) >= DISTANCE for code in codes)


def test_another_generator_makes_other_codes() -> None:
    assert set(make(50, (), Random(1))).isdisjoint(make(50, (), Random(2)))


def test_when_they_run_out_it_is_said() -> None:
    with pytest.raises(ValueError, match="left"):
        make(90_000, (), Random(1))


@given(st.sets(st.text("0123", min_size=3, max_size=4), max_size=25), st.data())
def test_pairs_are_those_that_comparing_all_of_them_finds(codes: set[str], data: st.DataObject) -> None:
    own = data.draw(st.sets(st.sampled_from(sorted(codes) or ["0"])))
    pairs = [(a, b) for a, b in combinations(sorted(codes), 2) if len(a) == len(b) and distance(a, b) < DISTANCE]
    expected = sorted(((a, b, distance(a, b)) for a, b in pairs if a in own or b in own), key=lambda p: (p[2], p))
    assert too_close(codes, own) == expected


def test_of_numbers_in_a_row_the_first_pairs_are_told_and_no_more() -> None:
    found = too_close(f"{n:07d}" for n in range(20_000))
    assert len(found) == MOST_PAIRS and {places for _, _, places in found} == {1}


def test_pairs_that_are_too_close_are_all_found() -> None:
    codes = ["0000000", "0000001", "0000011", "0000111", "5555555", "123456"]
    expected = {(a, b) for a, b in combinations(sorted(codes), 2) if len(a) == len(b) and distance(a, b) < DISTANCE}
    found = too_close(codes)
    assert {(a, b) for a, b, _ in found} == expected
    assert [places for _, _, places in found] == sorted(distance(a, b) for a, b in expected)
