"""An installation with a held page of every reason, and people of every role."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from scanpipe.desk.parts import Parts
from scanpipe.desk.people import ROLES, add_user
from scanpipe.telling.meter import Meter
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from scanpipe.wiring import open_drafts, open_parts, open_uploads
from tests.installation import Installation
from tools import fixture_home

PASSWORD = "ikke så lett å gjette"


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of an installation after all fixtures were scanned: 27 pages are held, one at least for each reason."""
    data_dir = tmp_path_factory.mktemp("filled") / "data"
    home = Installation(data_dir, data_dir / "none.pdf", ())
    fixture_home.prepare(home.settings)
    scans = sorted(p for p in fixture_home.SCANS.iterdir() if p.suffix != ".json")
    home.run("ingest", str(scans[0]))
    home.run("ingest", *map(str, scans[1:]), ok=range(20))
    with open_parts(home.settings) as parts:
        for role in ROLES:
            add_user(parts, role, role, PASSWORD, "test", tests="MA0001-2026H", rooms="S4")
        add_user(parts, "ola", "exam_office", PASSWORD, "test")
    return data_dir


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Installation:
    """A copy of that installation of the test's own."""
    data_dir = tmp_path / "data"
    shutil.copytree(filled, data_dir)
    return Installation(data_dir, data_dir / "none.pdf", ())


@pytest.fixture
def parts(home: Installation) -> Iterator[Parts]:
    with open_parts(home.settings) as parts:
        yield parts


@pytest.fixture
def app(home: Installation, parts: Parts) -> TestClient:
    """The application without a network; nobody is signed in."""
    site = Site(lambda scans: None, uploads=open_uploads(home.settings), drafts=open_drafts(home.settings))
    return TestClient(make_app(parts, Meter(), site), follow_redirects=False)


def sign_in(app: TestClient, name: str) -> TestClient:
    """Signs a person in."""
    app.cookies.clear()
    assert app.post("/sign-in", data={"name": name, "password": PASSWORD}, follow_redirects=False).status_code == 303
    return app
