"""The exam system gives out shaded codes by the API, or fetches those that were made here."""

from __future__ import annotations

from collections.abc import Callable

from scanpipe.desk.coding import make_codes
from scanpipe.desk.parts import Parts
from tests.programs.conftest import CHEMISTRY, MATHEMATICS, Caller

PATH = f"/api/v1/tests/{MATHEMATICS}/codes"
ONE = {"code": "1000000", "candidate": "10001", "question": "2a"}
NEAR = {"code": "1000001", "candidate": "10002", "question": "2a"}


def test_codes_are_given_out_and_what_is_close_is_told(caller: Callable[..., Caller]) -> None:
    program = caller("tests:write")
    answer = program("POST", PATH, json={"codes": [ONE, NEAR]})
    assert answer.status_code == 200
    assert answer.json() == {
        "codes": [ONE, NEAR],
        "close": [{"one": "1000000", "other": "1000001", "places": 1}],
        "elsewhere": {},
        "next": None,
    }
    assert program("POST", PATH, json={"codes": [ONE]}).json()["codes"] == [], "it is there already"
    assert program("GET", PATH).json()["codes"] == [ONE, NEAR]


def test_all_or_none(caller: Callable[..., Caller]) -> None:
    program = caller("tests:write")
    answer = program("POST", PATH, json={"codes": [ONE, NEAR | {"candidate": "99999"}]})
    assert answer.status_code == 422 and "line 2" in answer.json()["detail"]
    assert program("POST", PATH, json={"codes": [ONE | {"code": "12"}]}).status_code == 422
    assert program("GET", PATH).json()["codes"] == []


def test_made_codes_are_fetched(caller: Callable[..., Caller], parts: Parts) -> None:
    made = make_codes(parts, MATHEMATICS, ["2a"], "office").codes
    fetched = caller("tests:write")("GET", PATH).json()
    assert {c["code"] for c in fetched["codes"]} == {c.code for c in made} and fetched["close"] == []


def test_many_codes_come_in_stretches(caller: Callable[..., Caller], parts: Parts) -> None:
    program = caller("tests:write")
    program("POST", PATH, json={"codes": [NEAR, ONE]})
    made = make_codes(parts, MATHEMATICS, ["2a"], "office").codes
    found, close, after = [], [], ""
    while after is not None:
        answer = program("GET", f"{PATH}?limit=2{after and '&after=' + after}").json()
        assert len(answer["codes"]) == 2 or answer["next"] is None
        found, close, after = found + answer["codes"], close + answer["close"], answer["next"]
    assert [c["code"] for c in found] == sorted([*(c.code for c in made), "1000000", "1000001"]) and len(made) > 2
    assert close == [{"one": "1000000", "other": "1000001", "places": 1}]
    assert program("GET", f"{PATH}?limit=10001").status_code == program("GET", f"{PATH}?after=x").status_code == 422


def test_the_scope_and_the_test_are_asked_for(caller: Callable[..., Caller]) -> None:
    assert caller("slots:read")("GET", PATH).status_code == 403
    assert caller("tests:write", tests=(CHEMISTRY,))("POST", PATH, json={"codes": []}).status_code == 404


def test_of_the_codes_of_others_nothing_is_told(caller: Callable[..., Caller]) -> None:
    """Neither that another test has the same code, nor one like it: whoever posts enough codes would have them all."""
    chemist, both = caller("tests:write", tests=(CHEMISTRY,)), caller("tests:write")
    path = f"/api/v1/tests/{CHEMISTRY}/codes"
    theirs = [{"code": c, "candidate": "20001", "question": q} for c, q in (("1000000", "2"), ("1000002", "3.1"))]
    assert chemist("POST", path, json={"codes": theirs}).status_code == 200
    mathematician = caller("tests:write", tests=(MATHEMATICS,))
    for answer in (mathematician("POST", PATH, json={"codes": [ONE]}), mathematician("GET", PATH)):
        assert answer.json() == {"codes": [ONE], "close": [], "elsewhere": {}, "next": None}
    told = both("GET", PATH).json()
    assert told["elsewhere"] == {"1000000": [CHEMISTRY]}
    assert told["close"] == [{"one": "1000000", "other": "1000002", "places": 1}]
