"""What notices say, in the reader's language, on the pages and in mails; and where they lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from gettext import NullTranslations
from typing import Any
from urllib.parse import quote

from babel.dates import format_datetime

from scanpipe.ledgers.notices import NoticeRecord
from scanpipe.web.rules import may
from scanpipe.web.words import LANGUAGES, N_, translations

Words = NullTranslations
LABELS: Mapping[str, str] = {
    "waiting": N_("Sheets wait for a person"),
    "untaken": N_("Files are not taken in"),
    "silent": N_("A scanner fell silent"),
    "store": N_("The object store fails"),
    "inbox": N_("The hot folder fails"),
    "disk": N_("A disk is nearly full"),
    "late": N_("Late sheets"),
    "complete": N_("A test is complete"),
}
_PLACES: Mapping[str, str] = {"data": N_("the data"), "inbox": N_("the hot folder")}


def label(kind: str, language: str) -> str:
    return translations(language).gettext(LABELS.get(kind, kind))


def sentence(record: NoticeRecord, language: str) -> str:
    """What a notice says: counts, tests, places, and since when."""
    words, values = translations(language), record.values
    since = format_datetime(datetime.fromisoformat(record.since).astimezone(), "d MMM HH:mm", locale=language)
    test = values.get("test") or words.gettext("unknown")
    said = _SENTENCES.get(record.kind)
    return said(words, values | {"since": since, "test": test, "num": values.get("count", 0)}) if said else record.kind


def _waiting(words: Words, v: dict[str, Any]) -> str:
    said = words.ngettext(
        "Test %(test)s: %(num)s sheet waits for a person, since %(since)s.",
        "Test %(test)s: %(num)s sheets wait for a person, the first since %(since)s.",
        v["num"],
    )
    return said % v


def _untaken(words: Words, v: dict[str, Any]) -> str:
    said = words.ngettext(
        "%(num)s file waits to be taken in, since %(since)s. Is a watcher at work?",
        "%(num)s files wait to be taken in, the first since %(since)s. Is a watcher at work?",
        v["num"],
    )
    return said % v


def _silent(words: Words, v: dict[str, Any]) -> str:
    source = v["source"] or words.gettext("without a name")
    said = words.ngettext(
        "Scanner %(source)s fell silent in the middle of a stack, after %(num)s file, at %(since)s.",
        "Scanner %(source)s fell silent in the middle of a stack, after %(num)s files, at %(since)s.",
        v["num"],
    )
    return said % (v | {"source": source})


def _disk(words: Words, v: dict[str, Any]) -> str:
    place = words.gettext(_PLACES.get(v["place"], v["place"]))
    return words.gettext("The disk of %(place)s is nearly full: %(gb)s GB are free.") % (v | {"place": place})


def _late(words: Words, v: dict[str, Any]) -> str:
    said = words.ngettext(
        "Test %(test)s: %(num)s sheet came after grading began, and is held.",
        "Test %(test)s: %(num)s sheets came after grading began, and are held.",
        v["num"],
    )
    return said % v


def _complete(words: Words, v: dict[str, Any]) -> str:
    said = words.ngettext(
        "Test %(test)s is complete: its %(num)s sheet has come.",
        "Test %(test)s is complete: all of its %(num)s sheets have come.",
        v["num"],
    )
    return said % v


_SENTENCES: Mapping[str, Callable[[Words, dict[str, Any]], str]] = {
    "waiting": _waiting,
    "untaken": _untaken,
    "silent": _silent,
    "store": lambda words, v: words.gettext("The object store cannot be used, since %(since)s.") % v,
    "inbox": lambda words, v: words.gettext("The hot folder cannot be used, since %(since)s.") % v,
    "disk": _disk,
    "late": _late,
    "complete": _complete,
}
_OVERVIEW = (("overview", "/overview"),)
_LINKS: Mapping[str, Sequence[tuple[str, str]]] = {
    "waiting": (("queue", "/queue?test={test}"),),
    "untaken": _OVERVIEW,
    "silent": (("receipts", "/receipts"),),
    "store": _OVERVIEW,
    "inbox": _OVERVIEW,
    "disk": _OVERVIEW,
    "late": (("queue", "/queue?reason=late&test={test}"), ("graded_test", "/grading/{test}")),
    "complete": (*_OVERVIEW, ("graded_test", "/grading/{test}")),
}
"""Where one goes to work on it: the first page that the role may see."""


def link(record: NoticeRecord, role: str) -> str:
    """The path of the page where somebody of this role works on it; "/notices" where there is none."""
    test = quote(str(record.values.get("test", "")), safe="")
    return next((to.format(test=test) for route, to in _LINKS.get(record.kind, ()) if may(role, route)), "/notices")


_ALARMS: Mapping[str, tuple[str, str]] = {
    "fails": (
        N_("The ledger cannot be used"),
        N_(
            "The ledger on %(host)s cannot be read or written, since %(since)s. Nothing is filed, nothing can be decided, "
            "and nobody is told of anything else meanwhile. Nothing is lost: scans wait where they are. Look at the database "
            "and its disk."
        ),
    ),
    "still_fails": (
        N_("The ledger still cannot be used"),
        N_("The ledger on %(host)s still cannot be read or written, since %(since)s."),
    ),
    "works": (
        N_("The ledger works again"),
        N_(
            "The ledger on %(host)s works again. It could not be used since %(since)s. What waited is worked off by itself."
        ),
    ),
}


def alarm_mail(word: str, since: datetime, host: str, base_url: str) -> tuple[str, str]:
    """Subject and text of a mail about the ledger, in every language: it cannot be asked which one somebody reads."""
    subjects, texts = [], []
    for language in LANGUAGES:
        words, at = translations(language), format_datetime(since.astimezone(), "d MMM HH:mm", locale=language)
        subjects.append(words.gettext(_ALARMS[word][0]))
        texts.append(words.gettext(_ALARMS[word][1]) % {"host": host, "since": at})
    return f"scanpipe: {' / '.join(subjects)}", "\n\n".join([*texts, *filter(None, [base_url.rstrip("/")])]) + "\n"


def mail(language: str, role: str, notices: Sequence[NoticeRecord], base_url: str) -> tuple[str, str]:
    """Subject and text of a mail that tells of these notices. Without a `base_url` it has no links."""
    words, base = translations(language), base_url.rstrip("/")
    if len(notices) == 1:
        subject = label(notices[0].kind, language)
    else:
        subject = words.ngettext("%(num)s notice", "%(num)s notices", len(notices)) % {"num": len(notices)}
    parts = [sentence(n, language) + (f"\n{base}{link(n, role)}" if base else "") for n in notices]
    way_out = words.gettext(
        "You asked for this mail. What you are told of, and how, is yours to change on the page Notices."
    )
    footer = way_out + (f"\n{base}/notices" if base else "")
    return f"scanpipe: {subject}", "\n\n".join([*parts, f"-- \n{footer}"]) + "\n"
