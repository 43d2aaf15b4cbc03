"""What was told of already, so that it is not told again."""

from __future__ import annotations

from dataclasses import dataclass, field

from scanpipe.stages.completeness.books import Place


@dataclass(slots=True)
class Named:
    """`missing` are serials with the place where they belong, `surplus` serials that nobody expected, `exchanged` those that lie
    elsewhere than people say. `short` are candidates, `short_places` places, of which a count says that something is missing.
    """

    missing: dict[str, Place] = field(default_factory=dict)
    surplus: set[str] = field(default_factory=set)
    exchanged: set[str] = field(default_factory=set)
    short: set[str] = field(default_factory=set)
    short_places: dict[Place, int] = field(default_factory=dict)
    over: dict[str, int] = field(default_factory=dict)
