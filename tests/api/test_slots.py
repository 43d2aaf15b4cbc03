"""The list of slots: its order, its states, its cursors; and what it does not say."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from scanpipe.desk.deciding import Decision, assign
from scanpipe.desk.duplicates import take_new
from scanpipe.desk.locking import lock, unlock
from scanpipe.desk.parts import Parts
from tests.api.conftest import TEST, Api, slot_path
from tests.installation import Installation

SLOTS = f"/tests/{TEST}/slots"


def walk(api: Api, query: str = "", limit: int = 7) -> list[dict[str, Any]]:
    """The whole list, from cursor to cursor."""
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        answer = api.get(f"{SLOTS}?limit={limit}{query}" + (f"&after={after}" if after else "")).json()
        assert len(answer["slots"]) <= limit
        found, after = found + answer["slots"], answer["next"]
    return found


def test_the_list_has_every_slot_once_in_the_order_of_the_definition(api: Api, parts: Parts) -> None:
    with parts.ledger.read() as r:
        test = r.definition(TEST)
    assert test is not None
    expected = [(c.number, q.id) for c in test.candidates for q in test.questions]
    assert [(s["candidate"], s["question"]) for s in walk(api)] == expected
    assert [(s["candidate"], s["question"]) for s in walk(api, limit=4)] == expected
    assert [(s["candidate"], s["question"]) for s in walk(api, "&question=3", 2)] == [
        e for e in expected if e[1] == "3"
    ]
    one = [e for e in expected if e[0] == "10002"]
    assert [(s["candidate"], s["question"]) for s in walk(api, "&candidate=10002", 2)] == one


def test_the_list_says_of_a_slot_what_the_slot_says(api: Api, home: Installation) -> None:
    listed = {(s["candidate"], s["question"]): s for s in walk(api)}
    for i in (0, 1, 2, 3, 5):
        told = api.get(slot_path(home, i)).json()
        assert listed[home.sheets[i].candidate, home.sheets[i].question] == told
    assert [api.get(slot_path(home, i)).json()["pages"][0]["dpi"] for i in range(4)] == [150.0] * 4
    page = api.get(slot_path(home, 1)).json()["pages"][0]
    assert page["serial"] == home.sheets[1].serial and page["version"] == 1
    picture = cv2.imdecode(np.frombuffer(api.get(page["content"]).content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert (page["height_px"], page["width_px"]) == picture.shape[:2] and page["taken_in_at"] <= page["filed_at"]


def test_each_state_can_be_asked_for_and_all_add_up(api: Api) -> None:
    all_of_them = walk(api)
    states = ("nothing_expected", "waiting", "incomplete", "complete", "locked")
    by_state = {state: walk(api, f"&state={state}", 20) for state in states}
    assert sorted((s for found in by_state.values() for s in found), key=str) == sorted(all_of_them, key=str)
    assert all(s["state"] == state for state, found in by_state.items() for s in found)
    assert by_state["complete"] and by_state["waiting"] and by_state["nothing_expected"] and by_state["incomplete"]


def test_what_is_held_is_on_its_way_and_nothing_of_it_is_shown(api: Api, home: Installation, parts: Parts) -> None:
    slot = api.get(slot_path(home, 0))
    assert slot.json()["state"] == "incomplete" and slot.json()["on_its_way"] == 1 and len(slot.json()["pages"]) == 1
    with parts.ledger.read() as r:
        held = next(r.pages_in("held"))
    assert held.serial == home.sheets[0].serial
    assert held.sha256 and held.sha256 not in slot.text and held.scan not in slot.text
    assert api.get(f"{slot_path(home, 0)}/pages/{held.sha256}").status_code == 404


def test_a_locked_test_says_so(api: Api, home: Installation, parts: Parts) -> None:
    lock(parts, TEST, "kari")
    try:
        assert api.get(slot_path(home, 0)).json()["state"] == "locked"
        tests = {t["test"]: t for t in api.get("/tests").json()["tests"]}
        assert tests[TEST]["locked"] and not tests["KJ1001-2026H"]["locked"]
        assert {s["state"] for s in walk(api)} == {"locked", "nothing_expected"}
    finally:
        unlock(parts, TEST, "kari")


def test_another_clients_test_answers_as_one_that_does_not_exist(api: Api) -> None:
    for path in ("/tests/{}/slots", "/tests/{}/slots/10001/2a", "/tests/{}/pages.zip", "/events?test={}"):
        foreign, missing = (api.get(path.format(t), api.other) for t in (TEST, "NOPE"))
        assert foreign.status_code == missing.status_code == 404 and foreign.json() == missing.json()
    assert [t["test"] for t in api.get("/tests", api.other).json()["tests"]] == ["KJ1001-2026H"]
    ids = [t["test"] for t in api.get("/tests?limit=1").json()["tests"]]
    after = api.get("/tests?limit=1").json()["next"]
    assert ids + [t["test"] for t in api.get(f"/tests?after={after}").json()["tests"]] == ["KJ1001-2026H", TEST]


def test_words_that_no_database_takes_are_refused_and_not_repeated(api: Api) -> None:
    for path in (
        "/tests/%00/slots",
        f"{SLOTS}?candidate=%00",
        "/events?test=%00",
        f"{SLOTS}/%00/2a",
        f"{SLOTS}?limit=10001",
    ):
        answer = api.get(path)
        assert answer.status_code == 422 and answer.json()["errors"][0]["where"]
        assert "\\u0000" not in answer.text and "10001" not in answer.text


@pytest.mark.parametrize("cursor", ["x", "é", "W10", "WzEsMl0", "bnVsbA", "A" * 400])
def test_a_cursor_that_was_made_up_is_refused(api: Api, cursor: str) -> None:
    for path in (f"{SLOTS}?after={cursor}", f"/tests?after={cursor}"):
        answer = api.get(path)
        assert answer.status_code == 422 and answer.json()["code"] == "invalid"


def test_a_second_version_and_a_page_of_two_slots(api: Api, home: Installation, parts: Parts) -> None:
    with parts.ledger.read() as r:
        held = next(r.pages_in("held"))
    took = take_new(parts, held.id, "kari")
    slot = api.get(slot_path(home, 0)).json()
    assert [(p["version"], p["sha256"]) for p in slot["pages"]] == [(2, took.sha256)] and slot["state"] == "complete"
    moved = assign(parts, took.id, Decision("10002", "3", None, "kari", contradict=True))
    assert moved.state == "filed" and api.get(slot_path(home, 0)).json()["pages"] == []
