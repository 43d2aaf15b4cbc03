"""Other systems create and revise tests, and lock them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from scanpipe.desk.parts import Parts
from tests.installation import Installation
from tests.programs.conftest import CHEMISTRY, MATHEMATICS, Caller

Make = Callable[..., Caller]
NEW = {
    "test": "FY1002-2026H",
    "title": "Bølger og lys",
    "date": "2026-12-04",
    "questions": [{"id": "1", "sketches": "allowed"}],
    "candidates": [{"number": "10001", "name": "Kari Åsmund"}],
}
PATH = "/api/v1/tests/FY1002-2026H"


def json_of(value: dict[str, Any]) -> dict[str, Any]:
    return {"content": json.dumps(value), "headers": {"Content-Type": "application/json"}}


def test_created_read_and_revised(caller: Make, parts: Parts) -> None:
    program = caller("tests:write")
    assert program("GET", PATH).status_code == 404
    answer = program("PUT", PATH, **json_of(NEW))
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.json() == {"test": NEW["test"], "revision": 1, "new": True, "changes": []}
    read = program("GET", PATH).json()
    assert (read["revision"], read["locked"], read["definition"]["title"]) == (1, False, NEW["title"])
    again = program("PUT", PATH, **json_of(read["definition"]))
    assert (again.status_code, again.json()["revision"], again.json()["changes"]) == (200, 1, [])
    revised = program("PUT", PATH, **json_of(NEW | {"title": "Waves"}))
    assert revised.status_code == 200 and revised.json()["revision"] == 2
    assert any("Waves" in change for change in revised.json()["changes"])
    with parts.ledger.read() as r:
        (*_, event) = r.events_of("definition_registered")
    assert '"by":"program 0 (API)"' in event.data


def test_yaml_as_the_file_has_it(caller: Make) -> None:
    body = yaml.safe_dump(NEW | {"test": "FY1003-2026H"}, allow_unicode=True).encode()
    for media_type in ("application/yaml", "text/yaml; charset=utf-8", "application/x-yaml"):
        told = {"content": body, "headers": {"Content-Type": media_type}}
        answer = caller("tests:write")("PUT", "/api/v1/tests/fy1003-2026h", **told)
        assert answer.status_code in (200, 201) and answer.json()["test"] == "FY1003-2026H"


@pytest.mark.parametrize("seen", ['"1"', "*"])
def test_only_on_top_of_the_revision_that_was_seen(caller: Make, seen: str) -> None:
    program = caller("tests:write")
    told = json_of(NEW)
    told["headers"]["If-Match"] = seen
    answer = program("PUT", PATH, **told)
    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    assert program("GET", PATH).status_code == 404, "nothing was changed"
    program("PUT", PATH, **json_of(NEW))
    assert program("PUT", PATH, **told).status_code == 200
    told["headers"]["If-Match"] = '"7"'
    assert program("PUT", PATH, **told).status_code == 412
    told["headers"]["If-Match"] = "7"
    assert (program("PUT", PATH, **told).status_code) == 422


def test_what_is_wrong_is_told_where_it_stands(caller: Make) -> None:
    program = caller("tests:write")
    wrong = NEW | {"questions": [{"id": "1"}, {"id": "2", "sketches": "alowed"}], "datum": 1}
    answer = program("PUT", PATH, **json_of(wrong)).json()
    assert answer["code"] == "definition_not_acceptable"
    assert {e["where"] for e in answer["errors"]} == {"questions[2].sketches", "datum"}
    assert "Did you mean allowed?" in str(answer["errors"])
    body = "test: FY1002-2026H\ntitle: x\ndate: 4.12.2026\nquestions: []\ncandidates:\n  - {number: '1'}\n"
    told = {"content": body, "headers": {"Content-Type": "application/yaml"}}
    answer = program("PUT", PATH, **told).json()
    assert [(e["line"], e["where"]) for e in answer["errors"]] == [(3, "date"), (4, "questions")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "Not JSON"),
        (b'{"test": "a", "test": "b"}', "twice"),
        (b"[" * 100_000, "cannot be read"),
        (b'"\\ud800"', "character"),
        (b"\xff\xfe\x00", "Not JSON"),
        (b"null", "found"),
        (b"[]", "mapping"),
        (b'{"candidates": {"file": "/etc/passwd"}}', "candidates"),
    ],
)
def test_what_is_no_definition(caller: Make, body: bytes, said: str) -> None:
    told = {"content": body, "headers": {"Content-Type": "application/json"}}
    answer = caller("tests:write")("PUT", PATH, **told)
    assert (answer.status_code, answer.json()["code"]) == (422, "definition_not_acceptable")
    assert said in answer.text


def test_another_address_another_kind_and_too_much(caller: Make) -> None:
    program = caller("tests:write")
    assert program("PUT", "/api/v1/tests/OTHER-1", **json_of(NEW)).json()["errors"][0]["where"] == "test"
    told = {"content": b"x", "headers": {"Content-Type": "text/plain"}}
    assert program("PUT", PATH, **told).json()["code"] == "unsupported_media_type"
    told = {"content": b" " * 10_000_001, "headers": {"Content-Type": "application/json"}}
    assert program("PUT", PATH, **told).json()["code"] == "too_large"


def test_a_token_of_some_tests_revises_those_alone(caller: Make) -> None:
    program = caller("tests:write", tests=(CHEMISTRY,))
    definition = program("GET", f"/api/v1/tests/{CHEMISTRY}").json()["definition"]
    assert program("PUT", f"/api/v1/tests/{CHEMISTRY}", **json_of(definition | {"title": "x"})).status_code == 200
    for path in (PATH, f"/api/v1/tests/{MATHEMATICS}"):
        assert program("PUT", path, **json_of(NEW)).json() == program("GET", "/api/v1/tests/NONE").json()


def test_a_real_test_with_pages_never_becomes_a_rehearsal(home: Installation, caller: Make) -> None:
    scan = home.data_dir / "scan.jpg"
    scan.write_bytes(home.scan(0))
    home.run("ingest", str(scan))
    program, path = caller("tests:write"), f"/api/v1/tests/{MATHEMATICS}"
    before = program("GET", path).json()
    answer = program("PUT", path, **json_of(before["definition"] | {"rehearsal": True}))
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert program("GET", path).json() == before, "nothing was changed"
    described = program("GET", "/api/v1/openapi.json").json()["paths"]["/api/v1/tests/{test}"]["put"]["responses"]
    assert str(answer.status_code) in described


def test_locked_once_and_unlocked_once(caller: Make, parts: Parts) -> None:
    program, path = caller("locks:write"), f"/api/v1/tests/{MATHEMATICS.lower()}/lock"
    for method, locked in (("PUT", True), ("PUT", True), ("DELETE", False), ("DELETE", False)):
        answer = program(method, path)
        assert (answer.status_code, answer.json()) == (200, {"test": MATHEMATICS, "locked": locked})
        assert caller("tests:write")("GET", f"/api/v1/tests/{MATHEMATICS}").json()["locked"] is locked
    with parts.ledger.read() as r:
        assert [e.type for e in r.events_of("grading_locked", "grading_unlocked")] == [
            "grading_locked",
            "grading_unlocked",
        ]
    assert program("PUT", "/api/v1/tests/NONE/lock").status_code == 404
