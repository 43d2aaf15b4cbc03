"""An installation's objects move to another store and back; what is wrong on the way is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from scanpipe.desk.renditions import rendition
from scanpipe.wiring import open_parts
from tests.installation import Installation, install
from tests.s3_server import REGION, S3Server


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    """With five scans: four filed, one held."""
    home = install(tmp_path / "data", sheets=5)
    scans = tmp_path / "scans"
    scans.mkdir()
    for i in range(4):
        (scans / f"{i}.jpg").write_bytes(home.scan(i, skew_deg=i))
    (scans / "torn.jpg").write_bytes(home.scan(4)[:9000])
    home.run("ingest", str(scans))
    return home


def copied(home: Installation, source: str, target: str) -> dict[str, int]:
    answer: dict[str, int] = json.loads(home.run("store", "copy", source, target, "--json"))
    return answer


def test_to_s3_and_back(
    home: Installation, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_server.environ.items():
        monkeypatch.setenv(name, value)
    prefix = s3_server.new_prefix().strip("/").replace(" ", "-")
    s3 = f"s3://{s3_server.bucket}/{prefix}?endpoint_url={s3_server.endpoint_url}&region={REGION}"
    first = copied(home, "-", s3)
    assert first["brought"] == 11 and first["there"] == 0 and first["bytes"] > 100_000
    assert copied(home, "-", s3) == {"brought": 0, "bytes": 0, "there": 11}
    back = tmp_path / "back"
    assert copied(home, s3, f"directory:{back}")["brought"] == 11
    shutil.copy(home.data_dir / "ledger.db", back)
    shutil.copy(home.data_dir / "keys.json", back)
    found = Installation(back, home.pdf, home.sheets).run("verify")
    assert "4 filed, 1 held" in found and "Nothing is missing" in found


def test_one_that_was_broken_off_goes_on_and_nothing_is_overwritten(home: Installation, tmp_path: Path) -> None:
    there = tmp_path / "there"
    assert copied(home, "-", f"directory:{there}")["brought"] == 11
    pictures = sorted((there / "objects" / "tests").rglob("*.jpg"))
    pictures[0].unlink()
    assert copied(home, "-", f"directory:{there}") == {"brought": 1, "bytes": pictures[0].stat().st_size, "there": 10}
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        page = next(iter(r.pages_in("filed")))
        made = rendition(parts, page.key or "", page.sha256 or "", "thumbnail")
    assert copied(home, "-", f"directory:{there}")["brought"] == 1, "a rendition comes along"
    assert (there / "objects" / made).read_bytes() == (home.data_dir / "objects" / made).read_bytes()
    pictures[1].unlink()
    pictures[1].write_bytes(b"something else")
    done = home.call("store", "copy", "-", f"directory:{there}")
    assert done.returncode == 8 and "holds other bytes" in done.stderr
    assert pictures[1].read_bytes() == b"something else"


def test_an_object_that_was_changed_does_not_travel(home: Installation, tmp_path: Path) -> None:
    picture = next((home.data_dir / "objects" / "tests").rglob("*.jpg"))
    picture.chmod(0o600)
    picture.write_bytes(picture.read_bytes()[:-1] + b"x")
    done = home.call("store", "copy", "-", f"directory:{tmp_path / 'there'}")
    assert done.returncode == 8 and "not what its label says" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("place", ["nowhere", "ftp://host/x", "s3://", "s3://bucket/x?secret=1", "directory:"])
def test_what_is_no_store(home: Installation, place: str) -> None:
    done = home.call("store", "copy", "-", place)
    assert done.returncode == 2 and "→" in done.stderr
