"""What is wrong with a definition, where, and what is allowed there: collected, then told all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanpipe.faults import DefinitionFault
from scanpipe.saying import Said, joined, say

MOST_SHOWN = 50
_LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `line` counts from 1; None where the file as a whole is meant.

    `field` is a path in the YAML (`questions[2].sketches`; the second question, since we count from 1) or a column of the
    CSV. `found` and `allowed` are phrases, `hint` is a sentence or empty.
    """

    file: str
    line: int | None
    field: str
    found: str
    allowed: str
    hint: str = ""

    def __str__(self) -> str:
        return str(self.told(self.hint))

    def told(self, hint: str) -> Said:
        """The problem in one sentence, with this hint behind it."""
        file = self.file if isinstance(self.file, Said) else visible(self.file)
        place = file if self.line is None else say("%(file)s, line %(line)s", file=file, line=self.line)
        place = joined([place, self.field]) if self.field else place
        found = say(
            "%(place)s: found %(found)s; allowed: %(allowed)s", place=place, found=self.found, allowed=self.allowed
        )
        return joined([found, hint], ". ") if hint else found


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file, and the list that takes what is wrong there."""

    file: str
    problems: list[Problem]
    line: int | None = None
    field: str = ""

    def at(self, line: int | None, field: str) -> Spot:
        """Another place in the same file."""
        return Spot(self.file, self.problems, line, field)

    def wrong(self, found: str, allowed: str, hint: str = "") -> None:
        """Notes that something is wrong here."""
        self.problems.append(Problem(self.file, self.line, self.field, found, allowed, hint))


def fault(problems: Sequence[Problem], name: str) -> DefinitionFault:
    """The fault that tells all problems of the file `name`, each on a line of its own."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"{visible(name)} cannot be used as a test definition: {count}"]
    lines += [f"  {p}" for p in problems[:MOST_SHOWN]]
    if len(problems) > MOST_SHOWN:
        lines.append(f"  … and {len(problems) - MOST_SHOWN} more")
    return DefinitionFault(
        "\n".join(lines), "Mend these lines and try again; `scanpipe tests schema` prints all keys and values."
    )


def quoted(text: str) -> str:
    """`text` in quotes, cut to a length that fits a line, with everything that cannot be seen spelled out."""
    short = text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"
    return '"' + visible(short) + '"'


def visible(text: str) -> str:
    """`text` with control characters, direction marks and the like spelled out as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def first_in_file(problems: Sequence[Problem], main: str) -> list[Problem]:
    """The problems in reading order: the file `main` first, from top to bottom, then the file beside it."""
    return sorted(problems, key=lambda p: (p.file != main, p.line or 0))
