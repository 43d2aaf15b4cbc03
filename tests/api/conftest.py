"""An installation with filed and held pages, and its API without a network."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from scanpipe.desk.parts import Parts
from scanpipe.desk.tokens import SCOPES, add_token, plan_token
from scanpipe.telling.meter import Meter
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from scanpipe.wiring import open_parts
from tests.installation import Installation, install

TEST = "MA0001-2026H"


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Sheets 0 (askew), 1 (straight: its own bytes), 2 (upside down) and 3 (colour, EXIF turned) are filed; sheet 0 came a second
    time, and is held.
    """
    place = tmp_path_factory.mktemp("scanned")
    home = install(place / "data")
    home.run("tests", "add", "config/tests/chemistry.yaml")
    for i, skew in enumerate((1.0, 0.0, 0.4)):
        (place / f"scan{i}.jpg").write_bytes(home.scan(i, skew_deg=skew))
    _turn(place / "scan2.jpg", 180)
    (place / "scan3.jpg").write_bytes(_on_its_side(home.scan(3, skew_deg=-0.8)))
    home.run("ingest", *(str(place / f"scan{i}.jpg") for i in range(4)))
    (place / "again.jpg").write_bytes(home.scan(0, skew_deg=0.5, stroke=5))
    home.run("ingest", str(place / "again.jpg"))
    return home


@pytest.fixture(scope="module")
def home(scanned: Installation, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A copy of that installation of the module's own."""
    data_dir = tmp_path_factory.mktemp("api") / "data"
    shutil.copytree(scanned.data_dir, data_dir)
    return Installation(data_dir, scanned.pdf, scanned.sheets)


@pytest.fixture(scope="module")
def parts(home: Installation) -> Iterator[Parts]:
    with open_parts(home.settings) as parts:
        yield parts


class Api:
    """A client with a token that may see all, unless another one is named."""

    def __init__(self, parts: Parts) -> None:
        self.http = TestClient(make_app(parts, Meter(), Site(lambda scans: None)), raise_server_exceptions=False)
        self.token = add_token(parts, plan_token("grading", list(SCOPES), [], None), "test")
        self.other = add_token(parts, plan_token("other", list(SCOPES), ["KJ1001-2026H"], None), "test")

    def get(self, path: str, token: str | None = None, method: str = "GET", **headers: str):  # type: ignore[no-untyped-def]
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers |= {"Authorization": f"Bearer {token or self.token}"}
        url = path if path.startswith("/api") else f"/api/v1{path}"
        return self.http.request(method, url, headers=headers, follow_redirects=False)


@pytest.fixture(scope="module")
def api(parts: Parts) -> Api:
    return Api(parts)


def slot_path(home: Installation, index: int) -> str:
    sheet = home.sheets[index]
    return f"/tests/{sheet.test}/slots/{sheet.candidate}/{sheet.question}"


def _turn(path: Path, deg: int) -> None:
    turned = cv2.rotate(cv2.imread(str(path), 0), {180: cv2.ROTATE_180}[deg])  # type: ignore[arg-type]
    cv2.imwrite(str(path), turned)


def _on_its_side(body: bytes) -> bytes:
    """A colour JPEG whose EXIF says that it is to be turned by 90 degrees to be seen upright (orientation 6)."""
    picture = Image.open(io.BytesIO(body)).convert("RGB").transpose(Image.Transpose.ROTATE_90)
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    picture.save(out, "JPEG", quality=90, exif=exif, dpi=(150, 150))
    return out.getvalue()
