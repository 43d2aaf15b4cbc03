"""The words printed on a sheet, in the language of the test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language. `sheet_of`, `side` and `day` are templates."""

    test: str
    candidate: str
    question: str
    serial: str
    receipt: str
    room: str
    seat: str
    sheet_of: str
    keep_off: str
    instruction: str
    day: str
    months: tuple[str, ...]
    candidate_label: str
    question_label: str
    label_here: str
    pad_instruction: str
    rehearsal: str
    side: str
    also: str

    def sheet(self, number: int, of: int) -> str:
        return self.sheet_of.format(number=number, of=of)

    def date(self, iso: str) -> str:
        """The day of an ISO date as it is written in this language; anything else as it is."""
        try:
            day = date.fromisoformat(iso)
        except ValueError:
            return iso
        return self.day.format(day=day.day, month=self.months[day.month - 1], year=day.year)


# fmt: off
_JANUAR_TO_DESEMBER = (
    "januar", "februar", "mars", "april", "mai", "juni",
    "juli", "august", "september", "oktober", "november", "desember",
)
_JANUARY_TO_DECEMBER = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)
# fmt: on

BOKMAAL = Words(
    test="Prøve",
    candidate="Kandidat",
    question="Oppgave",
    serial="Arknr.",
    receipt="Kvittering",
    room="Rom",
    seat="Plass",
    sheet_of="Ark {number} av {of}",
    keep_off="Ikke skriv her",
    instruction=(
        "Skriv og tegn bare innenfor rammen, og bruk ett ark per oppgave. Ikke brett, stift eller skriv på kodene."
    ),
    day="{day}. {month} {year}",
    months=_JANUAR_TO_DESEMBER,
    rehearsal="GENERALPRØVE",
    side="Side {side} av 2",
    also="Sett kryss hvis tegningen også gjelder oppgave:",
    candidate_label="Kandidatmerkelapp",
    question_label="Oppgavemerkelapp",
    label_here="Lim merkelappen her",
    pad_instruction=(
        "Arket er ikke ditt før merkelappen er på. Skriv og tegn bare innenfor rammen, og bruk ett ark per oppgave. "
        "Ikke brett, stift eller skriv på kodene."
    ),
)
ENGLISH = Words(
    test="Test",
    candidate="Candidate",
    question="Question",
    serial="Serial",
    receipt="Receipt",
    room="Room",
    seat="Seat",
    sheet_of="Sheet {number} of {of}",
    keep_off="Do not write here",
    instruction=(
        "Write and draw inside the frame only, one question a sheet. Do not fold, staple or write on the codes."
    ),
    day="{day} {month} {year}",
    months=_JANUARY_TO_DECEMBER,
    rehearsal="REHEARSAL",
    side="Side {side} of 2",
    also="Put a cross if the drawing is for this question, too:",
    candidate_label="Candidate label",
    question_label="Question label",
    label_here="Stick the label here",
    pad_instruction=(
        "This sheet is nobody's until its label is on. Write and draw inside the frame only, one question a sheet. "
        "Do not fold, staple or write on the codes."
    ),
)


def words(language: Literal["nb", "en"]) -> Words:
    """The words of a test's language."""
    return BOKMAAL if language == "nb" else ENGLISH
