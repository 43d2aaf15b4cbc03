"""What is kept can be had back: a backup, and a ledger from nothing but the store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scanpipe.desk import expecting
from scanpipe.desk.renditions import rendition
from scanpipe.ledgers import open_ledger
from scanpipe.wiring import open_parts
from tests.installation import Installation, install
from tests.postgresql_server import PostgresqlServer
from tests.s3_server import S3Server

STATES = ("filed", "held", "blank", "discarded", "waiting", "placing")


@pytest.fixture(params=["sqlite, directory", pytest.param("postgresql, s3", marks=pytest.mark.proof)])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Single sheets, a PDF, a torn file, one sheet twice, and one that a person assigned."""
    more: dict[str, str] = {}
    if request.param == "postgresql, s3":
        postgresql: PostgresqlServer = request.getfixturevalue("postgresql")
        s3: S3Server = request.getfixturevalue("s3_server")
        for name, value in s3.environ.items():
            monkeypatch.setenv(name, value)
        more = {"SCANPIPE__LEDGER__URL": postgresql.new_database(), **s3.settings()}
    home = install(tmp_path / "data", more, sheets=6)
    scans = tmp_path / "scans"
    (scans / "job 1").mkdir(parents=True)
    for i in range(3):
        (scans / "job 1" / f"{i}.jpg").write_bytes(home.scan(i, skew_deg=i))
    (scans / "torn.jpg").write_bytes(home.scan(4)[:9000])
    (scans / "again.jpg").write_bytes(home.scan(1, stroke=9))
    shutil.copy(home.pdf, scans / "all.pdf")
    home.run("ingest", str(scans))
    page = next(q["page"] for q in home.lines("queue") if q["reason"] == "sheet_seen_before")
    sheet = home.sheets[1]
    assert home.lines("queue")
    home.run("queue", "discard", page, "--why", "the stack was fed twice")
    assert sheet.serial
    return home


def pages(home: Installation) -> Mapping[tuple[str, int], dict[str, Any]]:
    """What the ledger has of every page, but for times and numbers of events."""
    with open_ledger(home.settings.ledger_url) as ledger, ledger.read() as r:
        found = list(r.pages_in(*STATES))
    columns = ("state", "test", "candidate", "question", "serial", "key", "sha256", "reason", "revision", "dpi")
    columns += ("media_type", "skew_deg", "turn_deg")
    return {(p.scan, p.page): {c: getattr(p, c) for c in columns} for p in found}


def scans(home: Installation) -> dict[str, tuple[str, str, int, int | None]]:
    with open_ledger(home.settings.ledger_url) as ledger, ledger.read() as r:
        return {s.scan: (s.file, s.stack, s.position, s.pages) for s in r.scans()}


def without_ledger(home: Installation, postgresql: PostgresqlServer | None) -> Installation:
    """The same installation with an empty ledger."""
    if postgresql is not None:
        more = {**home.more, "SCANPIPE__LEDGER__URL": postgresql.new_database()}
        return Installation(home.data_dir, home.pdf, home.sheets, more)
    for file in home.data_dir.glob("ledger.db*"):
        file.unlink()
    return home


def server(request: pytest.FixtureRequest, home: Installation) -> PostgresqlServer | None:
    return request.getfixturevalue("postgresql") if home.settings.ledger.url else None


def test_a_backup_is_taken_back(home: Installation, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    before, told = pages(home), json.loads(home.run("verify", "--json"))
    backup = tmp_path / "backup"
    made = json.loads(home.run("backup", str(backup), "--json"))
    assert made["events"] == told["events"] and made["head"] == told["head"]
    assert "is there already" in home.call("backup", str(backup)).stderr
    lost = without_ledger(home, server(request, home))
    (home.data_dir / "keys.json").unlink()
    lost.run("restore", str(backup))
    assert pages(lost) == before
    again = json.loads(lost.run("verify", "--json"))
    assert again["holds"] and again["head"] == told["head"]
    assert "not empty" in lost.call("restore", str(backup)).stderr


def test_what_came_after_the_backup_is_added_from_the_store(
    home: Installation, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    backup = tmp_path / "backup"
    home.run("backup", str(backup))
    late = tmp_path / "late.jpg"
    late.write_bytes(home.scan(3, skew_deg=1.3, stroke=5))
    home.run("ingest", str(late))
    before = pages(home)
    lost = without_ledger(home, server(request, home))
    differs = lost.call("restore", str(backup))
    assert differs.returncode in (0, 7), differs.stderr
    lost.run("ledger", "rebuild")
    assert pages(lost) == before
    assert json.loads(lost.run("verify", "--json"))["holds"]


def test_a_ledger_from_the_store_alone(home: Installation, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    before, before_scans = pages(home), scans(home)
    filed = next(page for page in before.values() if page["state"] == "filed")
    with open_parts(home.settings) as parts:
        expecting.note_attendance(parts, filed["test"], {filed["candidate"]: True}, "kari")
        kept = [rendition(parts, filed["key"], filed["sha256"], kind) for kind in ("web", "blind")]
        pictures = [parts.store.read(key) for key in kept]
    for change in ("lock", "unlock", "lock"):
        home.run("tests", change, filed["test"])
    lost = without_ledger(home, server(request, home))
    said = lost.run("ledger", "rebuild")
    assert "Not rebuilt" in said and "attendance" in said and "closed differences" in said
    with open_parts(lost.settings) as parts:
        again = [rendition(parts, filed["key"], filed["sha256"], kind) for kind in ("web", "blind")]
        assert (again, [parts.store.read(key) for key in again]) == (kept, pictures)
        with parts.ledger.read() as r:
            assert r.expected().attendance(filed["test"]) == {}, "as it says"
    after = pages(lost)
    assert scans(lost) == before_scans
    back = {id for id, page in before.items() if page["state"] == "discarded"}
    assert len(back) == 1 and {after[id]["state"] for id in back} == {"held"}
    assert {id: p for id, p in after.items() if id not in back} == {id: p for id, p in before.items() if id not in back}
    assert json.loads(lost.run("verify", "--json"))["holds"]
    assert lost.run("ledger", "rebuild").startswith("Added 0 definitions, 0 sheets, 0 scans, 0 filed pages.")
    assert set(pages(lost)) == set(after)
    late = tmp_path / "late.jpg"
    one_more = ("--candidate", filed["candidate"], "--question", filed["question"])
    lost.run("sheets", filed["test"], *one_more, "--out", str(tmp_path / "more.pdf"))
    late.write_bytes(Installation(lost.data_dir, tmp_path / "more.pdf", (), lost.more).scan(0))
    lost.run("ingest", str(late))
    assert [p["reason"] for id, p in pages(lost).items() if id not in after] == ["late"], (
        "the test is being graded still"
    )


def test_a_damaged_backup_is_refused(tmp_path: Path) -> None:
    home = install(tmp_path / "data")
    backup = tmp_path / "backup"
    home.run("backup", str(backup))
    with (backup / "ledger.db").open("r+b") as f:
        f.seek(5000)
        f.write(b"!")
    assert "damaged: ledger.db" in home.call("restore", str(backup)).stderr
    (backup / "backup.json").unlink()
    assert "is no backup" in home.call("restore", str(backup)).stderr
