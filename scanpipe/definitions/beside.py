"""The name of a file out of a definition in, its bytes out: only from the definition's own folder, since definitions may
come from anywhere.
"""

from __future__ import annotations

import os
from pathlib import Path

from scanpipe.definitions.problems import Spot, quoted
from scanpipe.definitions.text_file import LARGEST_BYTES
from scanpipe.definitions.vocabulary import FILE_KEYS
from scanpipe.definitions.wording import LONGEST_NAME, read_text
from scanpipe.definitions.yaml_nodes import closest
from scanpipe.saying import of_system, say

_READABLE = say("a file that can be read")


def read_beside(name: str, folder: Path | None, spot: Spot) -> bytes | None:
    """The bytes of the file `name` in `folder`; None, and noted at `spot`, when it is elsewhere or cannot be read."""
    clean = read_text(name, spot, LONGEST_NAME)
    if clean is None:
        return None
    if folder is None:
        spot.wrong(quoted(clean), say("candidates in the definition itself"), say("No file can come along here."))
        return None
    if any(c in clean for c in "/\\:") or clean in (".", ".."):
        spot.wrong(quoted(clean), FILE_KEYS["file"], say("Only the name of the file, without any folder."))
        return None
    return _read(folder / clean, spot)


def read_file(path: Path, spot: Spot) -> bytes | None:
    """The bytes of a plain file, no more than one beyond `LARGEST_BYTES`; None, and noted, when it cannot be read."""
    try:
        if not path.is_file():
            spot.wrong(say("a folder or a device") if path.exists() else say("no such file"), _READABLE)
            return None
        with path.open("rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        spot.wrong(say("a file that cannot be read (%(error)s)", error=of_system(error)), _READABLE)
        return None


def _read(path: Path, spot: Spot) -> bytes | None:
    """Says more than `read_file` could: what was meant, and that links are not followed."""
    names = sorted(p.name for p in path.parent.glob("*.csv"))
    if os.path.islink(path):  # os.path, since pathlib raises where a name is too long
        spot.wrong(
            say("%(name)s, a link", name=quoted(path.name)),
            FILE_KEYS["file"],
            say("The file itself must be in the folder."),
        )
        return None
    if not os.path.exists(path):
        spot.wrong(
            say("%(name)s, but no such file", name=quoted(path.name)), FILE_KEYS["file"], closest(path.name, names)
        )
        return None
    return read_file(path, spot)
