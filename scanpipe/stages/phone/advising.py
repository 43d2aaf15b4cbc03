"""A picture and where the paper is on it in, advice for the next picture out. Advice is never a refusal."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


class Advised(enum.Enum):
    """What could be better. The value is stored and served: add, never rename."""

    BLURRED = "blurred"
    CUT = "cut"
    TOO_DARK = "too_dark"
    GLARE = "glare"
    TOO_SMALL = "too_small"
    STEEP = "steep"
    NO_PAGE_FOUND = "no_page_found"


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a person reads: what is wrong and what to do, in each language."""

    en: str
    nb: str


ADVICE: Mapping[Advised, Sentence] = {
    Advised.BLURRED: Sentence(
        "The picture is blurred: hold the phone still, wait until it is in focus, and take it again.",
        "Bildet er uskarpt: hold telefonen rolig, vent til den har stilt skarpt, og ta det på nytt.",
    ),
    Advised.CUT: Sentence(
        "Part of the sheet is outside the picture: step back until all four corners are on it.",
        "En del av arket er utenfor bildet: gå litt bakover til alle fire hjørnene er med.",
    ),
    Advised.TOO_DARK: Sentence(
        "The picture is dark: turn on a lamp or go to a window, and keep your own shadow off the sheet.",
        "Bildet er mørkt: tenn en lampe eller gå til et vindu, og unngå at du selv skygger for arket.",
    ),
    Advised.GLARE: Sentence(
        "A lamp or the flash shines back from the sheet, and nothing can be read there: turn the flash off or move the sheet.",
        "En lampe eller blitsen speiler seg i arket, og der kan ingenting leses: slå av blitsen eller flytt arket.",
    ),
    Advised.TOO_SMALL: Sentence(
        "The sheet is small on the picture: go closer until it fills most of it.",
        "Arket er lite på bildet: gå nærmere til det fyller det meste av bildet.",
    ),
    Advised.STEEP: Sentence(
        "The picture was taken from the side: hold the phone straight above the sheet.",
        "Bildet er tatt fra siden: hold telefonen rett over arket.",
    ),
    Advised.NO_PAGE_FOUND: Sentence(
        "The edges of the sheet could not be found, so the picture is kept as it is: lay the sheet on something darker.",
        "Kantene på arket ble ikke funnet, så bildet beholdes som det er: legg arket på et mørkere underlag.",
    ),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that could be better, and what was measured."""

    what: Advised
    measured: Mapping[str, Any]

    @property
    def en(self) -> str:
        return ADVICE[self.what].en

    @property
    def nb(self) -> str:
        return ADVICE[self.what].nb


def advise(picture: Pixels) -> tuple[Advice, ...]:
    """Of a picture by itself."""
    return ()
