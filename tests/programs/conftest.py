"""A small installation with two tests, the application over it without a network, and tokens with whatever scopes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from scanpipe.definitions import load
from scanpipe.desk.defining import register
from scanpipe.desk.parts import Parts
from scanpipe.desk.tokens import add_token, plan_token
from scanpipe.telling.meter import Meter
from scanpipe.web.api.door import ApiRules
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from scanpipe.wiring import open_parts, open_uploads
from tests.installation import ROOT, Installation, install

MATHEMATICS, CHEMISTRY = "MA0001-2026H", "KJ1001-2026H"


@dataclass(frozen=True)
class Caller:
    """A program with a token."""

    app: TestClient
    token: str

    def __call__(self, method: str, path: str, **told: object) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.token}", **told.pop("headers", {})}  # type: ignore[dict-item]
        return self.app.request(method, path, headers=headers, **told)  # type: ignore[arg-type,return-value]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    home = install(tmp_path_factory.mktemp("programs") / "data", sheets=6)
    with open_parts(home.settings) as parts:
        register(parts, load(ROOT / "config/tests/chemistry.yaml"))
    return home


@pytest.fixture
def home(made: Installation, tmp_path: Path) -> Installation:
    """A copy of that installation of the test's own."""
    shutil.copytree(made.data_dir, tmp_path / "data")
    return Installation(tmp_path / "data", made.pdf, made.sheets)


@pytest.fixture
def parts(home: Installation) -> Iterator[Parts]:
    with open_parts(home.settings) as parts:
        yield parts


@pytest.fixture
def app(home: Installation, parts: Parts) -> TestClient:
    return application(home, parts)


def application(home: Installation, parts: Parts, rules: ApiRules | None = None) -> TestClient:
    site = Site(lambda scans: None, uploads=open_uploads(home.settings))
    return TestClient(make_app(parts, Meter(), site, rules or ApiRules()), raise_server_exceptions=True)


@pytest.fixture
def caller(app: TestClient, parts: Parts) -> Callable[..., Caller]:
    """`caller("slots:read", tests=[…])` is a program with a token of its own."""
    return lambda *scopes, tests=(): Caller(app, token(parts, *scopes, tests=tests))


def token(parts: Parts, *scopes: str, tests: tuple[str, ...] = ()) -> str:
    with parts.ledger.read() as r:
        name = f"program {len(r.accounts().all_tokens())}"
    return add_token(parts, plan_token(name, list(scopes), list(tests), None), "test")
