"""Fixtures of the doors' tests."""

from tests.postgresql_server import postgresql
from tests.s3_server import s3_server

__all__ = ["postgresql", "s3_server"]
