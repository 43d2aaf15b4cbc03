"""A file appears under its name only when all of it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scanpipe import faults


@contextmanager
def whole_file(out: Path) -> Iterator[Path]:
    """A temporary name beside `out` to write to; takes the place of `out` at the end, and vanishes after an exception.

    Raises faults.FolderFault when the folder cannot be written to.
    """
    temporary = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(out)
    except OSError as error:
        hint = "Name a file in a folder that exists, that you may write to, and with space left."
        raise faults.FolderFault(f"{out} cannot be written: {error.strerror or error}.", hint) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
