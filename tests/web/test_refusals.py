"""What a person reads when a page cannot take what was sent: a page, in their language; a script of ours gets the sentence."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from tests.web.conftest import sign_in

NORWEGIAN = {"Accept-Language": "nb"}


@pytest.fixture
def norwegian(app: TestClient) -> TestClient:
    """The exam office, whose browser asks for Norwegian."""
    app.headers.update(NORWEGIAN)
    return sign_in(app, "exam_office")


def secret_of(app: TestClient, path: str = "/import") -> str:
    found = re.search(r'name="token" value="([^"]+)"', app.get(path).text)
    assert found
    return found[1]


def test_what_a_page_cannot_take_is_said_on_a_page(norwegian: TestClient) -> None:
    old = {"token": "old"}
    came = {"Referer": "http://testserver/queue?test=X", "Host": "testserver"}
    told = {"token": secret_of(norwegian)}
    answers = {
        "økt som er over": (403, norwegian.post("/undo", data=old, headers=came)),
        "skjemaet eller i adressen": (422, norwegian.get("/history", params={"before": "x"})),
        "mer enn det som kan sendes": (413, norwegian.post("/undo", content=bytes(2 * 2**20))),
        "ikke forstås": (422, norwegian.post("/import/x/files", data=told)),
        "Denne siden finnes ikke": (404, norwegian.post("/queue", data=told)),
    }
    for sentence, (status, answer) in answers.items():
        assert answer.status_code == status and answer.headers["content-type"].startswith("text/html"), sentence
        assert sentence in answer.text and '<html lang="nb">' in answer.text and "urn:scanpipe" not in answer.text
        assert "Content-Security-Policy" in answer.headers
    assert 'href="/queue?test=X"' in answers["økt som er over"][1].text, "the way back to where it came from"
    foreign = norwegian.post("/undo", data=old, headers=came | {"Referer": "http://evil.example/x"})
    assert "evil.example" not in foreign.text


def test_programs_get_their_problems(norwegian: TestClient) -> None:
    answer = norwegian.get("/api/v1/events", params={"limit": "x"})
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_script_that_sends_files_gets_the_sentence(norwegian: TestClient) -> None:
    token = secret_of(norwegian)
    batch = norwegian.post("/import", data={"token": token}).headers["location"]
    head = {"X-CSRF-Token": token}
    refused = norwegian.post(f"{batch}/files", data={"name": "a.exe", "size": 1}, headers=head)
    assert refused.status_code == 422
    assert refused.json()["problem"].startswith("a.exe: slike filer tas ikke imot. Send .pdf")
    for status, path, told in (
        (403, f"{batch}/files", {"headers": {"X-CSRF-Token": "old"}, "data": {"name": "a.jpg", "size": 1}}),
        (422, f"{batch}/files", {"headers": head, "data": {"name": "a.jpg", "size": "x"}}),
        (404, f"{batch[:-1]}/files", {"headers": head, "data": {"name": "a.jpg", "size": 1}}),
        (413, f"{batch}/files/0", {"headers": head | {"Upload-Offset": "0"}, "content": bytes(10 * 2**20)}),
    ):
        answer = norwegian.post(path, **told)  # type: ignore[arg-type]
        assert answer.status_code == status and re.search("økt|skjema|slik side|mer enn", answer.json()["problem"]), (
            path
        )
