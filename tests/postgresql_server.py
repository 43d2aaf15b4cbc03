"""A real PostgreSQL for tests: Debian's package, on a free port of 127.0.0.1, everything in a temporary folder.

Any test folder may use it: `from tests.postgresql_server import postgresql` in its conftest.py makes the fixture known there.
A server is started by the first test that asks and stopped by its process id when the tests end.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

START_S = 40.0
_USER = "scanpipe"
_numbers = itertools.count(1)


class PostgresqlServer:
    """A server that can be stopped and started again on the same port."""

    def __init__(self, programs: Path, settings: Sequence[str] = ()) -> None:
        self._programs = programs
        self._settings = settings
        self.home = Path(tempfile.mkdtemp(prefix="scanpipe-pg-"))
        atexit.register(shutil.rmtree, self.home, ignore_errors=True)
        self._as_user = _as_user(self.home)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        told = ("-A", "trust", "-U", _USER, "-E", "UTF8", "--locale=C.UTF-8", "-D", str(self.home / "data"))
        subprocess.run([programs / "initdb", *told], check=True, capture_output=True, **self._as_user)
        self.start()

    def start(self) -> None:
        """Begins, and waits until it answers."""
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": str(self.port)}
        settings = [f"-c{name}={value}" for name, value in options.items()] + [f"-c{s}" for s in self._settings]
        with open(self.home / "log", "ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.home / "data", *settings],
                stdout=log,
                stderr=log,
                **self._as_user,
            )
        atexit.register(self.stop)
        end = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(self._dsn("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise RuntimeError((self.home / "log").read_text(errors="replace")[-1500:]) from None
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ends: SIGINT as an administrator does at once, SIGKILL as a power cut does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(60)
        self._process = None

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"ledger_{os.getpid()}_{next(_numbers)}"
        self.run("postgres", f"CREATE DATABASE {name}")
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{name}"

    def run(self, database: str, *statements: str) -> list[tuple[Any, ...]]:
        """What somebody with the rights to everything can do; the rows of the last statement."""
        with psycopg.connect(self._dsn(database), autocommit=True) as c:
            for statement in statements:
                cursor = c.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def _dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user={_USER} dbname={database}"


@pytest.fixture(scope="session")
def postgresql() -> PostgresqlServer:
    """The running server. Skips, with the reason, where it cannot be started."""
    server = start_server()
    if isinstance(server, str):
        pytest.skip(f"POSTGRESQL TESTS DO NOT RUN: {server}")
    return server


@functools.cache
def start_server() -> PostgresqlServer | str:
    """The server, or why there is none. Started once, however many folders use the fixture."""
    programs = find_programs()
    if programs is None:
        return "there is no `postgres` and `initdb`; install what Debian calls postgresql"
    return PostgresqlServer(programs)


def find_programs() -> Path | None:
    """The folder of `postgres` and `initdb`: Debian keeps them out of the path."""
    on_path = shutil.which("postgres")
    places = [Path(on_path).parent] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((p for p in places if (p / "postgres").exists() and (p / "initdb").exists()), None)


def _as_user(home: Path) -> dict[str, Any]:
    """PostgreSQL refuses to be run by root: the user of Debian's package does, in a folder of its own."""
    if os.geteuid() != 0:
        return {"cwd": home}
    user = pwd.getpwnam("postgres")
    os.chown(home, user.pw_uid, user.pw_gid)
    return {"cwd": home, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port
