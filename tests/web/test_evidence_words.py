"""What was found on a held page is told in the language of the person who looks, down to why a file is damaged."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

from fastapi.testclient import TestClient

import scanpipe
from scanpipe.codes import Authentic, Kind
from scanpipe.desk.deciding import Decision, assign
from scanpipe.desk.locking import lock
from scanpipe.desk.parts import Parts
from scanpipe.model import Claims, Code, Held
from scanpipe.saying import kept, say
from scanpipe.stages.identify import identify
from scanpipe.web.drawing import detail
from tests.web.conftest import sign_in

ROOT = Path(scanpipe.__file__).parent
_TAKES_A_SENTENCE = {"unreadable", "unsupported", "too_large", "Problem", "Foreign", "decoding", "DirectoryError"}
_KEYS = {"conflict", "detail"}
_CAUGHT_WITHOUT_ITS_WORDS = {"not exactly one frame", "no marker where one belongs", "too many segments"}


def sentences() -> Iterator[tuple[str, ast.expr]]:
    """Every text that the code puts into the evidence of a page, and where."""
    for path in ROOT.rglob("*.py"):
        if "definitions" in path.parts or "web" in path.parts:
            continue  # other kinds of Problem
        takes = _TAKES_A_SENTENCE | ({"ValueError"} if "unpack" in path.parts else set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in takes and node.args:
                yield where, node.args[-1]
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value in _KEYS:
                        yield where, value


def test_no_evidence_is_a_plain_english_text() -> None:
    """Each is a `say(...)`, which test_words.py looks up in the catalogue, or handed on; mypy sees that it is a sentence."""
    found = list(sentences())
    plain = [
        (where, ast.unparse(text))
        for where, text in found
        if isinstance(text, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Subscript)
        and getattr(text, "value", None) not in _CAUGHT_WITHOUT_ITS_WORDS
    ]
    assert plain == []
    said = [text for _, text in found if isinstance(text, ast.Call) and ast.unparse(text.func) == "say"]
    assert len(said) > 60 and all(isinstance(text.args[0], ast.Constant) for text in said)


def test_a_sentence_is_told_again_in_another_language() -> None:
    inner = say("its last part is missing")
    text = say("%(what)s is damaged (%(error)s)", what=say("the PNG"), error=inner)
    record = json.loads(json.dumps({"detail": text, "said": kept({"detail": text})}))
    assert record["detail"] == "the PNG is damaged (its last part is missing)"
    assert detail(record, "en") == record["detail"]
    assert detail(record, "nb") == "PNG-bildet er skadet (den siste delen mangler)"


def test_older_evidence_is_told_as_it_stands() -> None:
    assert detail({"detail": "the PNG is damaged"}, "nb") == "the PNG is damaged"
    assert detail({"found": "10O01"}, "nb") == "10O01"
    assert detail({}, "nb") == ""


def test_a_record_that_no_sentence_was_made_of_is_told_as_it_stands() -> None:
    """A worker has had a hostile file in its hands, and what it says is data."""
    for parts in ({"template": "%(a)999999999s", "params": {"a": ""}}, {"template": "%(b)s", "params": {}}, {}, "x"):
        assert detail({"detail": "words", "said": {"words": parts}}, "nb") == "words"
    other = {"template": "the file is empty", "params": {}}
    assert detail({"detail": "words", "said": {"words": other}}, "nb") == "words", (
        "another sentence than the recorded one"
    )


def test_a_contradiction_of_codes_is_told_with_what_they_say() -> None:
    codes = [Code(str(n), "qr", ((0, 0), (1, 0), (1, 1), (0, 1)), "zxing") for n in (1, 2)]
    claims = [Claims("MA0001-2026H", number, "3", "K7") for number in ("10001", "10002")]
    decoded = [(c, Authentic(Kind.CANDIDATE, claim)) for c, claim in zip(codes, claims, strict=True)]
    held = identify(decoded, None, None)
    assert isinstance(held, Held)
    evidence = {**held.evidence, "said": kept(held.evidence)}
    assert detail(evidence, "nb") == "kandidat: 10001 mot 10002"
    assert detail(evidence, "en") == "candidate: 10001 against 10002"


def test_no_page_of_a_held_sheet_tells_it_in_english(app: TestClient, parts: Parts) -> None:
    """Of the fixtures of all reasons: what stands on the Norwegian page is not what is on record."""
    office, told_of = sign_in(app, "exam_office"), set()
    with parts.ledger.read() as r:
        held = list(r.pages_in("held"))
    for record in held:
        evidence = json.loads(record.evidence or "{}")
        page = office.get(f"/sheets/{record.scan}/{record.page}", headers={"accept-language": "nb"}).text
        told = re.search(r'<p class="detail">(.*?)</p>', page)
        english = evidence.get("conflict") or evidence.get("detail")
        if english:
            assert told is not None and unescape(told[1]) != english, record
            told_of.add(english)
    history = unescape(office.get("/history", params={"kind": "pages"}, headers={"accept-language": "nb"}).text)
    assert len(told_of) >= 5 and not [english for english in told_of if english in history]


def test_what_a_locked_test_refuses_names_no_command(app: TestClient, parts: Parts) -> None:
    office = sign_in(app, "exam_office")
    with parts.ledger.read() as r:
        record = next(p for p in r.pages_in("held") if p.reason == "no_codes")
    assign(parts, record.id, Decision("10040", "3", "MA0001-2026H", "exam_office"))
    lock(parts, "MA0001-2026H", "planner")
    page = office.get("/queue", headers={"accept-language": "nb"}).text
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    refused = office.post("/undo", data={"token": token[1]}, headers={"accept-language": "nb"})
    assert refused.status_code == 409 and "--" not in refused.text and "scanpipe queue" not in refused.text
    assert "Det som ligger der, blir som det er til noen låser opp." in refused.text
