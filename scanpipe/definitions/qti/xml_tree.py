"""The bytes of an XML file in, its elements out, each with its line. Nothing is ever expanded, loaded or fetched.

A file that declares an entity is refused as a whole, a reference to a document type is passed over unread; size, depth and
number of elements have bounds. Text between elements is not kept: what we ask of QTI stands in attributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from scanpipe.definitions.problems import Spot, quoted
from scanpipe.saying import say

LARGEST_BYTES = 5_000_000
DEEPEST = 200
MOST_ELEMENTS = 100_000
_SEPARATOR = " "
_DASHED = re.compile("-([a-z0-9])")
_WELL_FORMED = say("well-formed XML")


@dataclass(slots=True)
class Element:
    """`name` as QTI 2 spells it: `qti-drawing-interaction` of QTI 3 is `drawingInteraction` here, its attributes likewise."""

    name: str
    space: str
    line: int
    attributes: Mapping[str, str]
    children: list[Element] = field(default_factory=list)

    def get(self, attribute: str) -> str:
        """The attribute without blanks around it; empty when it is not there."""
        return self.attributes.get(attribute, "").strip()

    def walk(self) -> Iterator[Element]:
        """This element and all within it, in the order of the file."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))

    def named(self, name: str) -> list[Element]:
        """The children of this name."""
        return [child for child in self.children if child.name == name]


def parse(data: bytes, spot: Spot) -> Element | None:
    """The root; None, and noted at `spot`, when the file is broken or not what anybody should send."""
    if len(data) > LARGEST_BYTES:
        spot.wrong(say("a larger file"), say("XML of at most %(most)s MB", most=LARGEST_BYTES // 10**6))
        return None
    builder = _Builder()
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        spot.at(error.lineno, "").wrong(
            say("broken XML (%(error)s)", error=expat.ErrorString(error.code)), _WELL_FORMED
        )
        return None
    except _Unwanted as unwanted:
        spot.at(builder.parser.CurrentLineNumber, "").wrong(unwanted.found, unwanted.allowed)
        return None
    except (LookupError, ValueError) as error:
        spot.wrong(
            say("an encoding that cannot be read (%(error)s)", error=str(error)),
            say("XML in UTF-8"),
            say("Save the file again as UTF-8."),
        )
        return None
    return builder.root


class _Unwanted(Exception):
    """Well-formed, and refused all the same."""

    def __init__(self, found: str, allowed: str) -> None:
        super().__init__(found)
        self.found = found
        self.allowed = allowed


class _Builder:
    """Hears what expat reads."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0
        self.parser = parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = self._entity

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) >= DEEPEST:
            raise _Unwanted(
                say("elements nested too deeply, or too many of them"), say("at most %(most)s levels", most=DEEPEST)
            )
        space, local = _split(name)
        named = {_split(key)[1]: value for key, value in attributes.items()}
        element = Element(local, space, self.parser.CurrentLineNumber, named)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, name: str) -> None:
        self._open.pop()

    def _entity(self, name: str, *_: object) -> int:
        raise _Unwanted(
            say("the declaration of an entity, %(name)s", name=quoted(name or "")), say("XML that declares no entities")
        )


def _split(name: str) -> tuple[str, str]:
    """The namespace and the name as QTI 2 spells it."""
    space, _, local = name.rpartition(_SEPARATOR)
    return space, _DASHED.sub(lambda dashed: dashed[1].upper(), local.removeprefix("qti-"))
