"""The words of a completeness report, in the language of the test."""

from __future__ import annotations

from collections.abc import Mapping

_NB: Mapping[str, str] = {
    "Completeness report": "Fullstendighetsrapport",
    "Made": "Laget",
    "Signed off by": "Godkjent av",
    "nobody: a draft": "ingen: et utkast",
    "Head of the ledger's chain": "Siste ledd i hovedbokens kjede",
    "event {event}, place {link}": "hendelse {event}, plass {link}",
    "Digest of the JSON file (SHA-256)": "JSON-filens fingeravtrykk (SHA-256)",
    "Sealed with key": "Forseglet med nøkkel",
    "Grading locked": "Låst for sensur",
    "no": "nei",
    "{at} by {by}": "{at} av {by}",
    "Figures": "Tall",
    "Room": "Rom",
    "Whole test": "Hele prøven",
    "Candidates": "Kandidater",
    "Printed": "Skrevet ut",
    "Handed out": "Delt ut",
    "Collected": "Samlet inn",
    "Declared": "Oppgitt",
    "Received": "Mottatt",
    "Filed": "Plassert",
    "Open": "Åpne",
    "Complete: all that was expected has come, and nothing is left to decide.": (
        "Fullstendig: alt som var ventet, har kommet, og ingenting gjenstår å avgjøre."
    ),
    "Not complete; {undecided} pages are on their way or held.": (
        "Ikke fullstendig; {undecided} sider er underveis eller i køen."
    ),
    "Nobody said what they handed in, and not every sheet has come: candidates {of}": (
        "Ingen har oppgitt hva de leverte, og ikke alle arkene har kommet: kandidater {of}"
    ),
    "Open differences": "Åpne avvik",
    "Closed differences": "Lukkede avvik",
    "None.": "Ingen.",
    "Decisions by persons": "Avgjørelser av personer",
    "taken back": "tatt tilbake",
    "Every printed sheet and where it ended": "Hvert utskrevne ark og hvor det havnet",
    "Every scan and where it ended": "Hver skanning og hvor den havnet",
    "came {n} times": "kom {n} ganger",
    "expected {expected}, received {received}": "ventet {expected}, mottatt {received}",
    "candidate": "kandidat",
    "question": "oppgave",
    "room": "rom",
    "page": "side",
    "of": "av",
    "filed": "plassert",
    "placing": "underveis",
    "waiting": "underveis",
    "held": "holdt tilbake",
    "rescan": "skal skannes på nytt",
    "replaced": "erstattet",
    "split": "delt i to",
    "discarded": "forkastet",
    "withdrawn": "trukket tilbake",
    "blank": "blank",
    "separator": "skilleark",
    "retired": "slettet",
    "collected": "samlet inn, ikke skannet",
    "handed_out": "delt ut, ikke samlet inn",
    "printed": "skrevet ut, ikke sett siden",
    "assign": "plasserte",
    "move": "flyttet",
    "keep_both": "beholdt begge",
    "take_new": "tok den nye skanningen",
    "let_in": "slapp inn sent",
    "retry": "sendte på nytt",
    "same_drawing": "la til side: samme tegning",
    "withdraw": "trakk tilbake bunken",
    "turn": "dreide",
    "also": "la til en oppgave",
    "order": "ga en rekkefølge",
    "pack": "flyttet en bunke",
    "run": "tok en rekke forslag",
    "discard": "forkastet",
}
_EN: Mapping[str, str] = {
    "placing": "on its way",
    "waiting": "on its way",
    "rescan": "to be scanned again",
    "collected": "collected, not scanned",
    "handed_out": "handed out, not collected",
    "printed": "printed, not seen since",
    "split": "cut in two",
}


def word(language: str, text: str, **values: object) -> str:
    """A text of the report in this language; what is in no table is shown as it is."""
    table = _NB if language == "nb" else _EN
    return table.get(text, text.replace("_", " ") if text.islower() else text).format(**values)
