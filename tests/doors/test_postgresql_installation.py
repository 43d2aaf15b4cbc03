"""The whole program on a real PostgreSQL: ingest, decide, prove, move the ledger; two watchers on one folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.installation import Installation, install
from tests.postgresql_server import PostgresqlServer
from tests.watcher import watching


@pytest.fixture
def home(tmp_path: Path, postgresql: PostgresqlServer) -> Installation:
    return install(tmp_path / "data", {"SCANPIPE__LEDGER__URL": postgresql.new_database()})


def test_files_decides_and_proves_in_postgresql(home: Installation, tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    for i in range(4):
        (scans / f"scan{i}.jpg").write_bytes(home.scan(i))
    (scans / "again.jpg").write_bytes(home.scan(0, stroke=5))
    answers = {a["file"].rpartition("/")[2]: a for a in home.lines("ingest", str(scans))}
    assert [answers[f"scan{i}.jpg"]["verdict"] for i in range(1, 4)] == ["filed"] * 3
    first = {answers[name]["reason"] for name in ("scan0.jpg", "again.jpg")}
    assert first == {None, "sheet_seen_before"}
    held = next(a for a in answers.values() if a["verdict"] == "held")
    home.run("queue", "discard", f"{held['scan'][:12]}-1", "--why", "the same sheet twice")
    found = home.run("verify")
    assert "4 filed, 1 discarded" in found and "Nothing is missing" in found
    assert not (home.data_dir / "ledger.db").exists()
    assert "the same sheet twice" in home.run("trace", held["scan"])
    assert all(p["ok"] for p in home.lines("doctor"))


def test_the_ledger_moves_from_sqlite_to_postgresql(tmp_path: Path, postgresql: PostgresqlServer) -> None:
    old = install(tmp_path / "data")
    scan = tmp_path / "scan.jpg"
    scan.write_bytes(old.scan(0))
    old.run("ingest", str(scan))
    url = postgresql.new_database()
    copied = json.loads(old.run("ledger", "copy", "-", url, "--json"))
    new = Installation(old.data_dir, old.pdf, old.sheets, {"SCANPIPE__LEDGER__URL": url})
    assert copied["rows"]["page"] == 1 and copied["rows"]["sheet"] == 12
    assert copied["head"] == json.loads(new.run("verify", "--json"))["head"]
    assert json.loads(new.run("ledger", "migrate", "--json"))["events"] == copied["rows"]["event"]
    scan.write_bytes(old.scan(1))
    assert [a["verdict"] for a in new.lines("ingest", str(scan))] == ["filed"]
    assert "not empty" in old.call("ledger", "copy", "-", url).stderr


def test_two_watchers_on_one_folder(home: Installation) -> None:
    inbox = home.settings.inbox_path
    inbox.mkdir(parents=True, exist_ok=True)
    with watching(home, log="one") as one, watching(home, log="two") as two:
        for i in range(12):
            (inbox / f"{i}.jpg").write_bytes(home.scan(i))
        names = {f"{i}.jpg" for i in range(12)}
        one.wait_until(lambda: set(one.answers()) | set(two.answers()) == names)
        assert not set(one.answers()) & set(two.answers())
        assert {a["verdict"] for w in (one, two) for a in w.answers().values()} == {"filed"}
    assert "12 filed" in home.run("verify")
