"""Sorting as a person would."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"(\d+)")

NaturalKey = tuple[str | int, ...]


def natural_key(text: str) -> NaturalKey:
    """Sorts scan2 before scan10, whatever the case. Text and numbers alternate, so that any two keys compare."""
    return tuple(int(part) if i % 2 else part for i, part in enumerate(_DIGITS.split(text.casefold())))


def path_key(relative: str) -> tuple[NaturalKey, NaturalKey, str]:
    """Sorts paths by folder, then by name."""
    folder, _, name = relative.rpartition("/")
    return natural_key(folder), natural_key(name), relative
