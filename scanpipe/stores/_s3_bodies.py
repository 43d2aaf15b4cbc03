"""Bytes on their way to and from an S3 server."""

from __future__ import annotations

import io
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

from scanpipe.stores._disk import disk_faults
from scanpipe.stores._s3_faults import Place, s3_faults


class Download(io.RawIOBase):
    """A body on its way, with its errors as faults."""

    def __init__(self, body: Any, place: Place) -> None:
        self._body = body
        self._place = place

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with s3_faults(self._place):
            chunk = self._body.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._body.close()
        super().close()


def upload(body: bytes | Path) -> AbstractContextManager[bytes | BinaryIO]:
    """What boto3 takes as a body, to be closed after use. Raises StoreFault when the file cannot be opened."""
    if isinstance(body, bytes):
        return nullcontext(body)
    with disk_faults(os.fspath(body)):
        return open(body, "rb")
