"""Ids are safe wherever they are spelled; texts are safe to print."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.codes import Key, Kind, encode, parse
from scanpipe.definitions import id_problem
from scanpipe.definitions.wording import text_problem, tidy
from scanpipe.model import Claims, Slot

ALPHABET = "AZaz09ÆØÅæøåÄÖÜäöüÉé._-CONLPT1"
IDS = st.text(ALPHABET, min_size=1, max_size=20).filter(lambda text: id_problem(text, 20) is None)


@pytest.mark.parametrize(
    "id", ["1", "2a", "0010", "1.10", "MA0001-2026H", "Ærlig_å", "x" * 20, "console", "a.con", "É1"]
)
def test_a_good_id(id: str) -> None:
    assert id_problem(id, 20) is None


@pytest.mark.parametrize(
    ("id", "why"),
    [
        ("", "empty"),
        ("x" * 21, "21 characters"),
        ("a b", "cannot stand"),
        ("a/b", "cannot stand"),
        ("a\\b", "cannot stand"),
        ("a:b", "cannot stand"),
        ("a*b", "cannot stand"),
        ("a\n", "cannot stand"),
        ("А", "cannot stand"),  # Cyrillic
        ("ß", "cannot stand"),  # two capitals
        ("ı", "cannot stand"),  # the capital of another letter
        ("A\u030a", "cannot stand"),
        ("１", "cannot stand"),
        (".a", "begins and ends"),
        ("a.", "begins and ends"),
        ("-", "begins and ends"),
        ("_a", "begins and ends"),
        ("a-", "begins and ends"),
        ("a..b", "Two dots"),
        ("nul", "Windows"),
        ("Com1", "Windows"),
        ("LPT9.x", "Windows"),
    ],
)
def test_a_bad_id_has_a_reason(id: str, why: str) -> None:
    problem = id_problem(id, 20)
    assert problem is not None
    assert why in problem
    assert problem.isprintable()


@given(st.text(max_size=20) | st.text(ALPHABET, max_size=20))
def test_an_accepted_id_is_a_safe_segment_of_a_key(text: str) -> None:
    if id_problem(text, 20) is not None:
        return
    key = Slot(text, text, text).key("page.jpg")
    assert PurePosixPath(key).parts == ("tests", text, "candidates", text, "questions", text, "page.jpg")
    assert PureWindowsPath(key).parts == PurePosixPath(key).parts
    assert not PureWindowsPath(text).is_reserved()
    assert unicodedata.is_normalized("NFC", text)


@given(IDS)
def test_capitals_are_one_to_one_so_that_unique_ids_stay_unique(id: str) -> None:
    assert len(id.upper()) == len(id)
    assert id_problem(id.upper(), 20) is None
    assert id.upper().lower().upper() == id.upper()


@given(IDS, IDS, IDS)
def test_an_accepted_id_can_be_spelled_in_a_code(test: str, candidate: str, question: str) -> None:
    claims = Claims(test, candidate, question, "00000001")
    parsed = parse(encode(Kind.SHEET, claims, Key("AAA", b"secret")))
    assert parsed is not None
    assert parsed.claims == Claims(test.upper(), candidate.upper(), question.upper(), "00000001")


@pytest.mark.parametrize("text", ["Kari Åsmund", "½ – «x» ∑", "Þóra", "Ελένη", "e\u0303\u0307", "x" * 40])
def test_text_that_can_be_printed(text: str) -> None:
    assert text_problem(text, 40) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 41,
        "a\tb",
        "a\x85b",
        "a\u200bb",
        "a\u202eb",
        "a\u2066b",
        "a\u2028b",
        "\ue000",
        "\ud800",
        "😀",
        "\ufffd",
    ],
)
def test_text_that_cannot_be_printed(text: str) -> None:
    problem = text_problem(text, 40)
    assert problem is not None
    assert problem.isprintable()


def test_tidying_changes_no_character_into_a_look_alike() -> None:
    assert tidy(" x² ½ ﬁ № ") == "x² ½ ﬁ №"


@given(st.text())
def test_tidy_text_stays_tidy(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
    assert unicodedata.is_normalized("NFC", tidy(text))
