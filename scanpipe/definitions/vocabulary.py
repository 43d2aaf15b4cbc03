"""The keys of a definition and what is allowed under each: the loader's errors and the published schema both speak it."""

from __future__ import annotations

from types import MappingProxyType

from scanpipe.definitions.ids import (
    LONGEST_CANDIDATE_NUMBER,
    LONGEST_QUESTION_ID,
    LONGEST_TEST_ID,
    allowed_ids,
)
from scanpipe.definitions.minutes import ALLOWED as EXTRA_TIME
from scanpipe.definitions.wording import LONGEST_LABEL, LONGEST_NAME, LONGEST_PLACE, LONGEST_TITLE, allowed_text
from scanpipe.model import PLAIN_SYMBOLOGIES
from scanpipe.saying import say

LANGUAGES = ("nb", "en")
SKETCHES = ("none", "allowed", "expected")
MOST_SHEETS = 99

DEFINITION_KEYS = MappingProxyType(
    {
        "test": say("the id of the test: %(allowed)s", allowed=allowed_ids(LONGEST_TEST_ID)),
        "title": say("the name of the test: %(allowed)s", allowed=allowed_text(LONGEST_TITLE)),
        "date": say("the day of the test: year-month-day, such as 2026-12-03"),
        "language": say("the language of the sheets: nb (Norwegian, the default) or en (English)"),
        "sketches": say("whether sketches are enabled for the whole test: true (the default) or false, without quotes"),
        "questions": say("a list of at least one question, such as {id: 2a, label: Oppgave 2a, sketches: allowed}"),
        "candidates": say("a list of at least one candidate, or {file: candidates.csv} for a CSV file beside this one"),
        "rehearsal": say(
            "whether this is a rehearsal, whose sheets never reach a real test: true or false (the default), "
            "without quotes"
        ),
        "empty_sheets": say("what becomes of sheets that nobody drew on: file (the default) or count"),
        "plain_codes": say(
            "codes from elsewhere that stand for a label on a pad, such as "
            "{symbologies: [code128], claims: candidate, pattern: 'K([0-9]{5})'}"
        ),
        "further_questions": say(
            "who says that a page answers several questions: person (the default), or marks in boxes on the sheet"
        ),
    }
)
DEFINITION_REQUIRED = ("test", "title", "date", "questions", "candidates")

EMPTY_SHEETS = ("file", "count")
FURTHER_QUESTIONS = ("person", "marks")
PLAIN_CLAIMS = ("candidate", "question", "code")
MOST_PLAIN_CODES = 20
PLAIN_KEYS = MappingProxyType(
    {
        "symbologies": say("a list of kinds of codes: %(names)s", names=", ".join(PLAIN_SYMBOLOGIES)),
        "claims": say("what the code says: candidate, question, or code (one that was given out, which names both)"),
        "pattern": say(
            "a regular expression for the whole text; what its one group in () matches is claimed, else all of it. No |, "
            "nothing repeated that stands in (), and at most three of * + ? {n,m}"
        ),
    }
)
PLAIN_REQUIRED = ("symbologies", "claims", "pattern")

QUESTION_KEYS = MappingProxyType(
    {
        "id": say("the id of the question: %(allowed)s", allowed=allowed_ids(LONGEST_QUESTION_ID)),
        "label": say(
            "the question's name as printed (its id when left out): %(allowed)s", allowed=allowed_text(LONGEST_LABEL)
        ),
        "sketches": say("whether sheets are handed in: none (the default), allowed or expected"),
        "max_sheets": say(
            "most sheets a candidate may hand in: a whole number from 1 to %(most)s, without quotes; "
            "no limit when left out; only where sketches are allowed or expected",
            most=MOST_SHEETS,
        ),
    }
)
QUESTION_REQUIRED = ("id",)

CANDIDATE_KEYS = MappingProxyType(
    {
        "number": say("the candidate's number: %(allowed)s", allowed=allowed_ids(LONGEST_CANDIDATE_NUMBER)),
        "name": allowed_text(LONGEST_NAME),
        "room": allowed_text(LONGEST_PLACE),
        "seat": allowed_text(LONGEST_PLACE),
        "extra_time_min": EXTRA_TIME,
    }
)
CANDIDATE_REQUIRED = ("number",)
LONGEST_OF = MappingProxyType({"name": LONGEST_NAME, "room": LONGEST_PLACE, "seat": LONGEST_PLACE})

COLUMN_KEYS = (*CANDIDATE_KEYS, "extra_time_h", "first_name", "last_name")
"""What a column of a CSV can hold: extra time in hours as well, and a name in two parts."""

FILE_KEYS = MappingProxyType(
    {
        "file": say("the name of a CSV file in the folder of this file, such as candidates.csv"),
        "header": say(
            "whether the first row has the names of the columns: true (the default) or false, without quotes; "
            "then columns has numbers from 1"
        ),
        "columns": say(
            "which column of the CSV holds what, such as {number: Kandidatnr, name: Navn, room: Rom, seat: Plass}"
        ),
    }
)
FILE_REQUIRED = ("file",)

COLUMN_ALLOWED = allowed_text(LONGEST_LABEL)
