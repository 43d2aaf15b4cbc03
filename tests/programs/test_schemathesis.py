"""Schemathesis over the whole description: whatever is sent, no server error, and no answer that is not described."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, cycle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanpipe.definitions import to_json
from scanpipe.desk.parts import Parts
from scanpipe.desk.tokens import SCOPES
from scanpipe.desk.webhooks import add_webhook
from scanpipe.seals import receipt_code
from scanpipe.web.api import feed
from scanpipe.web.api.problems import ROOT
from scanpipe.wiring import open_parts
from tests.installation import Installation
from tests.programs.conftest import MATHEMATICS, application, token
from tools.record_api import described

schemathesis: Any = pytest.importorskip(
    "schemathesis", reason="SKIPPED: schemathesis is not installed (pip install 'scanpipe[dev]')"
)
EXAMPLES = 8
"""Of each operation; the proof takes many more."""


@pytest.fixture(scope="module")
def home(made: Installation, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    data_dir = tmp_path_factory.mktemp("schemathesis") / "data"
    shutil.copytree(made.data_dir, data_dir)
    home = replace(made, data_dir=data_dir)
    scan = data_dir / "scan.jpg"
    scan.write_bytes(home.scan(0))
    home.run("ingest", str(scan))
    return home


@pytest.fixture(scope="module")
def parts(home: Installation) -> Iterator[Parts]:
    with open_parts(home.settings) as parts:
        yield parts


@pytest.fixture(scope="module")
def secret(parts: Parts) -> str:
    return token(parts, *SCOPES)


@pytest.fixture(scope="module")
def known(home: Installation, parts: Parts) -> dict[str, str]:
    """Names of things that there are, so that not all answers are `not_found`."""
    sheet = home.sheets[0]
    with parts.ledger.read() as r:
        (page,) = r.slot_pages(sheet.test, sheet.candidate, sheet.question)
    webhook, _ = add_webhook(parts, MATHEMATICS, "https://receiver.example/", "test", False)
    names = {"test": sheet.test, "candidate": sheet.candidate, "question": sheet.question, "webhook": webhook.id}
    code = receipt_code(parts.keyring.active, sheet.test, sheet.candidate)
    names |= {"sha256": page.sha256 or "", "kind": "web", "scan": page.scan}
    return names | {"serial": sheet.serial, "code": code}


@pytest.fixture(scope="module", autouse=True)
def _a_stream_ends() -> Iterator[None]:
    """After its first look, as if the token had been revoked then."""
    looks = cycle((True, False))
    with pytest.MonkeyPatch.context() as m:
        m.setattr(feed, "_BEAT_S", 0.01)
        m.setattr(feed, "_still_admitted", lambda request: next(looks))
        yield


@pytest.fixture(scope="module")
def description(home: Installation, parts: Parts) -> Any:
    return schemathesis.openapi.from_asgi(f"{ROOT}/openapi.json", application(home, parts).app)


_times = count()


def send(case: Any, secret: str, known: dict[str, str]) -> None:
    """Sends it, every other time to things that there are, and looks at the answer."""
    if next(_times) % 2:
        names = known | ({"sha256": known["scan"]} if "/scans/" in case.path else {})
        case.path_parameters = {k: names.get(k, v) for k, v in (case.path_parameters or {}).items()}
    if isinstance((case.query or {}).get("wait_s"), int | float):
        case.query["wait_s"] = min(case.query["wait_s"], 0.01)
    checked(case, secret)


def checked(case: Any, secret: str) -> Any:
    """The answer, which is no server's error, and described."""
    described = schemathesis.specs.openapi.checks
    checks = [
        schemathesis.checks.not_a_server_error,
        described.status_code_conformance,
        described.content_type_conformance,
        described.response_headers_conformance,
    ]
    if not case.path.endswith("/events/stream"):  # OpenAPI 3.1 has no words for what is in a stream
        checks.append(described.response_schema_conformance)
    return case.call_and_validate(headers={"Authorization": f"Bearer {secret}"}, checks=checks)


_UNHURRIED = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
_METHODS = ("get", "put", "post", "delete", "head")
OPERATIONS = [
    (path, method.upper())
    for path, item in sorted(described()["paths"].items())
    for method in _METHODS
    if method in item
]


def explore(operation: Any, examples: int, fixed: bool, secret: str, known: dict[str, str]) -> None:
    @settings(max_examples=examples, suppress_health_check=_UNHURRIED, database=None, derandomize=fixed, deadline=None)
    @given(case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes(operation))))
    def run(case: Any) -> None:
        send(case, secret, known)

    run()


def modes(operation: Any) -> list[Any]:
    """What is in order, and where there is anything to send, what is not."""
    mode = schemathesis.GenerationMode
    asks = operation.body or operation.query or operation.path_parameters or operation.headers
    return [mode.POSITIVE, mode.NEGATIVE] if asks else [mode.POSITIVE]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_server_error_and_no_answer_that_is_not_described(
    description: Any, path: str, method: str, secret: str, known: dict[str, str]
) -> None:
    explore(description[path][method], EXAMPLES, True, secret, known)


def hook(url: str) -> dict[str, Any]:
    return {"body": {"test": MATHEMATICS, "url": url}, "media_type": "application/json"}


def named(name: str) -> dict[str, Any]:
    return {"body": b"x", "media_type": "application/octet-stream", "headers": {"File-Name": name}}


ODD = [
    *(("/webhooks", "POST", hook(f"https://{host}"), 422) for host in ("[::1", "[zz]/", "ex℀mple.no/")),
    *(("/scans", "POST", named(name), 422) for name in (".jpg", "%00.jpg", "%2E%2E%2F.pdf")),
    ("/scans", "POST", named("%ff.pdf"), 202),
    ("/events/stream", "GET", {"headers": {"Last-Event-ID": "0"}}, 200),
    ("/receipts/{code}", "GET", {}, 200),
    (
        "/tests/{test}/bindings/{serial}",
        "PUT",
        {"body": {"candidate": "10002"}, "media_type": "application/json"},
        409,
    ),
]
"""What chance does not come to, with the status that it gets."""


@pytest.mark.parametrize(("path", "method", "given", "status"), ODD)
def test_nor_where_chance_does_not_come_to(
    description: Any, secret: str, known: dict[str, str], path: str, method: str, given: dict[str, Any], status: int
) -> None:
    names = {name: known[name] for name in ("test", "code", "serial") if f"{{{name}}}" in path}
    answer = checked(description[ROOT + path][method].Case(path_parameters=names, **given), secret)
    assert answer.status_code == status, answer.text


def test_nor_where_a_rehearsal_is_switched(description: Any, parts: Parts, secret: str) -> None:
    with parts.ledger.read() as r:
        definition = r.definition(MATHEMATICS)
    assert definition is not None
    body = json.loads(to_json(definition)) | {"rehearsal": True}
    given = {"path_parameters": {"test": MATHEMATICS}, "body": body, "media_type": "application/json"}
    assert checked(description[f"{ROOT}/tests/{{test}}"]["PUT"].Case(**given), secret).status_code == 409


@pytest.mark.proof
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_nor_with_many_more(description: Any, path: str, method: str, secret: str, known: dict[str, str]) -> None:
    explore(description[path][method], 150, False, secret, known)


def test_the_known_page_is_there(known: dict[str, str]) -> None:
    assert len(known["sha256"]) == len(hashlib.sha256().hexdigest())
