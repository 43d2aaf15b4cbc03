"""The ledger's database makes trouble while an evening's sheets arrive: they wait, and are filed when it is over."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.installation import Installation, install
from tests.postgresql_server import PostgresqlServer, find_programs
from tests.watcher import watching


@pytest.fixture
def server(postgresql: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """A server of one's own, which may be stopped."""
    programs = find_programs()
    assert programs is not None
    server = PostgresqlServer(programs, ["max_connections=14", "superuser_reserved_connections=3"])
    yield server
    server.stop()


@pytest.fixture
def home(tmp_path: Path, server: PostgresqlServer) -> Installation:
    home = install(tmp_path / "data", {"SCANPIPE__LEDGER__URL": server.new_database()}, sheets=5)
    home.settings.inbox_path.mkdir(parents=True, exist_ok=True)
    return home


def name_of(home: Installation) -> str:
    return home.more["SCANPIPE__LEDGER__URL"].rpartition("/")[2]


Trouble = Callable[[PostgresqlServer, Installation], Callable[[], None]]
"""Begins the trouble; answers what ends it."""


def killed(server: PostgresqlServer, home: Installation) -> Callable[[], None]:
    server.stop(signal.SIGKILL)
    return server.start


def stopped(server: PostgresqlServer, home: Installation) -> Callable[[], None]:
    server.stop(signal.SIGINT)
    return server.start


def read_only(server: PostgresqlServer, home: Installation) -> Callable[[], None]:
    name = name_of(home)
    server.run("postgres", f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    server.run("postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    return lambda: server.run("postgres", f"ALTER DATABASE {name} RESET default_transaction_read_only") and None


def out_of_connections(server: PostgresqlServer, home: Installation) -> Callable[[], None]:
    """Others hold every connection that there is."""
    held = [psycopg.connect(home.more["SCANPIPE__LEDGER__URL"])]
    name = name_of(home)
    ours = f"datname = '{name}' AND application_name = 'scanpipe'"
    held[0].execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")
    try:
        while True:
            held.append(psycopg.connect(home.more["SCANPIPE__LEDGER__URL"]))
    except psycopg.OperationalError:
        return lambda: [c.close() for c in held] and None


@pytest.mark.parametrize("begin", [killed, stopped, read_only, out_of_connections])
def test_files_wait_for_a_database_in_trouble(home: Installation, server: PostgresqlServer, begin: Trouble) -> None:
    inbox = home.settings.inbox_path
    with watching(home) as watcher:
        (inbox / "before.jpg").write_bytes(home.scan(0))
        watcher.wait_for("before.jpg")
        end = begin(server, home)
        for i in (1, 2):
            (inbox / f"{i}.jpg").write_bytes(home.scan(i))
        watcher.wait_until(lambda: "Problem: " in watcher.said())
        time.sleep(1)
        assert set(watcher.answers()) == {"before.jpg"}
        end()
        (inbox / "3.jpg").write_bytes(home.scan(3))
        answers = watcher.wait_for("1.jpg", "2.jpg", "3.jpg", timeout_s=60)
        assert {a["verdict"] for a in answers.values()} == {"filed"}
        watcher.wait_until(lambda: "It works again." in watcher.said())
    assert "4 filed" in home.run("verify")
    assert list((home.data_dir / "aside").iterdir()) == []


def test_a_watcher_that_starts_before_its_database(home: Installation, server: PostgresqlServer) -> None:
    (home.settings.inbox_path / "early.jpg").write_bytes(home.scan(0))
    server.stop()
    with watching(home) as watcher:
        watcher.wait_until(lambda: "Problem: " in watcher.said())
        server.start()
        assert watcher.wait_for("early.jpg")["early.jpg"]["verdict"] == "filed"


def test_a_command_without_its_database_says_so_and_what_to_do(home: Installation, server: PostgresqlServer) -> None:
    server.stop()
    done = home.call("verify")
    assert done.returncode == 9 and "Traceback" not in done.stderr and "→" in done.stderr
