"""What programs may ask and say about the sheets of a candidate: receipts and declarations."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.codes import Key
from scanpipe.desk.defining import register
from scanpipe.desk.limiting import Limiter
from scanpipe.desk.parts import Parts
from scanpipe.desk.tokens import add_token, plan_token
from scanpipe.model import Sheet
from scanpipe.seals import receipt_code, spaced, tidy_receipt
from scanpipe.sheets import draw
from scanpipe.telling.meter import Meter
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from scanpipe.wiring import open_parts
from tests.arrivals import Paper, large_test, printed, scan, stacked
from tests.installation import Installation

TEST = large_test(6, 3)
ASK = "/api/v1/receipts/"
DECLARE = f"/api/v1/tests/{TEST.id}/declared/10001/1"
Headers = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    home = Installation(tmp_path_factory.mktemp("receipts") / "data", Path("none.pdf"), ())
    with open_parts(home.settings) as parts:
        yield parts


@pytest.fixture(scope="module")
def sheets(parts: Parts) -> list[Sheet]:
    """All sheets of the first candidate came, one of them twice, and one of the second's."""
    sheets = printed(parts, TEST, per_question=2)
    papers = stacked(TEST, [s for s in sheets if s.candidate == "10001" and s.question != "3"])
    scan(parts, [*papers, Paper(papers[0].sheet, papers[0].stack, copy=1)])
    return sheets


@pytest.fixture(scope="module")
def app(parts: Parts, sheets: list[Sheet]) -> TestClient:
    return TestClient(make_app(parts, Meter(), Site(lambda scans: None)))


@pytest.fixture(scope="module")
def bearer(parts: Parts, sheets: list[Sheet]) -> Headers:
    register(parts, large_test(2, 1, "XX0001-2026H"))
    made: dict[tuple[str, ...], str] = {}

    def headers(*scopes: str, tests: tuple[str, ...] = ()) -> dict[str, str]:
        asked = (*scopes, *tests)
        if asked not in made:
            made[asked] = add_token(parts, plan_token(f"t{len(made)}", list(scopes), list(tests), None), "test")
        return {"Authorization": f"Bearer {made[asked]}"}

    return headers


def code_of(parts: Parts, candidate: str) -> str:
    return receipt_code(parts.keyring.active, TEST.id, candidate)


def test_a_receipt_says_how_many_came_for_each_question_and_nothing_else(
    app: TestClient, bearer: Headers, parts: Parts
) -> None:
    code = code_of(parts, "10001")
    answer = app.get(ASK + spaced(code).lower(), headers=bearer("receipts:read"))
    assert answer.status_code == 200
    assert answer.json() == {
        "questions": [
            {"question": "1", "received": 2},
            {"question": "2", "received": 2},
            {"question": "3", "received": 0},
        ]
    }
    nothing = app.get(ASK + code_of(parts, "10002"), headers=bearer("receipts:read")).json()
    assert [q["received"] for q in nothing["questions"]] == [0, 0, 0]


def test_who_may_not_ask_and_what_is_no_code(app: TestClient, bearer: Headers, parts: Parts) -> None:
    code = code_of(parts, "10001")
    assert app.get(ASK + code).status_code == 401
    assert app.get(ASK + code, headers=bearer("slots:read")).status_code == 403
    assert app.get(ASK + code, headers=bearer("receipts:read", tests=("XX0001-2026H",))).status_code == 404
    for other in ("AAAAAAAAA", code[:-1], code[:-1] + ("A" if code[-1] != "A" else "B"), "%C3%85", "x" * 40):
        assert app.get(ASK + other, headers=bearer("receipts:read")).status_code == 404, other
    other_key = receipt_code(Key("ZZZ", b"another secret of enough bytes"), TEST.id, "10001")
    assert app.get(ASK + other_key, headers=bearer("receipts:read")).status_code == 404


def test_whoever_guesses_codes_is_stopped_and_cannot_tell_what_would_have_been_right(
    bearer: Headers, parts: Parts, sheets: list[Sheet]
) -> None:
    app = TestClient(make_app(parts, Meter(), Site(lambda scans: None)))
    headers = bearer("receipts:read", tests=("XX0001-2026H", TEST.id))
    keys = (Key("ZZZ", f"another secret of enough bytes {n}".encode()) for n in range(101))
    guesses = [app.get(ASK + receipt_code(key, TEST.id, "10001"), headers=headers) for key in keys]
    assert {a.status_code for a in guesses[:100]} == {404} and guesses[100].status_code == 429
    right = app.get(ASK + code_of(parts, "10001"), headers=headers)
    assert (right.status_code, right.json()) == (429, guesses[100].json()) and int(right.headers["retry-after"]) >= 1
    assert app.get(ASK + code_of(parts, "10001"), headers=bearer("receipts:read")).status_code == 200, "each for itself"


