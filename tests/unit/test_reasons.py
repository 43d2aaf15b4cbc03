"""The words for every reason: all there, each one sentence in two languages, each with a next step."""

import pytest

from scanpipe.differing import TELLING
from scanpipe.model import Difference, Reason
from scanpipe.reasons import WORDING

STEPS = {"assign", "discard", "retry"}
STORED = {
    "no_codes",
    "missing_candidate_code",
    "missing_question_code",
    "codes_disagree",
    "foreign_code",
    "bad_signature",
    "unknown_test",
    "sketches_not_enabled",
    "unknown_candidate",
    "unknown_question",
    "question_takes_no_sketches",
    "too_many_sheets",
    "sheet_seen_before",
    "unreadable_file",
    "unsupported_file",
    "too_large",
    "poor_quality",
    "pack_exchanged",
}


def test_the_table_has_every_reason_in_the_order_of_the_model() -> None:
    assert list(WORDING) == list(Reason)


def test_no_value_that_was_ever_stored_is_renamed() -> None:
    assert {str(r) for r in Reason} >= STORED


@pytest.mark.parametrize("reason", Reason)
def test_each_has_one_sentence_in_both_languages_and_a_next_step(reason: Reason) -> None:
    wording = WORDING[reason]
    for sentence in (wording.en, wording.nb):
        assert sentence.endswith(".") and not sentence.endswith("..")
        assert sentence[0].isupper() and sentence == " ".join(sentence.split())
        assert ". " not in sentence and 20 < len(sentence) < 120
    assert wording.en != wording.nb
    assert wording.steps and set(wording.steps) <= STEPS and len(set(wording.steps)) == len(wording.steps)


def test_no_two_reasons_read_alike() -> None:
    for language in ("en", "nb"):
        assert len({getattr(w, language) for w in WORDING.values()}) == len(Reason)


def test_norwegian_sounds_norwegian() -> None:
    """A sentence that was left in English has none of the words that every Norwegian sentence here needs."""
    for wording in WORDING.values():
        assert {"er", "og", "som", "ikke", "har", "på", "for", "prøven", "enn"} & set(wording.nb.lower().split())


def test_every_difference_is_told_in_both_languages() -> None:
    assert list(TELLING) == list(Difference), "one row for each, in their order"
    told = [t for telling in TELLING.values() for t in (telling.en, telling.nb, telling.next_en, telling.next_nb)]
    assert all(t.endswith(".") and t[0].isupper() for t in told) and len(set(told)) == len(told)
    assert TELLING[Difference.SCANNED_TWICE].what("nb") != TELLING[Difference.SCANNED_TWICE].what("en")
    assert TELLING[Difference.SCANNED_TWICE].next("nb") != TELLING[Difference.SCANNED_TWICE].next("en")


def test_a_stack_that_differs_is_told_of_sheets_and_either_way() -> None:
    telling = TELLING[Difference.STACK_DIFFERS]
    for language, words in (
        ("en", ("sheets", "two sheets at once", "separator")),
        ("nb", ("ark", "to ark på én gang", "skilleark")),
    ):
        assert words[0] in telling.what(language), "it counts sheets"
        assert all(word in telling.next(language) for word in words[1:]), "too few, and too many"
