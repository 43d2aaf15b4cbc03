"""The description of the API is the one that was recorded, or has more than it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from scanpipe.desk.tokens import SCOPES
from tests.programs.conftest import MATHEMATICS, Caller
from tools.record_api import RECORDED, breaks, described, text


@pytest.fixture(scope="module")
def now() -> dict[str, Any]:
    return json.loads(text(described()))


def test_nothing_that_was_recorded_is_gone_or_changed(now: dict[str, Any]) -> None:
    assert [*breaks(json.loads(RECORDED.read_text(encoding="utf-8")), now)] == []


def test_what_was_recorded_is_what_there_is(now: dict[str, Any]) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    assert now == recorded, "run `python -m tools.record_api`, and look at what has changed"


_SLOT = "/api/v1/tests/{test}/slots/{candidate}/{question}"


def _at(description: dict[str, Any], *path: Any) -> Any:
    for step in path:
        description = description[step]
    return description


@pytest.mark.parametrize(
    ("path", "new"),
    [
        (("paths", _SLOT), None),
        (("paths", "/api/v1/events", "get", "responses", "401"), None),
        (("paths", "/api/v1/events", "get", "parameters", 0), None),
        (("components", "schemas", "SlotAnswer", "properties", "state"), None),
        (("components", "schemas", "SlotAnswer", "properties", "printed", "type"), "string"),
        (("components", "schemas", "SlotAnswer", "required", 0), None),
        (("components", "schemas", "NewWebhook", "properties", "url", "pattern"), "^https:"),
        (("components", "schemas", "NewWebhook", "required", 0), ["after", "test", "url"]),
    ],
)
def test_what_breaks_programs_is_found(now: dict[str, Any], path: tuple[Any, ...], new: Any) -> None:
    changed = copy.deepcopy(now)
    *way, last = path
    if isinstance(new, list):
        _at(changed, *way)[:] = new
    elif new is None:
        del _at(changed, *way)[last]
    else:
        _at(changed, *way)[last] = new
    assert [*breaks(now, changed)]


def test_what_is_added_breaks_nothing_unless_it_has_to_be_given(now: dict[str, Any]) -> None:
    more = copy.deepcopy(now)
    more["paths"]["/api/v1/new"] = {"get": {}}
    more["components"]["schemas"]["SlotAnswer"]["properties"]["new"] = {"type": "string"}
    more["components"]["schemas"]["SlotAnswer"]["required"].append("new")
    more["paths"]["/api/v1/events"]["get"]["responses"]["418"] = {}
    more["paths"]["/api/v1/events"]["get"]["parameters"].insert(0, {"in": "query", "name": "new", "required": False})
    more["paths"]["/api/v1/events"]["get"]["description"] = "In other words"
    assert [*breaks(now, more)] == []
    more["paths"]["/api/v1/events"]["get"]["parameters"][0]["required"] = True
    assert len([*breaks(now, more)]) == 1


def test_a_body_that_is_no_text_gets_an_answer_that_is_described(
    now: dict[str, Any], caller: Callable[..., Caller]
) -> None:
    program, asked = caller(*SCOPES), 0
    names = {"test": MATHEMATICS, "candidate": "10001", "question": "2a", "serial": "0" * 8}
    for path, item in now["paths"].items():
        for method, operation in item.items():
            if "application/json" in operation.get("requestBody", {}).get("content", {}):
                headers = {"Content-Type": "application/json"}
                answer = program(method.upper(), path.format(**names), headers=headers, content=b"\xff-\xbf\xbfA")
                assert str(answer.status_code) in operation["responses"], (method, path, answer.status_code)
                assert 400 <= answer.status_code < 500
                asked += 1
    assert asked >= 3