def test_one_code_is_not_asked_for_all_the_time(bearer: Headers, parts: Parts, sheets: list[Sheet]) -> None:
    app, headers = TestClient(make_app(parts, Meter(), Site(lambda scans: None))), bearer("receipts:read")
    spelled = (code_of(parts, "10001"), spaced(code_of(parts, "10001")).lower())
    answers = [app.get(ASK + spelled[n % 2], headers=headers).status_code for n in range(21)]
    assert answers == [200] * 20 + [429], "however it is spelled"
    assert app.get(ASK + code_of(parts, "10002"), headers=headers).status_code == 200


def test_an_unknown_code_is_answered_in_the_same_time(
    app: TestClient, bearer: Headers, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, gate = bearer("receipts:read"), app.app.state.gate  # type: ignore[attr-defined]
    for limiter in ("receipts", "wrong_receipts"):
        monkeypatch.setattr(gate, limiter, Limiter(0, 1))

    def median_ms(code: str) -> float:
        times = []
        for _ in range(25):
            began = time.perf_counter()
            app.get(ASK + code, headers=headers)
            times.append(1000 * (time.perf_counter() - began))
        return statistics.median(times)

    unknown = receipt_code(Key("ZZZ", b"another secret of enough bytes"), TEST.id, "10001")
    pairs = [(median_ms(code_of(parts, "10001")), median_ms(unknown)) for _ in range(3)]
    assert min(abs(a - b) / max(a, b) for a, b in pairs) < 0.5, pairs


def test_the_code_stands_on_every_sheet_of_the_candidate(parts: Parts, sheets: list[Sheet], tmp_path: Path) -> None:
    with parts.ledger.read() as r:
        definition = r.definition(TEST.id)
    assert definition is not None
    of = [s for s in sheets if s.candidate in ("10001", "10002")]
    draw(of, definition, parts.keyring.active, tmp_path / "sheets.pdf")
    document = pypdfium2.PdfDocument(tmp_path / "sheets.pdf")
    texts = [page.get_textpage().get_text_range() for page in document]
    document.close()
    for sheet, text in zip(of, texts, strict=True):
        assert f"Kvittering {spaced(code_of(parts, sheet.candidate))}" in " ".join(text.split())


def test_a_candidates_word_goes_on_record_once(
    app: TestClient, bearer: Headers, parts: Parts, sheets: list[Sheet]
) -> None:
    headers = bearer("expected:write")
    own = [s.serial for s in sheets if (s.candidate, s.question) == ("10001", "1")]
    first = app.put(DECLARE, json={"count": 2}, headers=headers)
    assert first.status_code == 200 and first.json()["count"] == 2
    assert app.put(DECLARE, json={"count": 2}, headers=headers).json() == first.json(), "the same again is the same"
    second = app.put(DECLARE, json={"serials": own}, headers=headers).json()
    assert second["event"] > first.json()["event"] and second["serials"] == own
    with parts.ledger.read() as r:
        (entry,) = r.expected().declared(TEST.id)
    assert (entry.candidate, entry.question, entry.serials, entry.by.endswith(" (API)")) == (
        "10001",
        "1",
        tuple(own),
        True,
    )
    assert app.put(DECLARE, json={}, headers=headers).status_code == 200
    with parts.ledger.read() as r:
        assert r.expected().declared(TEST.id) == []


def test_what_is_refused_of_a_declaration(app: TestClient, bearer: Headers) -> None:
    headers = bearer("expected:write")
    wrong: list[dict[str, object]] = [
        {"count": -1},
        {"count": "2"},
        {"count": 10**6},
        {"serials": ["1"]},
        {"sheets": 2},
    ]
    for body in (*wrong, {"count": 3, "serials": ["00000001"]}):
        assert app.put(DECLARE, json=body, headers=headers).status_code == 422, body
    assert app.put(DECLARE, json={"serials": ["99999999"]}, headers=headers).status_code == 422
    assert app.put(DECLARE, json={"count": 1}, headers=bearer("receipts:read")).status_code == 403
    for path in (DECLARE.replace("10001", "99"), DECLARE[:-1] + "9", DECLARE.replace(TEST.id, "XX1")):
        assert app.put(path, json={"count": 1}, headers=headers).status_code == 404, path
    others = bearer("expected:write", tests=("XX0001-2026H",))
    assert app.put(DECLARE, json={"count": 1}, headers=others).status_code == 404


@given(st.binary(min_size=16, max_size=16), st.text("ABCÆØÅ0123456789-.", min_size=1, max_size=20))
def test_a_code_survives_typing_and_every_wrong_letter_is_told(secret: bytes, candidate: str) -> None:
    code = receipt_code(Key("ABC", secret), TEST.id, candidate)
    assert tidy_receipt(f" {spaced(code).lower()} ") == code
    assert tidy_receipt(code.replace("O", "0").replace("I", "1").replace("B", "8")) == code
    for place in range(len(code)):
        wrong = code[:place] + ("A" if code[place] != "A" else "C") + code[place + 1 :]
        assert tidy_receipt(wrong) is None
