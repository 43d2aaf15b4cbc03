"""The cells of one candidate in, a `Candidate` out: the same rules whether they come from YAML or CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from scanpipe.definitions.ids import LONGEST_CANDIDATE_NUMBER, read_id
from scanpipe.definitions.minutes import Unit, read_minutes
from scanpipe.definitions.problems import Spot
from scanpipe.definitions.vocabulary import LONGEST_OF
from scanpipe.definitions.wording import read_text
from scanpipe.model import Candidate

Cells: TypeAlias = Mapping[str, tuple[str, Spot]]
"""Text and place by key (one of `vocabulary.COLUMN_KEYS`); what is not known is left out."""

Placed: TypeAlias = tuple[Candidate, Spot]
"""A candidate and where its number stands."""


def candidate(cells: Cells) -> Placed | None:
    """The candidate; None when it has no number that can be used. Problems are noted where they stand."""
    whole = _with_whole_name(cells)
    details = {key: read_text(*whole[key], longest) for key, longest in LONGEST_OF.items() if key in whole}
    extra = _extra_time_min(cells)
    if "number" not in cells:
        return None
    text, spot = cells["number"]
    number = read_id(text, spot, LONGEST_CANDIDATE_NUMBER)
    return None if number is None else (Candidate(number, **details, extra_time_min=extra), spot)


def _with_whole_name(cells: Cells) -> Cells:
    """A name in two parts is one: first name, then last name."""
    parts = [cells[key] for key in ("first_name", "last_name") if key in cells]
    if "name" in cells or not parts:
        return cells
    return {**cells, "name": (" ".join(text.strip() for text, _ in parts), parts[0][1])}


def _extra_time_min(cells: Cells) -> int | None:
    units: dict[str, Unit] = {"extra_time_min": "min", "extra_time_h": "h"}
    for key, unit in units.items():
        if key in cells:
            return read_minutes(*cells[key], unit)
    return None
