"""Stores and ledgers of each kind to test, empty each time."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scanpipe.ledgers import SqlLedger, open_ledger
from scanpipe.stores import ObjectStore, StoreOptions, open_store
from tests.postgresql_server import PostgresqlServer, postgresql
from tests.s3_server import REGION, S3Server, s3_server

__all__ = ["postgresql", "s3_server"]

OpenS3 = Callable[..., ObjectStore]


@pytest.fixture
def open_s3(s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenS3:
    """Opens an S3 store; without more words under a new prefix on the running server, with a short patience."""
    for name, value in s3_server.environ.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)

    def open_it(**words: Any) -> ObjectStore:
        usual: dict[str, Any] = {
            "endpoint_url": s3_server.endpoint_url,
            "region": REGION,
            "bucket": s3_server.bucket,
            "prefix": s3_server.new_prefix(),
            "backoff_s": 0.001,
        }
        return open_store("s3", StoreOptions(tmp_path / "objects", tmp_path / "notes", **(usual | words)))

    return open_it


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty store of each kind."""
    if request.param == "directory":
        return open_store("directory", StoreOptions(tmp_path / "objects", tmp_path / "notes"))
    open_it: OpenS3 = request.getfixturevalue("open_s3")
    return open_it()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Answers the URL of a new, empty database of each kind."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path / f'hovedbok å {secrets.token_hex(4)}.db'}"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.new_database


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    with open_ledger(url) as ledger:
        yield ledger
