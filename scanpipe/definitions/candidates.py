"""The cells of one candidate in, a `Candidate` out: the same rules whether they come from YAML or CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from scanpipe.definitions.ids import LONGEST_CANDIDATE_NUMBER, read_id
from scanpipe.definitions.problems import Spot
from scanpipe.definitions.vocabulary import LONGEST_OF
from scanpipe.definitions.wording import read_text
from scanpipe.model import Candidate

Cells: TypeAlias = Mapping[str, tuple[str, Spot]]
"""Text and place by key (`number`, `name`, `room`, `seat`); what is not known is left out."""

Placed: TypeAlias = tuple[Candidate, Spot]
"""A candidate and where its number stands."""


def candidate(cells: Cells) -> Placed | None:
    """The candidate; None when it has no number that can be used. Problems are noted where they stand."""
    details = {key: read_text(*cells[key], longest) for key, longest in LONGEST_OF.items() if key in cells}
    if "number" not in cells:
        return None
    text, spot = cells["number"]
    number = read_id(text, spot, LONGEST_CANDIDATE_NUMBER)
    return None if number is None else (Candidate(number, **details), spot)
