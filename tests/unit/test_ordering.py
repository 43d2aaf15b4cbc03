"""Sorting as a person would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanpipe.ordering import natural_key, path_key


def test_numbers_count_as_numbers_folder_by_folder() -> None:
    ordered = ["a 3/scan1.jpg", "a 12/Scan1.jpg", "a 12/scan2.jpg", "a 12/scan10.jpg", "a 12/torn.jpg"]
    assert sorted(set(ordered), key=path_key) == ordered


@given(st.lists(st.text(alphabet="ab1290٣²½/", max_size=8)))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert sorted(sorted(names, key=natural_key), key=path_key) == sorted(names, key=path_key)
