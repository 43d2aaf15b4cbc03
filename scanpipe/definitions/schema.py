"""The published JSON schema of a definition's YAML: what editors check and complete while somebody types.

It says what one file can say about itself; that ids are unique and that the CSV is good is checked on loading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scanpipe.definitions.ids import ALNUM, DEVICES, LONGEST_CANDIDATE_NUMBER, LONGEST_QUESTION_ID, LONGEST_TEST_ID
from scanpipe.definitions.minutes import MOST_MIN
from scanpipe.definitions.vocabulary import (
    CANDIDATE_KEYS,
    CANDIDATE_REQUIRED,
    COLUMN_KEYS,
    DEFINITION_KEYS,
    DEFINITION_REQUIRED,
    EMPTY_SHEETS,
    FILE_KEYS,
    FILE_REQUIRED,
    FURTHER_QUESTIONS,
    LANGUAGES,
    LONGEST_OF,
    MOST_PLAIN_CODES,
    MOST_SHEETS,
    PLAIN_CLAIMS,
    PLAIN_KEYS,
    PLAIN_REQUIRED,
    QUESTION_KEYS,
    QUESTION_REQUIRED,
    SKETCHES,
)
from scanpipe.definitions.wording import LONGEST_LABEL, LONGEST_NAME, LONGEST_TITLE
from scanpipe.model import PLAIN_SYMBOLOGIES

Schema = dict[str, Any]


def schema() -> Schema:
    """The JSON schema (draft 2020-12) of a test definition."""
    fields = {
        "test": _id(LONGEST_TEST_ID),
        "title": _text(LONGEST_TITLE),
        "date": {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        "language": {"enum": list(LANGUAGES), "default": "nb"},
        "sketches": {"type": "boolean", "default": True},
        "questions": {"type": "array", "minItems": 1, "items": _question()},
        "candidates": {"oneOf": [{"type": "array", "minItems": 1, "items": _candidate()}, _file()]},
        "rehearsal": {"type": "boolean", "default": False},
        "empty_sheets": {"enum": list(EMPTY_SHEETS), "default": EMPTY_SHEETS[0]},
        "further_questions": {"enum": list(FURTHER_QUESTIONS), "default": FURTHER_QUESTIONS[0]},
        "plain_codes": {"type": "array", "maxItems": MOST_PLAIN_CODES, "items": _plain_code()},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Test definition of scanpipe",
        **_object(fields, DEFINITION_KEYS, DEFINITION_REQUIRED),
    }


def _question() -> Schema:
    fields = {
        "id": _id(LONGEST_QUESTION_ID),
        "label": _text(LONGEST_LABEL),
        "sketches": {"enum": list(SKETCHES), "default": "none"},
        "max_sheets": {"type": "integer", "minimum": 0, "maximum": MOST_SHEETS},
    }
    takes_sketches = {"required": ["sketches"], "properties": {"sketches": {"enum": list(SKETCHES[1:])}}}
    return {
        **_object(fields, QUESTION_KEYS, QUESTION_REQUIRED),
        "if": takes_sketches,
        "then": {"properties": {"max_sheets": {"minimum": 1}}},
        "else": {"properties": {"max_sheets": {"const": 0}}},
    }


def _plain_code() -> Schema:
    symbologies: Schema = {"type": "array", "minItems": 1, "items": {"enum": list(PLAIN_SYMBOLOGIES)}}
    pattern: Schema = {"type": ["string", "number"], "minLength": 1, "maxLength": LONGEST_LABEL}
    fields = {"symbologies": symbologies, "claims": {"enum": list(PLAIN_CLAIMS)}, "pattern": pattern}
    return _object(fields, PLAIN_KEYS, PLAIN_REQUIRED)


def _candidate() -> Schema:
    details = {key: _text_or_nothing(longest) for key, longest in LONGEST_OF.items()}
    extra = {"type": ["integer", "string", "null"], "minimum": 0, "maximum": MOST_MIN}
    fields = {"number": _id(LONGEST_CANDIDATE_NUMBER), **details, "extra_time_min": extra}
    return _object(fields, CANDIDATE_KEYS, CANDIDATE_REQUIRED)


def _file() -> Schema:
    columns = {
        "type": "object",
        "additionalProperties": False,
        "properties": dict.fromkeys(COLUMN_KEYS, _text(LONGEST_LABEL)),
    }
    file = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": r"^[^/\\:]+$"}
    fields = {"file": file, "header": {"type": "boolean", "default": True}, "columns": columns}
    return _object(fields, FILE_KEYS, FILE_REQUIRED)


def _object(fields: Mapping[str, Schema], descriptions: Mapping[str, str], required: Sequence[str]) -> Schema:
    described = {key: {"description": descriptions[key], **field} for key, field in fields.items()}
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": described}


def _id(longest: int) -> Schema:
    """A number is allowed, since `id: 1` without quotes is one for YAML; it is taken as it was written."""
    return {
        "type": ["string", "number"],
        "maxLength": longest,
        "pattern": f"^[{ALNUM}]([{ALNUM}._-]*[{ALNUM}])?$",
        "not": {"type": "string", "pattern": rf"\.\.|^({_any_case(DEVICES)})(\.|$)"},
    }


def _any_case(pattern: str) -> str:
    return "".join(f"[{c}{c.lower()}]" if c.isalpha() else c for c in pattern)


def _text(longest: int) -> Schema:
    return {"type": ["string", "number"], "minLength": 1, "maxLength": longest}


def _text_or_nothing(longest: int) -> Schema:
    return {**_text(longest), "type": ["string", "number", "null"]}
