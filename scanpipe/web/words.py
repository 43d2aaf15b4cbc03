"""The words of the pages in English and Norwegian, from gettext catalogues that Babel reads at start."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from io import BytesIO

from babel import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES: Mapping[str, str] = {"en": "English", "nb": "Norsk"}


def N_(text: str) -> str:
    """Marks a text for the catalogue; it is translated where it is shown."""
    return text


STATES: Mapping[str, str] = {
    "waiting": N_("on its way"),
    "placing": N_("on its way"),
    "filed": N_("filed"),
    "held": N_("held"),
    "blank": N_("blank"),
    "discarded": N_("discarded"),
    "replaced": N_("replaced by another scan"),
    "split": N_("cut in two"),
    "rescan": N_("to be scanned again"),
    "withdrawn": N_("withdrawn"),
    "separator": N_("separator"),
    "retired": N_("retired"),
}
FOR_CANDIDATES: Mapping[str, str] = {
    "waiting": N_("on its way"),
    "placing": N_("on its way"),
    "filed": N_("lies with your answer"),
    "blank": N_("has come in"),
    "held": N_("a person will look at it"),
    "discarded": N_("was looked at by a person"),
    "replaced": N_("a newer one took its place"),
    "split": N_("has come in"),
    "rescan": N_("was looked at by a person"),
    "withdrawn": N_("was looked at by a person"),
    "retired": N_("retired"),
}
ROLES: Mapping[str, str] = {
    "planner": N_("planner"),
    "author": N_("author"),
    "exam_office": N_("exam office"),
    "operator": N_("scanning operator"),
    "grader": N_("grader"),
    "invigilator": N_("invigilator"),
    "chief_invigilator": N_("chief invigilator"),
    "reporter": N_("reporter"),
    "user_administrator": N_("user administrator"),
}
PARTS: Mapping[str, str] = {"ledger": N_("ledger"), "store": N_("store"), "inbox": N_("inbox")}
SKETCHES: Mapping[str, str] = {"none": N_("none"), "allowed": N_("allowed"), "expected": N_("expected")}
KINDS: Mapping[str, str] = {
    "assign": N_("assigned"),
    "move": N_("moved"),
    "keep_both": N_("kept beside the other scan"),
    "take_new": N_("took the new scan"),
    "let_in": N_("let in late"),
    "discard": N_("discarded"),
    "rescan": N_("asked for a new scan"),
    "retry": N_("sent on its journey again"),
    "same_drawing": N_("set aside: the same drawing"),
    "withdraw": N_("withdrew the stack"),
    "turn": N_("turned"),
    "also": N_("added to another question"),
    "order": N_("gave an order"),
    "pack": N_("moved a pack"),
    "run": N_("took a run of suggestions"),
    "split": N_("cut in two"),
    "hand_in_anew": N_("handed in anew"),
}
NEXT: Mapping[str, str] = {
    "no_codes": N_("Next: see whose sheet lies before and after, then take a suggestion or assign it."),
    "missing_candidate_code": N_(
        "Next: read on the paper whose it is (the label), and assign the candidate or bind the sheet."
    ),
    "missing_question_code": N_("Next: assign the question; the drawing and the sheets around it tell which."),
    "codes_disagree": N_(
        "Next: look which code or label belongs to this sheet, and which shines through or was stuck on wrongly, then assign it."
    ),
    "foreign_code": N_("Next: discard it if it belongs to something else, or assign it if a candidate drew on it."),
    "bad_signature": N_("Next: ask the chief invigilator where this sheet comes from before you assign it."),
    "unknown_test": N_(
        "Next: register the test and try again by machine; discard the sheet if it is not for this house."
    ),
    "sketches_not_enabled": N_(
        "Next: let the test take sketches in its definition and try again by machine, or discard the sheet."
    ),
    "unknown_candidate": N_(
        "Next: add the candidate to the definition and try again by machine, or assign the right one."
    ),
    "unknown_question": N_("Next: mend the definition and try again by machine, or assign the right question."),
    "question_takes_no_sketches": N_(
        "Next: assign the question that was meant, or mend the definition and try again by machine."
    ),
    "too_many_sheets": N_(
        "Next: look into the slot for a sheet that does not belong there, or raise the limit and try again by machine."
    ),
    "sheet_seen_before": N_("Next: compare both scans and keep the first, the new one, or both."),
    "unreadable_file": N_("Next: have the paper scanned again, then discard this file."),
    "unsupported_file": N_("Next: discard it, and have it sent in one of these formats."),
    "too_large": N_(
        "Next: have it scanned at a lower resolution, or raise the limit in the settings and try again by machine."
    ),
    "poor_quality": N_("Next: have the paper scanned again, unless everything that was drawn can be read."),
    "pack_exchanged": N_(
        "Next: take the suggestion if the pack was handed to this candidate, or assign it to the one it was printed for."
    ),
    "late": N_("Next: assign it and say why it is let in, or discard it with a reason."),
    "missing_sheet_code": N_(
        "Next: look whether it is a sheet at all, then assign it, or have the paper scanned again."
    ),
    "rehearsal": N_("Next: discard it; a sheet of a rehearsal never goes to a real test, nor the other way round."),
    "shaded_code_unclear": N_(
        "Next: compare the code in the boxes with the suggestions, and take the one that it is, or assign it."
    ),
    "back_of": N_("Next: take the suggestion if the paper shows that it is the back of that sheet, or assign it."),
    "other_side_missing": N_("Next: have both sides of the paper scanned again, or assign it if its back is empty."),
    "sides_disagree": N_("Next: find the paper and see who wrote on it, then assign both sides to them."),
    "marks_unclear": N_("Next: take the suggestion, then add the further questions that are marked."),
    "after_deadline": N_("Next: find out why it came late, then assign it to let it in, or discard it with a reason."),
}
"""For each reason what a person does next."""
WHYS = (N_("nothing on it"), N_("cover sheet"), N_("test print"), N_("not readable"), N_("discarded"))
"""What the pages themselves give as the reason of a decision; it is on record in English."""
GROUPS: Mapping[str, str] = {
    "decisions": N_("decisions"),
    "sign_ins": N_("sign-ins"),
    "accounts": N_("accounts"),
    "tests": N_("tests"),
    "notices": N_("notices"),
    "views": N_("views of drawings"),
    "scans": N_("scans"),
    "pages": N_("pages"),
    "webhooks": N_("webhooks"),
    "other": N_("other events"),
}
STACKS = (N_("loose files"), N_("phone upload by link"), N_("phone upload"))
"""How names of stacks begin that are no folder's; they are on record in English."""
_NORWEGIAN = {"no": "nb", "nn": "nb"}


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language; English is what the code says."""
    if language not in LANGUAGES or language == "en":
        return NullTranslations()
    with (files("scanpipe.web") / "translations" / f"{language}.po").open("rb") as f:
        catalogue = read_po(f, language)
    body = BytesIO()
    write_mo(body, catalogue)
    body.seek(0)
    return Translations(body)


def language_of(chosen: str | None, accepted: str) -> str:
    """What a person chose, else the first that their browser asks for (an Accept-Language header), else English."""
    if chosen in LANGUAGES:
        return str(chosen)
    wanted = [part.split(";")[0].strip().replace("-", "_") for part in accepted.split(",")[:20]]
    wanted = [_NORWEGIAN.get(w.split("_")[0].lower(), w) for w in wanted if w]
    return negotiate_locale(wanted, list(LANGUAGES)) or "en"
