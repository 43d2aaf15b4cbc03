"""Barcode readers behind one contract. One file each; the file's name is the registration.

A reader has two public functions of the same shape, `look` (quick) and `search` (all it can do):

    look(gray, symbologies) -> list[Code]

`gray` is uint8 (height, width); corners come back in its pixels. `symbologies` is a set of the names below; a reader
passes over those it cannot read. Neither raises on any picture.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scanpipe.model import Code

SYMBOLOGIES = ("qr", "datamatrix", "code128", "code39", "ean13", "itf", "pdf417", "aztec")

Gray = NDArray[np.uint8]


class Reader(Protocol):
    """What a module of this folder offers."""

    def look(self, gray: Gray, symbologies: frozenset[str]) -> list[Code]: ...

    def search(self, gray: Gray, symbologies: frozenset[str]) -> list[Code]: ...


def names() -> list[str]:
    """The readers there are."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__))


def open_reader(name: str) -> Reader:
    """The reader of this name. Raises ModuleNotFoundError."""
    reader: Reader = import_module(f"{__name__}.{name}")
    return reader
