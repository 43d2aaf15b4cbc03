"""Which ids can be spelled in an object key, in a code and on paper. The question it answers: may this be an id?"""

from __future__ import annotations

import re

from scanpipe.definitions.problems import Spot, quoted
from scanpipe.definitions.wording import tidy
from scanpipe.saying import say

LONGEST_TEST_ID = 40
LONGEST_QUESTION_ID = 20
LONGEST_CANDIDATE_NUMBER = 20

ALNUM = "A-Za-z0-9ÆØÅæøåÄÖÜäöüÉé"
"""Letters and digits of ids, as the inside of a regular expression's brackets. All have one capital each."""
_STRANGER = re.compile(f"[^{ALNUM}._-]")
_EDGES = re.compile(f"[{ALNUM}](.*[{ALNUM}])?", re.DOTALL)
DEVICES = "CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9]"
"""Names that Windows keeps for itself, also with an extension, as a regular expression in capitals."""


def allowed_ids(longest: int) -> str:
    """What an id may be, as a phrase."""
    return say("1 to %(most)s letters (A to Z, ÆØÅ, ÄÖÜ, É) and digits, with . _ - between them", most=longest)


def id_problem(text: str, longest: int) -> str | None:
    """Why `text` cannot be an id of at most `longest` characters, as a sentence; None when it can.

    Expects NFC, as the loader gives it.
    """
    stranger = _STRANGER.search(text)
    if not text:
        return say("An id cannot be empty.")
    if stranger:
        return say("The character %(text)s cannot stand in an id.", text=quoted(stranger.group()))
    if len(text) > longest:
        return say("It has %(n)s characters.", n=len(text))
    if not _EDGES.fullmatch(text):
        return say("An id begins and ends with a letter or a digit.")
    if ".." in text:
        return say("Two dots in a row cannot stand in an id, since a path would lead elsewhere.")
    if re.fullmatch(DEVICES, text.split(".")[0].upper()):
        return say("Windows reserves this name for a device, so that a file cannot have it.")
    return None


def read_id(text: str, spot: Spot, longest: int) -> str | None:
    """`text` as an id, in NFC and without blanks around it; None, and noted at `spot`, when it cannot be one."""
    id = tidy(text)
    problem = id_problem(id, longest)
    if problem is None:
        return id
    spot.wrong(quoted(text), allowed_ids(longest), problem)
    return None


def refuse_repeats(ids: list[tuple[str, Spot]], what: str) -> None:
    """Notes every id that came before; capitals and small letters count as the same."""
    seen: dict[str, tuple[str, Spot]] = {}
    for id, spot in ids:
        first, there = seen.setdefault(id.upper(), (id, spot))
        if there is not spot:
            hint = say(
                "%(first)s stands on line %(line)s already; capitals make no difference.",
                first=quoted(first),
                line=there.line,
            )
            spot.wrong(say("%(id)s once more", id=quoted(id)), say("every %(what)s once", what=what), hint)
