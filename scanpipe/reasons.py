"""Every reason for holding a page: what a person reads, in English and Norwegian, and what can be done next.

A table, since it is one. The order is that of `model.Reason`; tests see to it that no row is missing and that each has a
scan in `fixtures/scans/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanpipe.model import Reason


@dataclass(frozen=True, slots=True)
class Wording:
    """`en` and `nb` are one sentence each; `steps` are the commands of `scanpipe queue` that make sense."""

    en: str
    nb: str
    steps: tuple[str, ...]


_ALL = ("assign", "discard", "retry")

WORDING: Mapping[Reason, Wording] = {
    Reason.NO_CODES: Wording(
        "No code could be read on this page, and somebody wrote on it.",
        "Ingen kode kunne leses på denne siden, og noen har skrevet på den.",
        _ALL,
    ),
    Reason.MISSING_CANDIDATE_CODE: Wording(
        "Nothing that could be read says whose sheet this is.",
        "Ingenting som kunne leses, sier hvem sitt ark dette er.",
        _ALL,
    ),
    Reason.MISSING_QUESTION_CODE: Wording(
        "Nothing that could be read says which question this sheet answers.",
        "Ingenting som kunne leses, sier hvilken oppgave dette arket besvarer.",
        _ALL,
    ),
    Reason.CODES_DISAGREE: Wording(
        "The codes on this page contradict each other.",
        "Kodene på denne siden motsier hverandre.",
        _ALL,
    ),
    Reason.FOREIGN_CODE: Wording(
        "There is a code on this page that was not printed by this installation.",
        "Det er en kode på denne siden som ikke er skrevet ut av denne installasjonen.",
        _ALL,
    ),
    Reason.BAD_SIGNATURE: Wording(
        "A code on this page was altered or forged.",
        "En kode på denne siden er endret eller forfalsket.",
        _ALL,
    ),
    Reason.UNKNOWN_TEST: Wording(
        "The codes name a test that is not registered here.",
        "Kodene viser til en prøve som ikke er registrert her.",
        ("retry", "discard"),
    ),
    Reason.SKETCHES_NOT_ENABLED: Wording(
        "This test does not take sketches.",
        "Denne prøven tar ikke imot håndtegninger.",
        ("retry", "discard"),
    ),
    Reason.UNKNOWN_CANDIDATE: Wording(
        "The test has no candidate with this number.",
        "Prøven har ingen kandidat med dette nummeret.",
        _ALL,
    ),
    Reason.UNKNOWN_QUESTION: Wording(
        "The test has no question with this id.",
        "Prøven har ingen oppgave med denne id-en.",
        _ALL,
    ),
    Reason.QUESTION_TAKES_NO_SKETCHES: Wording(
        "This question does not take sketches.",
        "Denne oppgaven tar ikke imot håndtegninger.",
        _ALL,
    ),
    Reason.TOO_MANY_SHEETS: Wording(
        "The candidate has handed in the most sheets allowed for this question already.",
        "Kandidaten har allerede levert så mange ark som er tillatt for denne oppgaven.",
        _ALL,
    ),
    Reason.SHEET_SEEN_BEFORE: Wording(
        "This sheet was filed before, from another scan.",
        "Dette arket er plassert før, fra en annen skanning.",
        ("discard", "retry"),
    ),
    Reason.UNREADABLE_FILE: Wording(
        "The file is damaged or incomplete: scan the sheet again.",
        "Filen er skadet eller ufullstendig: skann arket på nytt.",
        ("discard", "retry"),
    ),
    Reason.UNSUPPORTED_FILE: Wording(
        "This kind of file cannot be read: send JPEG, PNG, HEIC, TIFF or PDF.",
        "Denne filtypen kan ikke leses: send JPEG, PNG, HEIC, TIFF eller PDF.",
        ("discard",),
    ),
    Reason.TOO_LARGE: Wording(
        "The file is larger than the settings allow.",
        "Filen er større enn innstillingene tillater.",
        ("discard", "retry"),
    ),
    Reason.POOR_QUALITY: Wording(
        "Part of the sheet is missing or too dark on this scan: scan it again or assign it.",
        "En del av arket mangler eller er for mørk på denne skanningen: skann på nytt eller plasser det.",
        _ALL,
    ),
    Reason.PACK_EXCHANGED: Wording(
        "This sheet was printed for one candidate, but another one was handed the pack.",
        "Dette arket er skrevet ut for én kandidat, men bunken er delt ut til en annen.",
        _ALL,
    ),
    Reason.LATE: Wording(
        "Grading of this test had begun when the sheet came: let it in with a reason, or leave it out.",
        "Sensuren av denne prøven var begynt da arket kom: slipp det inn med en begrunnelse, eller la det være.",
        ("assign", "discard", "retry"),
    ),
    Reason.MISSING_SHEET_CODE: Wording(
        "There are labels on this page, and nothing that could be read says which sheet of paper it is.",
        "Det er merkelapper på denne siden, og ingenting som kunne leses, sier hvilket ark det er.",
        _ALL,
    ),
    Reason.REHEARSAL: Wording(
        "This sheet was printed for a rehearsal and the test is a real one, or the other way round.",
        "Dette arket er skrevet ut for en generalprøve og prøven er en ordentlig en, eller omvendt.",
        ("discard", "retry"),
    ),
    Reason.SHADED_CODE_UNCLEAR: Wording(
        "What is shaded on this sheet does not name one candidate and question for certain.",
        "Det som er skravert på dette arket, peker ikke sikkert på én kandidat og oppgave.",
        _ALL,
    ),
    Reason.BACK_OF: Wording(
        "Somebody wrote on the back of a sheet, and it is not certain of which: look at the page before it.",
        "Noen har skrevet på baksiden av et ark, og det er ikke sikkert hvilket: se på siden før.",
        _ALL,
    ),
    Reason.OTHER_SIDE_MISSING: Wording(
        "This sheet is printed on both sides, and its other side did not come beside it: scan both sides.",
        "Dette arket er trykt på begge sider, og den andre siden kom ikke ved siden av: skann begge sider.",
        _ALL,
    ),
    Reason.SIDES_DISAGREE: Wording(
        "The two sides of this sheet of paper are not those of one sheet: compare both with the paper.",
        "De to sidene av dette arket hører ikke til samme ark: sammenlign begge med papiret.",
        _ALL,
    ),
    Reason.MARKS_UNCLEAR: Wording(
        "It is not clear which further questions are marked on this sheet.",
        "Det er ikke klart hvilke andre oppgaver som er krysset av på dette arket.",
        _ALL,
    ),
    Reason.AFTER_DEADLINE: Wording(
        "This was handed in when the deadline and its grace were over: let it in or leave it out.",
        "Dette ble levert etter at fristen og slingringstiden var ute: slipp det inn eller la det være.",
        _ALL,
    ),
}
