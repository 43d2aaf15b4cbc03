"""What was found in a package in, the text of a test definition out, for a person to look through."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from scanpipe.definitions.problems import visible
from scanpipe.definitions.qti.reading import Found, Item
from scanpipe.model import Candidate, Question

Made: TypeAlias = Sequence[tuple[Question, Item]]


@dataclass(frozen=True, slots=True)
class Heading:
    """What no package says; what is empty is taken from it where it can be."""

    test: str
    date: str
    title: str = ""
    language: str = ""


def draft(found: Found, questions: Made, heading: Heading, candidates: Sequence[Candidate] | None, source: str) -> str:
    """The YAML. Without candidates it names `candidates.csv`, which is to be put beside it."""
    return "\n".join(_lines(found, questions, heading, candidates, source)) + "\n"


def _lines(
    found: Found, questions: Made, heading: Heading, candidates: Sequence[Candidate] | None, source: str
) -> Iterator[str]:
    taking = sum(q.sketches != "none" for q, _ in questions)
    yield f"# Read from {_remark(source)} (QTI {found.version}): {taking} of {len(questions)} questions take sketches."
    yield "# Look it through; then `scanpipe tests add` registers it."
    yield from (f"# {_remark(note)}" for note in found.notes)
    yield f"test: {_text(heading.test)}"
    yield f"title: {_text(heading.title or found.title or heading.test)}"
    yield f"date: {_text(heading.date)}"
    yield f"language: {heading.language or _language(found.language)}"
    yield "sketches: true"
    yield "questions:"
    for question, item in questions:
        yield f"  - {_mapping(_question_fields(question))}  # item {_remark(item.identifier)}: {', '.join(item.kinds)}"
    if candidates is None:
        yield "candidates: {file: candidates.csv}"
        return
    yield "candidates:"
    yield from (f"  - {_mapping(_candidate_fields(c))}" for c in candidates)


def _question_fields(question: Question) -> dict[str, str | int | None]:
    fields: dict[str, str | int | None] = {"id": question.id, "label": question.label, "sketches": question.sketches}
    return fields | {"max_sheets": question.max_sheets}


def _candidate_fields(c: Candidate) -> dict[str, str | int | None]:
    return {"number": c.number, "name": c.name, "room": c.room, "seat": c.seat, "extra_time_min": c.extra_time_min}


def _mapping(fields: dict[str, str | int | None]) -> str:
    told = (f"{key}: {v if isinstance(v, int) else _text(v)}" for key, v in fields.items() if v is not None)
    return "{" + ", ".join(told) + "}"


def _text(text: str) -> str:
    """In quotes, as YAML and JSON both write it."""
    return json.dumps(text, ensure_ascii=False)


def _remark(text: str) -> str:
    """On one line, with nothing that YAML refuses in a remark."""
    return visible(text).replace("\n", " ")


def _language(said: str) -> str:
    return "en" if said.lower().split("-")[0] == "en" else "nb"
