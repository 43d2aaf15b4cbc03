"""Every kind of difference between what was expected and what came: what a person reads, and what to do next.

A table, in the order of `model.Difference`; tests see to it that no row is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanpipe.model import Difference


@dataclass(frozen=True, slots=True)
class Telling:
    """Two sentences in English and Norwegian: what is wrong, and what to do next."""

    en: str
    nb: str
    next_en: str
    next_nb: str

    def what(self, language: str) -> str:
        return self.nb if language == "nb" else self.en

    def next(self, language: str) -> str:
        return self.next_nb if language == "nb" else self.next_en


TELLING: Mapping[Difference, Telling] = {
    Difference.COLLECTED_NOT_SCANNED: Telling(
        "Collected in the room and not scanned.",
        "Samlet inn i rommet, men ikke skannet.",
        "Look through the queue for a sheet without codes, then for the paper in the room's stack, and scan it.",
        "Se etter et ark uten koder i køen, deretter etter papiret i rommets bunke, og skann det.",
    ),
    Difference.RECEIVED_NOT_COLLECTED: Telling(
        "Scanned, and nobody says that it was collected.",
        "Skannet, men ingen oppgir at det er samlet inn.",
        "Ask the invigilator of the room, and correct the list of the room.",
        "Spør eksamensvakten i rommet, og rett listen for rommet.",
    ),
    Difference.FEWER_THAN_DECLARED: Telling(
        "Fewer sheets came than the candidate declared.",
        "Det kom færre ark enn kandidaten oppga.",
        "Look for the paper among the neighbours in the stack and in the queue; then ask the candidate.",
        "Se etter papiret hos naboene i bunken og i køen; spør deretter kandidaten.",
    ),
    Difference.MORE_THAN_DECLARED: Telling(
        "More sheets came than the candidate declared.",
        "Det kom flere ark enn kandidaten oppga.",
        "See whether they all are this candidate's, and ask the candidate.",
        "Se om alle er denne kandidatens, og spør kandidaten.",
    ),
    Difference.SHEETS_OF_ABSENT: Telling(
        "The candidate was absent, and sheets came.",
        "Kandidaten var fraværende, men det kom ark.",
        "Check the attendance; else find out who wrote on these sheets, and move the pack.",
        "Kontroller oppmøtet; finn ellers ut hvem som skrev på disse arkene, og flytt bunken.",
    ),
    Difference.PRESENT_WITHOUT_SHEET: Telling(
        "The candidate was present, and no sheet came.",
        "Kandidaten var til stede, men det kom ingen ark.",
        "Ask the invigilator whether the candidate handed in paper; record 0 sheets if not.",
        "Spør eksamensvakten om kandidaten leverte papir; før opp 0 ark hvis ikke.",
    ),
    Difference.EXPECTED_WITHOUT_SHEET: Telling(
        "A sheet is expected for this question, and none came.",
        "Det ventes et ark til denne oppgaven, men ingen kom.",
        "See whether it lies under another question or in the queue; then ask the candidate.",
        "Se om det ligger under en annen oppgave eller i køen; spør deretter kandidaten.",
    ),
    Difference.SCANNED_TWICE: Telling(
        "Scanned more than once.",
        "Skannet mer enn én gang.",
        "Decide in the queue which scan is to stand.",
        "Avgjør i køen hvilken skanning som skal gjelde.",
    ),
    Difference.STACK_DIFFERS: Telling(
        "The stack does not have as many sheets as was said.",
        "Bunken har ikke så mange ark som oppgitt.",
        "Count the paper. Too few came: feed the stack again if the scanner took two sheets at once. Too many: see whether a "
        "separator was forgotten, or sheets of another stack lie in it.",
        "Tell papirene. Kom det for få: mat bunken på nytt hvis skanneren tok to ark på én gang. Kom det for mange: se om et "
        "skilleark er glemt, eller om ark fra en annen bunke ligger i den.",
    ),
    Difference.SHEET_OF_OTHER_TEST: Telling(
        "A sheet of another test or another installation lies in a stack of this one.",
        "Et ark fra en annen prøve eller en annen installasjon ligger i en bunke for denne.",
        "Take the paper out and bring it to where it belongs; discard the page in the queue if it is held.",
        "Ta ut papiret og lever det der det hører hjemme; forkast siden i køen hvis den holdes tilbake.",
    ),
    Difference.SHEET_EXCHANGED: Telling(
        "The sheet lies elsewhere than people say, or than it was printed for.",
        "Arket ligger et annet sted enn oppgitt, eller enn det ble skrevet ut for.",
        "Find out who wrote on it; move the page, or the whole pack.",
        "Finn ut hvem som skrev på det; flytt siden, eller hele bunken.",
    ),
}
