"""A package from elsewhere in, its files by name out: a ZIP, a folder, or a lone XML file with what lies beside it.

Only files that are asked for are unpacked, and no further than a bound, whatever the ZIP claims. Nothing is written.
"""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from scanpipe.definitions.problems import Spot, quoted
from scanpipe.definitions.qti.xml_tree import LARGEST_BYTES
from scanpipe.saying import of_system, say

MANIFEST = "imsmanifest.xml"
MOST_FILES = 20_000
MOST_XML_BYTES = 100_000_000
"""Of all XML files of a package together."""
_DIRECTORY_BYTES = 8_000_000
"""Of the list of files at the end of a ZIP, which is read as a whole."""
_END = b"PK\x05\x06"
_LONGEST_END = 22 + 65_535
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, NotImplementedError)
_A_PACKAGE = say("a QTI package: a ZIP with imsmanifest.xml")


class Package(Protocol):
    """`start` is the file that somebody named, empty for a whole package."""

    @property
    def name(self) -> str: ...

    @property
    def start(self) -> str: ...

    def has(self, name: str) -> bool:
        """Is there such a file in the package?"""
        ...

    def manifests(self) -> list[str]:
        """The lists of contents that there are, in the folder of the package or one below: some zip the folder itself."""
        ...

    def read(self, name: str, spot: Spot) -> bytes | None:
        """The bytes, at most one beyond what XML may have; None, and noted at `spot`, when they cannot be had."""
        ...


@dataclass(slots=True)
class ZipPackage:
    name: str
    zip: zipfile.ZipFile
    files: Collection[str]
    start: str = ""
    _left: int = MOST_XML_BYTES

    def has(self, name: str) -> bool:
        return name in self.files

    def manifests(self) -> list[str]:
        found = [name for name in self.files if name.split("/")[-1] == MANIFEST and name.count("/") <= 1]
        return [MANIFEST] if MANIFEST in found else sorted(found)

    def read(self, name: str, spot: Spot) -> bytes | None:
        info = self.zip.getinfo(name)
        if info.flag_bits & 1:
            spot.wrong(say("an encrypted file"), say("a package without a password"))
            return None
        try:
            with self.zip.open(info) as file:
                data = file.read(LARGEST_BYTES + 1)
        except (*_BROKEN, RuntimeError) as error:
            spot.wrong(
                say("a file that cannot be unpacked (%(error)s)", error=str(error)),
                say("a whole ZIP"),
                say("Export the package again."),
            )
            return None
        self._left -= len(data)
        if self._left < 0:
            spot.wrong(say("more XML than that"), say("at most %(most)s MB in a package", most=MOST_XML_BYTES // 10**6))
            return None
        return data


@dataclass(frozen=True, slots=True)
class FolderPackage:
    name: str
    root: Path
    start: str = ""

    def has(self, name: str) -> bool:
        path = (self.root / name).resolve()
        return path.is_relative_to(self.root.resolve()) and path.is_file()

    def manifests(self) -> list[str]:
        return [MANIFEST] if self.has(MANIFEST) else []

    def read(self, name: str, spot: Spot) -> bytes | None:
        try:
            with (self.root / name).open("rb") as file:
                return file.read(LARGEST_BYTES + 1)
        except OSError as error:
            spot.wrong(
                say("a file that cannot be read (%(error)s)", error=of_system(error)), say("a file that can be read")
            )
            return None


def open_zip(file: BinaryIO, spot: Spot) -> ZipPackage | None:
    """The package; None, and noted at `spot`, when it is no ZIP, a broken or a hostile one."""
    if not _few_enough(file):
        spot.wrong(
            say("no ZIP, or one of very many files"),
            say("%(package)s and at most %(most)s files", package=_A_PACKAGE, most=MOST_FILES),
        )
        return None
    try:
        zip = zipfile.ZipFile(file)
    except (*_BROKEN, RuntimeError) as error:
        spot.wrong(
            say("a ZIP that cannot be read (%(error)s)", error=str(error)), _A_PACKAGE, say("Export the package again.")
        )
        return None
    files = Counter(name for name in zip.namelist() if not name.endswith("/"))
    twice = [name for name, count in files.items() if count > 1]
    if files.total() > MOST_FILES:
        spot.wrong(say("%(n)s files", n=files.total()), say("at most %(most)s files", most=MOST_FILES))
        return None
    if twice:
        spot.wrong(say("the file %(name)s twice", name=quoted(twice[0])), say("each file once"))
        return None
    return ZipPackage(spot.file, zip, frozenset(files))


@contextmanager
def open_path(path: Path, spot: Spot) -> Iterator[Package | None]:
    """The package at `path`: a ZIP, a folder, or an XML file. None, and noted at `spot`, when there is none."""
    try:
        file = None if path.is_dir() or path.suffix.lower() == ".xml" else path.open("rb")
    except OSError as error:
        spot.wrong(say("a file that cannot be read (%(error)s)", error=of_system(error)), _A_PACKAGE)
        yield None
        return
    if file is None:
        yield FolderPackage(path.name, path) if path.is_dir() else FolderPackage(path.name, path.parent, path.name)
        return
    with file:
        yield open_zip(file, spot)


def resolve(href: str, beside: str, spot: Spot) -> str | None:
    """The name in the package that `href` in the file `beside` leads to; None, and noted, when it leads out of it."""
    url = urlsplit(href)
    path = unquote(url.path)
    name = posixpath.normpath(posixpath.join(posixpath.dirname(beside), path))
    if url.scheme or url.netloc or not path or path.startswith("/") or "\\" in path or name.split("/")[0] == "..":
        spot.wrong(quoted(href), say("the path of a file within the package"))
        return None
    return name


def _few_enough(file: BinaryIO) -> bool:
    """Whether the list at the end of the ZIP has a size that may be read: `zipfile` reads all of it, whatever it is."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _LONGEST_END))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        return False
    count, directory_bytes = map(int, struct.unpack_from("<HI", tail, at + 10))
    return count <= MOST_FILES and directory_bytes <= _DIRECTORY_BYTES
