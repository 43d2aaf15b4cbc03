"""Which questions of a package take sketches: by the kinds of their interactions, and for single questions by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, TypeAlias, cast

from scanpipe.definitions.ids import LONGEST_QUESTION_ID, id_problem
from scanpipe.definitions.qti.reading import Item
from scanpipe.definitions.vocabulary import MOST_SHEETS, SKETCHES
from scanpipe.definitions.wording import LONGEST_LABEL, text_problem, tidy
from scanpipe.faults import UsageFault
from scanpipe.model import Question

Sketches: TypeAlias = Literal["none", "allowed", "expected"]
KINDS = (
    "choice",
    "order",
    "associate",
    "match",
    "inlineChoice",
    "textEntry",
    "extendedText",
    "hottext",
    "gapMatch",
    "hotspot",
    "selectPoint",
    "positionObject",
    "graphicOrder",
    "graphicAssociate",
    "graphicGapMatch",
    "slider",
    "drawing",
    "media",
    "upload",
    "custom",
    "portableCustom",
)
"""The interactions of QTI, by their names in QTI 2 without the end that all have."""
USUAL: Mapping[str, Sketches] = MappingProxyType({"drawing": "allowed", "upload": "allowed"})
_STRONGER = SKETCHES.index
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Rules:
    """What applies to kinds of interactions, and to single questions: (sketches, most sheets) by id or by item."""

    kinds: Mapping[str, Sketches] = field(default_factory=lambda: USUAL)
    questions: Mapping[str, tuple[Sketches, int | None]] = field(default_factory=dict)


def read_kinds(text: str) -> dict[str, Sketches]:
    """`drawing,upload=expected` as a table; allowed where nothing is said. Raises UsageFault."""
    found: dict[str, Sketches] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, said = part.partition("=")
        found[_kind(name)] = _sketches(said or "allowed", part)
    return found


def read_question(text: str) -> tuple[str, tuple[Sketches, int | None]]:
    """`3=expected:2` as (id, (sketches, most sheets)). Raises UsageFault."""
    name, separator, said = text.rpartition("=")
    sketches, _, most = said.partition(":")
    wrong_most = bool(most) and (not re.fullmatch("[1-9][0-9]?", most) or sketches == "none")
    if not separator or not name.strip() or wrong_most:
        hint = f"Write 3=expected or 3=allowed:2, with 1 to {MOST_SHEETS} sheets."
        raise UsageFault(f"{text!r} does not say what a question takes", hint)
    return name.strip(), (_sketches(sketches, text), int(most) if most else None)


def questions(items: Sequence[Item], rules: Rules) -> list[tuple[Question, Item]]:
    """A question for each item. Raises UsageFault where the rules name a question that there is not."""
    made = [(_question(id, item, rules), item) for id, item in zip(_ids(items), items, strict=True)]
    names = {name.upper() for q, item in made for name in (q.id, item.identifier)}
    strangers = [name for name in rules.questions if name.upper() not in names]
    if strangers:
        known = ", ".join(q.id for q, _ in made[:20])
        raise UsageFault(f"the package has no question {strangers[0]!r}", f"Questions: {known}.")
    return made


def _ids(items: Sequence[Item]) -> list[str]:
    """The items' identifiers, where all of them can be ids of questions; else their numbers."""
    own = [tidy(item.identifier) for item in items]
    distinct = len({id.upper() for id in own}) == len(own)
    if distinct and not any(id_problem(id, LONGEST_QUESTION_ID) for id in own):
        return own
    return [str(number) for number in range(1, len(items) + 1)]


def _question(id: str, item: Item, rules: Rules) -> Question:
    asked = {name.upper(): wish for name, wish in rules.questions.items()}
    sketches, most = asked.get(id.upper()) or asked.get(item.identifier.upper()) or (_by_kind(item.kinds, rules), None)
    return replace(Question(id, _label(item, id), sketches), max_sheets=most)


def _by_kind(kinds: Iterable[str], rules: Rules) -> Sketches:
    """What an item takes with several interactions: the most that one of them does."""
    found = [rules.kinds[kind] for kind in kinds if kind in rules.kinds]
    return max(found, key=_STRONGER, default="none")


def _label(item: Item, id: str) -> str:
    """The item's title, or else its identifier, as it can be printed."""
    for text in (item.title, item.identifier):
        clean = " ".join(tidy(text).split())
        if len(clean) > LONGEST_LABEL:
            clean = clean[: LONGEST_LABEL - 1].rstrip() + _ELLIPSIS
        if not text_problem(clean, LONGEST_LABEL):
            return clean
    return id


def _kind(name: str) -> str:
    """`qti-extended-text-interaction`, `extendedTextInteraction` and `extended-text` are `extendedText`."""
    plain = name.strip().lower().removeprefix("qti-").replace("-", "").removesuffix("interaction")
    for kind in KINDS:
        if kind.lower() == plain:
            return kind
    raise UsageFault(f"QTI has no interaction {name.strip()!r}", f"Interactions: {', '.join(KINDS)}.")


def _sketches(said: str, whole: str) -> Sketches:
    if said.strip() not in SKETCHES:
        raise UsageFault(f"{whole!r} does not say what is taken", f"Write one of {', '.join(SKETCHES)} after the =.")
    return cast(Sketches, said.strip())
