"""A definition as one text, the same for the same content: what the ledger keeps, and what tells revisions apart."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from scanpipe.faults import DefinitionFault
from scanpipe.model import Candidate, PlainCode, Question, TestDefinition


def to_json(definition: TestDefinition) -> str:
    """The canonical JSON: sorted keys, no blanks, nothing that is None, without the revision.

    The order of questions and of candidates is kept, since it is part of the definition.
    """
    fields = {
        "test": definition.id,
        "title": definition.title,
        "date": definition.date,
        "language": definition.language,
        "sketches": definition.sketches,
        "questions": [_question_fields(q) for q in definition.questions],
        "candidates": [_candidate_fields(c) for c in definition.candidates],
        **_unusual(definition),
    }
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def from_json(text: str, revision: int) -> TestDefinition:
    """The definition that `to_json` wrote, under this revision.

    Rules for ids and texts are not asked again, so that what was accepted once stays readable. Raises DefinitionFault when
    `text` is not the JSON of a definition.
    """
    try:
        fields = json.loads(text)
        return TestDefinition(
            id=fields["test"],
            title=fields["title"],
            date=fields["date"],
            language=fields["language"],
            sketches=fields["sketches"],
            questions=tuple(Question(**q) for q in fields["questions"]),
            candidates=tuple(Candidate(**c) for c in fields["candidates"]),
            revision=revision,
            rehearsal=fields.get("rehearsal", False),
            empty_sheets=fields.get("empty_sheets", "file"),
            further_questions=fields.get("further_questions", "person"),
            plain_codes=tuple(_plain_code(p) for p in fields.get("plain_codes", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DefinitionFault(
            f"a stored test definition cannot be read ({error})", "Run `scanpipe verify`: the ledger may be damaged."
        ) from error


def digest(definition: TestDefinition) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal: equal for equal content, whatever the revision."""
    return hashlib.sha256(to_json(definition).encode("utf-8")).hexdigest()


def _unusual(definition: TestDefinition) -> dict[str, Any]:
    """What most tests do not say: it is left out, so that their digests are what they were before it could be said."""
    fields: dict[str, Any] = {"rehearsal": True} if definition.rehearsal else {}
    fields |= {"empty_sheets": definition.empty_sheets} if definition.empty_sheets != "file" else {}
    fields |= {"further_questions": "marks"} if definition.further_questions == "marks" else {}
    plain = [
        {"symbologies": list(p.symbologies), "claims": p.claims, "pattern": p.pattern} for p in definition.plain_codes
    ]
    return fields | ({"plain_codes": plain} if plain else {})


def _plain_code(fields: dict[str, Any]) -> PlainCode:
    return PlainCode(tuple(fields["symbologies"]), fields["pattern"], fields["claims"])


def _question_fields(question: Question) -> dict[str, Any]:
    fields = {"id": question.id, "label": question.label, "sketches": question.sketches}
    return fields if question.max_sheets is None else {**fields, "max_sheets": question.max_sheets}


def _candidate_fields(candidate: Candidate) -> dict[str, Any]:
    details = {"name": candidate.name, "room": candidate.room, "seat": candidate.seat}
    more: dict[str, Any] = details | {"extra_time_min": candidate.extra_time_min}
    return {"number": candidate.number, **{key: value for key, value in more.items() if value is not None}}
