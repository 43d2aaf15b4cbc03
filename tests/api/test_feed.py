"""The feed: every change to a slot once, in the order of the chain, for whoever was away, waits, or listens."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from scanpipe.desk.arranging import add_slot, order_slot
from scanpipe.desk.deciding import Decision, assign, discard, give_back, scan_again
from scanpipe.desk.decisions import undo_last
from scanpipe.desk.duplicates import take_new
from scanpipe.desk.locking import lock, unlock
from scanpipe.desk.parts import Parts
from scanpipe.desk.tokens import add_token, plan_token, revoke_token
from scanpipe.ledgers.feed import Feed
from scanpipe.model import PageRecord, Slot
from scanpipe.web.serving import Server
from tests.api.conftest import TEST, Api
from tests.installation import Installation

Told = tuple[str, str | None, str | None]


def events(api: Api, after: int, query: str = "", token: str | None = None) -> tuple[list[dict[str, Any]], int]:
    answer = api.get(f"/events?after={after}{query}", token).json()
    return answer["events"], answer["next"]


def told(api: Api, deed: Callable[[], object]) -> list[Told]:
    """What the feed says that a deed has changed."""
    after = events(api, 0)[1]
    deed()
    return [(e["type"], e["slot"]["candidate"], e["slot"]["question"]) for e in events(api, after)[0]]


def page(parts: Parts, state: str) -> PageRecord:
    with parts.ledger.read() as r:
        return next(r.pages_in(state))


def test_who_filed_is_told_with_digest_and_what_is_held_without(api: Api, home: Installation) -> None:
    found, end = events(api, 0)
    assert [e["type"] for e in found] == ["page_filed"] * 4 + ["page_on_its_way"]
    assert all(e["sha256"] and e["serial"] and e["because"] == "page_filed" for e in found[:4])
    held = found[-1]
    assert (held["serial"], held["sha256"], held["because"]) == (None, None, "page_held")
    first = next(e for e in found if e["serial"] == home.sheets[0].serial)
    assert held["slot"] == first["slot"], "spelt as the definition has it, not as the code"
    assert end == held["id"] and events(api, end) == ([], end)
    assert [e for n in range(5) for e in events(api, ([0] + [e["id"] for e in found])[n], "&limit=1")[0]] == found


def test_every_decision_is_told_for_each_slot_that_it_changes(api: Api, parts: Parts) -> None:
    held = page(parts, "held")
    with parts.ledger.read() as r:
        first = next(p for p in r.pages_in("filed") if p.serial == held.serial)
    here, there = (first.candidate, first.question), ("10002", "3")
    back = [("page_left", *here), ("page_filed", *here), ("page_on_its_way", *here)]
    assert told(api, lambda: take_new(parts, held.id, "kari")) == [
        ("page_left", *here),
        ("page_not_on_its_way", *here),
        ("page_filed", *here),
    ]
    assert sorted(told(api, lambda: undo_last(parts, "kari"))) == sorted(back)
    assert told(api, lambda: discard(parts, held.id, "kari", "twice")) == [("page_not_on_its_way", *here)]
    assert told(api, lambda: undo_last(parts, "kari")) == [("page_on_its_way", *here)]
    assert told(api, lambda: add_slot(parts, first.id, "3", "kari")) == [("page_filed", first.candidate, "3")]
    slot = Slot(TEST, first.candidate or "", "3")
    with parts.ledger.read() as r:
        order = [p.id for p in reversed(r.slot_pages(TEST, slot.candidate, "3"))]
    assert told(api, lambda: order_slot(parts, slot, order, "kari")) == [("slot_ordered", slot.candidate, "3")]
    move = Decision(*there, None, "kari", contradict=True)
    further = (slot.candidate, "3")
    assert told(api, lambda: assign(parts, first.id, move)) == [
        ("page_left", *further),
        ("page_left", *here),
        ("page_filed", *there),
    ]
    assert told(api, lambda: scan_again(parts, first.id, "kari", "dark")) == [("page_left", *there)]
    assert told(api, lambda: undo_last(parts, "kari")) == [("page_filed", *there)]
    assert told(api, lambda: undo_last(parts, "kari")) == [
        ("page_left", *there),
        ("page_filed", *here),
        ("page_filed", *further),
    ]
    assert told(api, lambda: lock(parts, TEST, "kari")) == [("test_locked", None, None)]
    assert told(api, lambda: unlock(parts, TEST, "kari")) == [("test_unlocked", None, None)]
    assert told(api, lambda: give_back(parts, [held.id], "kari")) == [("page_not_on_its_way", *here)]
    assert parts.ledger.difference() == []


def test_a_token_hears_of_its_tests_only_and_its_cursor_goes_on(api: Api, parts: Parts) -> None:
    theirs, next = events(api, 0, token=api.other)
    assert theirs == [] and next >= events(api, 0)[0][-1]["id"]
    assert events(api, 0, f"&test={TEST.lower()}")[0] == events(api, 0)[0]
    assert events(api, 0, "&test=KJ1001-2026H")[0] == []


def test_who_waits_hears_at_once_and_who_waits_in_vain_hears_nothing(api: Api, parts: Parts) -> None:
    after = events(api, 0)[1]
    began_s = time.monotonic()
    assert events(api, after, "&wait_s=0.3") == ([], after) and time.monotonic() - began_s >= 0.3
    deed = threading.Timer(0.4, lambda: lock(parts, TEST, "kari"))
    deed.start()
    began_s = time.monotonic()
    found, _ = events(api, after, "&wait_s=20")
    assert [e["type"] for e in found] == ["test_locked"] and time.monotonic() - began_s < 5
    assert api.get("/events?wait_s=61").status_code == 422
    deed.join()
    unlock(parts, TEST, "kari")


def test_many_who_wait_ask_the_ledger_as_often_as_one(api: Api, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    plain = Feed.head

    def counted(self: Feed) -> int:
        asked.append(time.monotonic())
        return plain(self)

    after = events(api, 0)[1]
    monkeypatch.setattr(Feed, "head", counted)
    waiting = [threading.Thread(target=events, args=(api, after, "&wait_s=1.1")) for _ in range(8)]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join()
    assert 8 <= len(asked) <= 8 + 10, "one read each, and then all of them together every 0.2 s"


def frames(stream: Iterator[str]) -> Iterator[dict[str, str]]:
    """The events of a stream, each as its fields."""
    frame: dict[str, str] = {}
    for line in stream:
        name, _, value = line.partition(": ")
        if line:
            frame[name] = value
        elif frame:
            yield frame
            frame = {}


def test_a_stream_tells_what_was_and_what_comes_and_goes_on_where_it_was_cut(parts: Parts, api: Api) -> None:
    """Over a real socket: a stream has no end that a client in the same process could wait for."""
    server = Server(api.http.app, "127.0.0.1", 0, "")  # type: ignore[arg-type]
    url = f"{server.start()}/api/v1/events/stream"
    secret = add_token(parts, plan_token("listener", ["events:read"], [], None), "test")
    headers = {"Authorization": f"Bearer {secret}"}
    known = events(api, 0)[0]
    try:
        with httpx2.stream("GET", url, headers=headers, timeout=20) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            told = (f for f in frames(answer.iter_lines()) if "data" in f)
            first = [next(told) for _ in known]
            assert [json.loads(f["data"]) for f in first] == known
            assert [(int(f["id"]), f["event"]) for f in first] == [(e["id"], e["type"]) for e in known]
            lock(parts, TEST, "kari")
            assert next(told)["event"] == "test_locked"
        unlock(parts, TEST, "kari")
        with httpx2.stream("GET", url, headers=headers | {"Last-Event-ID": first[-1]["id"]}, timeout=20) as answer:
            told = (f for f in frames(answer.iter_lines()) if "data" in f)
            assert [next(told)["event"] for _ in range(2)] == ["test_locked", "test_unlocked"]
            revoke_token(parts, "listener", "test")
            lock(parts, TEST, "kari")
            assert list(told) == [], "who was let in before is not told any more"
    finally:
        server.close()
        unlock(parts, TEST, "kari")


def test_a_stream_of_some_tests_tells_of_no_other(parts: Parts, api: Api) -> None:
    server = Server(api.http.app, "127.0.0.1", 0, "")  # type: ignore[arg-type]
    url, headers = f"{server.start()}/api/v1/events/stream", {"Authorization": f"Bearer {api.other}"}
    lock(parts, TEST, "kari")
    lock(parts, "KJ1001-2026H", "kari")
    try:
        foreign, missing = (httpx2.get(url, params={"test": t}, headers=headers, timeout=5) for t in (TEST, "NOPE"))
        assert foreign.status_code == missing.status_code == 404 and foreign.json() == missing.json()
        with httpx2.stream("GET", url, headers=headers, timeout=20) as answer:
            found: list[dict[str, str]] = []
            for frame in frames(answer.iter_lines()):
                found.append(frame)
                if "data" in frame:
                    break
        assert TEST not in str(found) and json.loads(found[-1]["data"])["slot"]["test"] == "KJ1001-2026H"
        assert all(set(frame) <= {"retry", "id", ""} for frame in found[:-1]), "of others not more than a number"
    finally:
        server.close()
        unlock(parts, TEST, "kari")
        unlock(parts, "KJ1001-2026H", "kari")
