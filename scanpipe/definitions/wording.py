"""Titles, labels, names, rooms, seats: text that a person reads on paper. The question it answers: can it be printed?"""

from __future__ import annotations

import unicodedata

from scanpipe.definitions.problems import Spot, quoted
from scanpipe.saying import say

LONGEST_TITLE = 200
LONGEST_LABEL = 80
LONGEST_NAME = 120
LONGEST_PLACE = 40

_LAST_OF_FONTS = 0xFFFF
_PRINTED = "LMNPS"  # letters, marks, numbers, punctuation, symbols: the first letter of Unicode's category
_LOST = "\N{REPLACEMENT CHARACTER}"


def allowed_text(longest: int) -> str:
    """What a text may be, as a phrase."""
    return say("text of 1 to %(most)s characters on one line", most=longest)


def tidy(text: str) -> str:
    """`text` composed (NFC), every kind of blank as a plain one, without blanks around it."""
    if text.isascii():
        return text.strip()
    composed = unicodedata.normalize("NFC", text)
    return "".join(" " if unicodedata.category(c) == "Zs" else c for c in composed).strip()


def text_problem(text: str, longest: int) -> str | None:
    """Why the tidy `text` cannot be printed in a space of `longest` characters, as a sentence; None when it can."""
    if not text:
        return say("It is empty.")
    if len(text) > longest:
        return say("It has %(n)s characters.", n=len(text))
    if text.isascii() and text.isprintable():
        return None
    strangers = [c for c in text if not _printed(c)]
    if not strangers:
        return None
    if _LOST in strangers:
        return say("It has a character that was lost on the way: export the file again as UTF-8.")
    return say("The character U+%(code)s cannot be printed.", code=f"{ord(strangers[0]):04X}")


def read_text(text: str, spot: Spot, longest: int) -> str | None:
    """`text` ready to be printed; None, and noted at `spot`, when it cannot be."""
    clean = tidy(text)
    problem = text_problem(clean, longest)
    if problem is None:
        return clean
    spot.wrong(quoted(text), allowed_text(longest), problem)
    return None


def _printed(character: str) -> bool:
    if ord(character) > _LAST_OF_FONTS or character == _LOST:
        return False
    return character == " " or unicodedata.category(character)[0] in _PRINTED
