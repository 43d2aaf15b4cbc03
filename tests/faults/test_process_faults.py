"""Processes die, one of several or in the middle of an upgrade: others go on, and every page is filed once."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from scanpipe.ledgers import SqlLedger, open_ledger
from tests.earlier import make_earlier
from tests.installation import Installation, install
from tests.postgresql_server import PostgresqlServer
from tests.watcher import Watcher, watching

SHEETS = 12


def filed(ledger: SqlLedger) -> int:
    with ledger.read() as r:
        return r.counts().get("filed", 0)


def fill(home: Installation, numbers: range) -> set[str]:
    """Puts sheets into the inbox at once, as a job that was copied there."""
    inbox = home.settings.inbox_path
    inbox.mkdir(parents=True, exist_ok=True)
    for n in numbers:
        (inbox / f"{n}.jpg").write_bytes(home.scan(n))
    return {f"{n}.jpg" for n in numbers}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_one_of_two_watchers_is_killed(tmp_path: Path, postgresql: PostgresqlServer, kind: str) -> None:
    """The one that lives takes over what the other had begun, without being started anew."""
    more = {"SCANPIPE__LEDGER__URL": postgresql.new_database()} if kind == "postgresql" else {}
    home = install(tmp_path / "data", more, sheets=SHEETS)
    with watching(home, log="lives") as lives:
        fill(home, range(1))
        lives.wait_for("0.jpg")
        lives.process.send_signal(signal.SIGSTOP)  # so that the other one gets the files
        dies = Watcher(home, log="dies")
        fill(home, range(1, SHEETS))
        dies.wait_until(lambda: bool(dies.answers()))
        dies.process.send_signal(signal.SIGKILL)
        dies.process.wait()
        lives.process.send_signal(signal.SIGCONT)
        # By the ledger: what the dead one filed and had no time to tell, nobody tells.
        with open_ledger(home.settings.ledger_url) as ledger:
            lives.wait_until(lambda: filed(ledger) == SHEETS, 90)
        lives.wait_until(lambda: not any((home.data_dir / "claimed").rglob("*.jpg")), 60)
    assert f"{SHEETS} filed" in home.run("verify")
    assert not list((home.data_dir / "aside").iterdir())


def test_a_machine_that_is_gone(tmp_path: Path, postgresql: PostgresqlServer) -> None:
    """Two machines, each with folders of its own, one ledger, one store. What the dead one had on record, the other finishes."""
    url = postgresql.new_database()
    one = install(tmp_path / "one", {"SCANPIPE__LEDGER__URL": url}, sheets=SHEETS)
    two = Installation(tmp_path / "two", one.pdf, one.sheets, one.more)
    two.data_dir.mkdir()
    shutil.copy(one.data_dir / "keys.json", two.data_dir)
    for shared in ("objects", "metadata"):
        (two.data_dir / shared).symlink_to(one.data_dir / shared)
    # A store that stops answering leaves scans on record that are not worked off.
    dead = Watcher(one, log="dead")
    fill(one, range(1))
    dead.wait_for("0.jpg")
    objects = one.data_dir / "objects"
    tests = objects / "tests"
    hidden = tests.rename(objects / "hidden-tests")
    tests.write_text("in the way")
    fill(one, range(1, 4))
    dead.wait_until(lambda: "Problem: " in dead.said())
    time.sleep(1)
    dead.process.send_signal(signal.SIGKILL)
    dead.process.wait()
    tests.unlink()
    hidden.rename(tests)
    with watching(two) as lives:
        fill(two, range(4, 6))
        lives.wait_for("4.jpg", "5.jpg")
        assert not {"1.jpg", "2.jpg", "3.jpg"} & set(lives.answers())  # its last sign of life is not old enough
        name = url.rpartition("/")[2]
        postgresql.run(
            name, "UPDATE holder SET beat = beat - interval '2 minutes' WHERE name NOT LIKE '%-' || pg_backend_pid()"
        )
        postgresql.run(name, f"UPDATE holder SET beat = now() WHERE name LIKE '%-{lives.process.pid}-%'")
        answers = lives.wait_for("1.jpg", "2.jpg", "3.jpg", timeout_s=60)
        assert {a["verdict"] for a in answers.values()} == {"filed"}
        assert "took it over" in two.run("trace", answers["1.jpg"]["scan"])
    one.run("ingest", str(one.pdf.parent / "one.pdf"), ok=(0, 2))  # whoever starts there finds its claimed files again
    assert '"holds": true' in two.run("verify", "--json")


def test_told_to_stop_in_the_middle_it_finishes_what_it_began(tmp_path: Path) -> None:
    home = install(tmp_path / "data", sheets=SHEETS)
    names = fill(home, range(SHEETS))
    watcher = Watcher(home)
    watcher.wait_until(lambda: bool(watcher.answers()))
    watcher.process.send_signal(signal.SIGTERM)
    assert watcher.process.wait(60) == 0
    left = {p.name for p in home.settings.inbox_path.iterdir()}
    assert set(watcher.answers()) | left == names and not set(watcher.answers()) & left
    assert not any((home.data_dir / "claimed").rglob("*.jpg"))
    home.run("verify")


def test_told_to_stop_while_the_store_is_away_it_stops(tmp_path: Path) -> None:
    home = install(tmp_path / "data", sheets=2)
    fill(home, range(2))
    in_the_way = home.data_dir / "objects" / "tests"
    in_the_way.write_text("no slot can be written")
    watcher = Watcher(home)
    watcher.wait_until(lambda: "Problem: " in watcher.said())
    watcher.process.send_signal(signal.SIGTERM)
    assert watcher.process.wait(30) == 0
    in_the_way.unlink()
    with watching(home) as again:
        answers = again.wait_for("0.jpg", "1.jpg")
        assert {a["verdict"] for a in answers.values()} == {"filed"}
    assert "2 filed" in home.run("verify")


def test_an_upgrade_with_work_in_flight(tmp_path: Path) -> None:
    """The version before was killed while it worked; this one finds its ledger, its claimed files and its scans."""
    home = install(tmp_path / "data", sheets=3)
    fill(home, range(3))
    objects = home.data_dir / "objects"
    objects.mkdir(exist_ok=True)
    (objects / "tests").write_text("in the way: scans come on record, pictures do not get into slots")
    before = Watcher(home)
    before.wait_until(lambda: "Problem: " in before.said())
    time.sleep(1)
    before.process.send_signal(signal.SIGKILL)
    before.process.wait()
    (objects / "tests").unlink()
    ledger = sqlite3.connect(home.data_dir / "ledger.db")
    assert ledger.execute("SELECT count(*) FROM page WHERE state IN ('waiting', 'placing')").fetchone()[0] > 0
    ledger.close()
    make_earlier(home.data_dir / "ledger.db")
    with watching(home) as after:
        answers = after.wait_for("0.jpg", "1.jpg", "2.jpg")
        assert {a["verdict"] for a in answers.values()} == {"filed"}
    assert "3 filed" in home.run("verify")
