"""The order in which files are taken: as a person would sort them."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"(\d+)")


def natural_key(text: str) -> tuple[str | int, ...]:
    """Sorts scan2 before scan10, whatever the case. Text and numbers alternate, so that any two keys compare."""
    return tuple(int(part) if i % 2 else part for i, part in enumerate(_DIGITS.split(text.casefold())))


def arrival_key(relative: str) -> tuple[tuple[str | int, ...], tuple[str | int, ...], str]:
    """Sorts paths below the inbox by folder, then by name."""
    folder, _, name = relative.rpartition("/")
    return natural_key(folder), natural_key(name), relative
