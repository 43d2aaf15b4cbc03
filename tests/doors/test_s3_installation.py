"""The whole program on a real S3 server: ingest, decide, verify, and what it says when the server does not let it in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.installation import Installation, install
from tests.s3_server import S3Server


@pytest.fixture
def home(tmp_path: Path, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Installation:
    home = install(tmp_path / "data")
    for name, value in (s3_server.environ | s3_server.settings()).items():
        monkeypatch.setenv(name, value)
    return home


def test_files_and_proves_on_s3(home: Installation, tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    for i in range(4):
        (scans / f"scan{i}.jpg").write_bytes(home.scan(i, skew_deg=0 if i == 0 else 1.5))
    (scans / "torn.jpg").write_bytes(home.scan(5)[:9000])
    answers = home.lines("ingest", str(scans))
    assert [a["verdict"] for a in answers] == ["filed"] * 4 + ["held"]
    assert all(a["verdict"] == "already_taken_in" for a in home.lines("ingest", str(scans)))
    found = home.run("verify")
    assert "4 filed, 1 held" in found and "Nothing is missing" in found
    assert not (home.data_dir / "objects").exists() or not any((home.data_dir / "objects").rglob("*.jpg"))
    assert all(p["ok"] for p in home.lines("doctor"))


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "secret"),
        ("SCANPIPE__STORE__BUCKET", "no-such-bucket", "no-such-bucket"),
        ("SCANPIPE__STORE__BUCKET", "", "store.bucket is empty"),
    ],
)
def test_what_it_says_when_it_is_not_let_in(
    home: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    scan = tmp_path / "scan.jpg"
    scan.write_bytes(home.scan(0))
    monkeypatch.setenv(name, value)
    done = home.call("ingest", str(scan))
    assert done.returncode in (3, 8) and says in done.stderr.lower() and "Traceback" not in done.stderr
    assert "→" in done.stderr
