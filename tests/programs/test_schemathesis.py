"""Schemathesis over the whole description: whatever is sent, no server error, and no answer that is not described."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanpipe.desk.parts import Parts
from scanpipe.desk.tokens import SCOPES
from scanpipe.desk.webhooks import add_webhook
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
    return names | {"sha256": page.sha256 or "", "kind": "web", "scan": page.scan}


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
    checks = schemathesis.checks
    case.call_and_validate(
        headers={"Authorization": f"Bearer {secret}"},
        checks=[
            checks.not_a_server_error,
            schemathesis.specs.openapi.checks.status_code_conformance,
            schemathesis.specs.openapi.checks.content_type_conformance,
            schemathesis.specs.openapi.checks.response_schema_conformance,
            schemathesis.specs.openapi.checks.response_headers_conformance,
        ],
    )


_UNHURRIED = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
_METHODS = ("get", "put", "post", "delete", "head")
OPERATIONS = [
    (path, method.upper())
    for path, item in sorted(described()["paths"].items())
    for method in _METHODS
    if method in item and not path.endswith("/events/stream")  # it never ends
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


@pytest.mark.proof
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_nor_with_many_more(description: Any, path: str, method: str, secret: str, known: dict[str, str]) -> None:
    explore(description[path][method], 150, False, secret, known)


def test_the_known_page_is_there(known: dict[str, str]) -> None:
    assert len(known["sha256"]) == len(hashlib.sha256().hexdigest())
