"""The text of a definition in, a `TestDefinition` out; everything that is wrong is noted where it stands."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any, Literal, cast

from scanpipe.definitions.beside import read_beside
from scanpipe.definitions.candidates import Placed, candidate
from scanpipe.definitions.candidates_csv import read_candidates
from scanpipe.definitions.ids import LONGEST_QUESTION_ID, LONGEST_TEST_ID, read_id, refuse_repeats
from scanpipe.definitions.plain_codes import one_of, read_plain_codes
from scanpipe.definitions.problems import Spot
from scanpipe.definitions.vocabulary import (
    CANDIDATE_KEYS,
    CANDIDATE_REQUIRED,
    COLUMN_ALLOWED,
    COLUMN_KEYS,
    DEFINITION_KEYS,
    DEFINITION_REQUIRED,
    EMPTY_SHEETS,
    FILE_KEYS,
    FILE_REQUIRED,
    FURTHER_QUESTIONS,
    LANGUAGES,
    QUESTION_KEYS,
    QUESTION_REQUIRED,
    SKETCHES,
)
from scanpipe.definitions.wording import LONGEST_LABEL, LONGEST_TITLE, read_text
from scanpipe.definitions.yaml_nodes import (
    Value,
    closest,
    compose,
    describe,
    entries,
    is_mapping,
    is_nothing,
    is_plain,
    items,
    scalar,
)
from scanpipe.model import Candidate, Question, TestDefinition
from scanpipe.saying import say

_NORWEGIAN = {"no", "off", "false", "nn", "nb-no", "nb_no", "nn-no", "no-no", "norsk", "bokmål", "nynorsk", "norwegian"}
_DAY_FIRST = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})")

_Sketches = Literal["none", "allowed", "expected"]


def read_definition(text: str, spot: Spot, folder: Path | None) -> TestDefinition | None:
    """The definition; None when it is not acceptable. `folder` is where its CSV may be; None: nowhere."""
    root = compose(text, spot)
    if root is None:
        return None
    fields = entries(root, DEFINITION_KEYS, DEFINITION_REQUIRED)
    id = _id(fields.get("test"), DEFINITION_KEYS["test"], LONGEST_TEST_ID)
    title = _text(fields.get("title"), DEFINITION_KEYS["title"], LONGEST_TITLE)
    date = _date(fields.get("date"))
    language = _language(fields.get("language"))
    sketches = _switch(fields.get("sketches"), DEFINITION_KEYS["sketches"])
    questions = _questions(fields.get("questions"))
    candidates = _candidates(fields.get("candidates"), folder)
    more: dict[str, Any] = {
        "rehearsal": "rehearsal" in fields and _switch(fields["rehearsal"], DEFINITION_KEYS["rehearsal"]),
        "empty_sheets": one_of(fields.get("empty_sheets"), EMPTY_SHEETS, DEFINITION_KEYS["empty_sheets"]) or "file",
        "further_questions": one_of(
            fields.get("further_questions"), FURTHER_QUESTIONS, DEFINITION_KEYS["further_questions"]
        )
        or "person",
        "plain_codes": read_plain_codes(fields.get("plain_codes")),
    }
    if spot.problems or id is None or title is None or date is None:
        return None
    return TestDefinition(id, title, date, language, sketches, tuple(questions), tuple(candidates), **more)


def _id(value: Value | None, allowed: str, longest: int) -> str | None:
    text = None if value is None else scalar(value, allowed)
    return None if value is None or text is None else read_id(text, value.spot, longest)


def _text(value: Value | None, allowed: str, longest: int) -> str | None:
    text = None if value is None else scalar(value, allowed)
    return None if value is None or text is None else read_text(text, value.spot, longest)


def _date(value: Value | None) -> str | None:
    text = None if value is None else scalar(value, DEFINITION_KEYS["date"])
    if value is None or text is None:
        return None
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) and _is_day(text):
        return text
    day_first = _DAY_FIRST.fullmatch(text.strip())
    meant = "{2}-{1:0>2}-{0:0>2}".format(*day_first.groups()) if day_first else ""
    hint = say("Write %(meant)s.", meant=meant) if meant and _is_day(meant) else ""
    value.spot.wrong(describe(value), DEFINITION_KEYS["date"], hint)
    return None


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _language(value: Value | None) -> Literal["nb", "en"]:
    text = "nb" if value is None else scalar(value, DEFINITION_KEYS["language"])
    if value is not None and text is not None and text not in LANGUAGES:
        hint = say("Write nb for Norwegian.") if text.lower() in _NORWEGIAN else closest(text, LANGUAGES)
        value.spot.wrong(describe(value), DEFINITION_KEYS["language"], hint)
    return "en" if text == "en" else "nb"


def _switch(value: Value | None, allowed: str) -> bool:
    text = "true" if value is None else scalar(value, allowed)
    if value is None or text is None or (is_plain(value, "bool") and text.lower() in ("true", "false")):
        return text is not None and text.lower() == "true"
    meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(text.lower(), text.lower())
    hint = say("Write %(meant)s.", meant=meant) if meant in ("true", "false") else ""
    value.spot.wrong(describe(value), allowed, hint)
    return False


def _questions(value: Value | None) -> list[Question]:
    values = None if value is None else items(value, DEFINITION_KEYS["questions"])
    placed = [p for p in map(_question, values or []) if p is not None]
    refuse_repeats([(question.id, spot) for question, spot in placed], say("question id"))
    return [question for question, _ in placed]


def _question(value: Value) -> tuple[Question, Spot] | None:
    fields = entries(value, QUESTION_KEYS, QUESTION_REQUIRED)
    id = _id(fields.get("id"), QUESTION_KEYS["id"], LONGEST_QUESTION_ID)
    label = _text(fields.get("label"), QUESTION_KEYS["label"], LONGEST_LABEL)
    sketches = _sketches(fields.get("sketches"))
    max_sheets = _max_sheets(fields.get("max_sheets"), sketches)
    if id is None:
        return None
    return Question(id, label or id, sketches or "none", max_sheets), fields["id"].spot


def _sketches(value: Value | None) -> _Sketches | None:
    """None, and noted, when it is none of the three words."""
    text = "none" if value is None else scalar(value, QUESTION_KEYS["sketches"])
    if value is None or text is None or text in SKETCHES:
        return cast(_Sketches | None, text)
    words = {"no": "none", "false": "none", "off": "none", "yes": "allowed", "true": "allowed", "on": "allowed"}
    meant = words.get(text.lower())
    hint = say("Write %(meant)s.", meant=meant) if meant else closest(text, SKETCHES)
    value.spot.wrong(describe(value), QUESTION_KEYS["sketches"], hint)
    return None


def _max_sheets(value: Value | None, sketches: str | None) -> int | None:
    text = None if value is None else scalar(value, QUESTION_KEYS["max_sheets"])
    if value is None or text is None:
        return None
    if sketches == "none" and is_plain(value, "int") and text == "0":
        return None
    if not is_plain(value, "int") or not re.fullmatch("[1-9][0-9]?", text):
        value.spot.wrong(describe(value), QUESTION_KEYS["max_sheets"])
        return None
    if sketches == "none":
        hint = say("This question takes no sketches: leave max_sheets out, or write sketches: allowed.")
        value.spot.wrong(describe(value), QUESTION_KEYS["max_sheets"], hint)
    return int(text)


def _candidates(value: Value | None, folder: Path | None) -> list[Candidate]:
    if value is None:
        return []
    if is_mapping(value):
        placed = _from_file(value, folder)
    else:
        values = items(value, DEFINITION_KEYS["candidates"]) or []
        placed = [p for p in map(_candidate, values) if p is not None]
    refuse_repeats([(one.number, spot) for one, spot in placed], say("candidate number"))
    return [one for one, _ in placed]


def _candidate(value: Value) -> Placed | None:
    cells: dict[str, tuple[str, Spot]] = {}
    for key, field in entries(value, CANDIDATE_KEYS, CANDIDATE_REQUIRED).items():
        if key in CANDIDATE_REQUIRED or not is_nothing(field):
            text = scalar(field, CANDIDATE_KEYS[key])
            cells.update({} if text is None else {key: (text, field.spot)})
    return candidate(cells)


def _from_file(value: Value, folder: Path | None) -> list[Placed]:
    fields = entries(value, FILE_KEYS, FILE_REQUIRED)
    file, columns = fields.get("file"), _columns(fields.get("columns"))
    name = None if file is None else scalar(file, FILE_KEYS["file"])
    data = None if file is None or name is None else read_beside(name, folder, file.spot)
    if name is None or data is None:
        return []
    header = _switch(fields["header"], FILE_KEYS["header"]) if "header" in fields else True
    return read_candidates(data, Spot(name.strip(), value.spot.problems), columns, header)


def _columns(value: Value | None) -> dict[str, str] | None:
    """The name of the column by key; None when none are named."""
    if value is None:
        return None
    keys = dict.fromkeys(COLUMN_KEYS, COLUMN_ALLOWED)
    names = {key: _text(v, COLUMN_ALLOWED, LONGEST_LABEL) for key, v in entries(value, keys, ()).items()}
    return {key: name for key, name in names.items() if name is not None}
