"""The published schema: its committed copy, the examples, and that it agrees with the loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.definitions import check_text, id_problem, load, schema

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "config/tests").glob("*.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(schema())


class DatesAreText(yaml.SafeLoader):
    """As YAML 1.2, which editors read, and JSON: a date is a text."""


DatesAreText.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

DEFINITION: dict[str, Any] = {
    "test": "T1",
    "title": "Title",
    "date": "2026-12-03",
    "questions": [{"id": "1", "sketches": "allowed", "max_sheets": 2}],
    "candidates": [{"number": "7", "name": None}],
}


def test_the_committed_copy_is_the_schema() -> None:
    committed = (ROOT / "config/schema/test-definition.schema.json").read_text(encoding="utf-8")
    assert committed == json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_the_examples_are_valid(path: Path) -> None:
    VALIDATOR.validate(yaml.load(path.read_text(encoding="utf-8"), Loader=DatesAreText))


def test_the_examples_are_as_promised() -> None:
    chemistry, mathematics = (load(path) for path in EXAMPLES)
    assert (mathematics.id, mathematics.title, mathematics.language) == ("MA0001-2026H", "Grunnkurs i matematikk", "nb")
    assert [c.number for c in mathematics.candidates] == [str(n) for n in range(10001, 10041)]
    assert {(c.room, c.seat) for c in mathematics.candidates} == {
        (r, str(s)) for r in ("S4", "S5") for s in range(1, 21)
    }
    assert {q.sketches for q in mathematics.questions} == {"none", "allowed", "expected"}
    assert (chemistry.id, chemistry.language) == ("KJ1001-2026H", "en")
    assert (len(chemistry.candidates), len(chemistry.questions)) == (8, 4)
    assert [q.id for q in chemistry.questions] == ["1", "2", "3.1", "3.2"]


_QUESTION = DEFINITION["questions"][0]


@pytest.mark.parametrize(
    "change",
    [
        {"test": "a/b"},
        {"test": "x" * 41},
        {"test": "a..b"},
        {"test": "Nul"},
        {"title": ""},
        {"title": None},
        {"title": "x" * 201},
        {"date": "3.12.2026"},
        {"language": "no"},
        {"language": False},
        {"sketches": "true"},
        {"extra": 1},
        {"questions": []},
        {"questions": [{}]},
        {"questions": [{"id": "1", "max_sheets": 1}]},
        {"questions": [{**_QUESTION, "sketches": "maybe"}]},
        {"questions": [{**_QUESTION, "max_sheets": 0}]},
        {"questions": [{**_QUESTION, "max_sheets": 100}]},
        {"questions": [{**_QUESTION, "label": ""}]},
        {"candidates": []},
        {"candidates": [{"name": "A"}]},
        {"candidates": [{"number": "1", "seat": "x" * 41}]},
        {"candidates": [{"number": "1", "sete": "1"}]},
        {"candidates": {"file": "../c.csv"}},
        {"candidates": {"columns": {}}},
        {"candidates": {"file": "c.csv", "columns": {"nummer": "a"}}},
    ],
)
def test_schema_and_loader_refuse_the_same(change: dict[str, Any]) -> None:
    text = yaml.safe_dump({**DEFINITION, **change}, allow_unicode=True).replace("'2026-12-03'", "2026-12-03")
    assert check_text(text, "t.yaml")[1]
    assert not VALIDATOR.is_valid({**DEFINITION, **change})


def test_schema_and_loader_accept_the_same() -> None:
    numbers = {
        "test": 2026,
        "title": 7,
        "questions": [{"id": 1.5, "label": 2, "max_sheets": 0}],
        "candidates": [{"number": 1}],
    }
    for change in ({}, {"language": "en", "sketches": False}, numbers):
        definition = {**DEFINITION, **change}
        assert check_text(yaml.safe_dump(definition), "t.yaml")[1] == []
        VALIDATOR.validate(definition)


_TEST_ID = jsonschema.Draft202012Validator(schema()["properties"]["test"])


@given(st.text("aZ09.ÆéøCONcon1_-/ ", max_size=45))
def test_schema_and_loader_agree_about_ids(text: str) -> None:
    assert _TEST_ID.is_valid(text) == (id_problem(text, 40) is None)
