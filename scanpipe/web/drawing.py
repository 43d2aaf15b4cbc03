"""Templates: how pages are drawn, in the language of the person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from scanpipe import __version__
from scanpipe.desk.signing_in import Visitor
from scanpipe.differing import TELLING
from scanpipe.faults import Fault
from scanpipe.identity import IdentityProvider
from scanpipe.model import Difference, PageRecord, Reason
from scanpipe.reasons import WORDING
from scanpipe.saying import Said, is_for_a_shell, recalled
from scanpipe.web.event_words import EVENTS
from scanpipe.web.rules import may
from scanpipe.web.words import (
    FOR_CANDIDATES,
    GROUPS,
    KINDS,
    LANGUAGES,
    NEXT,
    PARTS,
    ROLES,
    SKETCHES,
    STACKS,
    STATES,
    language_of,
    translations,
)


def draw_sign_in(
    request: Request, status: int = 200, to: str = "/", problem: str | None = None, name: str = ""
) -> HTMLResponse:
    """The page of the door, with the way to the identity provider where there is one."""
    provider: IdentityProvider | None = request.app.state.provider
    label = (provider.rules.label or provider.rules.issuer) if provider else None
    return draw(request, "sign_in.html", status, to=to, problem=problem, name=name, provider=label)


def draw(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from a template."""
    person: Visitor | None = getattr(request.state, "visitor", None)
    language = language_for(request)
    common = {
        "request": request,
        "path": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "person": person,
        "language": language,
        "languages": LANGUAGES,
        "may": (lambda route: person is not None and may(person.role, route)),
    }
    body = _environment(language).get_template(template).render(common | values)
    return HTMLResponse(body, status)


def language_for(request: Request) -> str:
    """The language of whoever asks: what the person chose; at the door what was chosen in this browser."""
    person: Visitor | None = getattr(request.state, "visitor", None)
    chosen = person.language if person else request.cookies.get("language")
    return language_of(chosen, request.headers.get("accept-language", ""))


@cache
def _environment(language: str) -> Environment:
    env = Environment(
        loader=PackageLoader("scanpipe.web"),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    env.globals |= {"version": __version__}
    env.filters |= {
        "age": lambda at: _age(at, language),
        "moment": lambda at: format_datetime(_here(at), "d MMM HH:mm", locale=language),
        "number": lambda n: format_decimal(n, locale=language),
        "moment_s": lambda at: format_datetime(_here(at), "d MMM yyyy HH:mm:ss", locale=language),
        "zone": lambda at: _here(at).tzname(),
        "became": lambda pages: _became(pages, language),
        "state": lambda state: _word(STATES, state, language),
        "role": lambda role: _word(ROLES, role, language),
        "sketches": lambda kind: _word(SKETCHES, kind, language),
        "kind": lambda kind: _word(KINDS, kind, language),
        "name_of": lambda words: "of-" + "-".join(word or "" for word in words).encode().hex(),
        "next_step": lambda reason: _word(NEXT, reason, language),
        "event": lambda kind: _word(EVENTS, kind, language),
        "group": lambda group: _word(GROUPS, group, language),
        "why": lambda reason: _why(reason, language),
        "named": lambda stack: named(stack, language),
        "part": lambda name: _word(PARTS, name, language),
        "said": lambda text: said(text, language),
        "given": lambda why: given(why, language),
        "problem": lambda p: said(p.told("" if is_for_a_shell(p.hint) else p.hint), language),
        "detail": lambda evidence: detail(evidence, language),
        "refusal": lambda fault: refusal(fault, language),
        "differs": lambda kind: TELLING[Difference(kind)].what(language),
        "next_on": lambda kind: TELLING[Difference(kind)].next(language),
    }
    return env


def _here(at: str) -> datetime:
    """A moment as clocks of this house show it."""
    return datetime.fromisoformat(at).astimezone()


def _became(pages: Sequence[PageRecord], language: str) -> str:
    """What became of the pages of a file, for the candidate who handed it in: no reason, no name."""
    states = {page.state for page in pages} or {"waiting"}
    return ", ".join(sorted({_word(FOR_CANDIDATES, state, language) for state in states}))


def _age(at: str, language: str) -> str:
    past = datetime.now(UTC) - datetime.fromisoformat(at)
    return format_timedelta(past, granularity="second", threshold=1.5, locale=language)


def _word(table: Mapping[str, str], name: str, language: str) -> str:
    return translations(language).gettext(table.get(name, name))


def named(stack: str, language: str) -> str:
    """The name of a stack as it is shown: where the product gave it, in the language of the person."""
    ours = next((own for own in STACKS if stack.startswith(f"{own} ")), "")
    return translations(language).gettext(ours) + stack.removeprefix(ours) if ours else stack


def said(text: str, language: str) -> str:
    """A sentence of the desk, in the language of the person. English where it is none of those (a fault of the machine)."""
    translate = translations(language).gettext
    if not isinstance(text, Said):
        return _REASONS.get(text, text) if language == "nb" else text
    shown = {name: _param(name, value, language) for name, value in text.params.items()}
    return translate(text.template) % shown if shown else translate(text.template)


def given(why: str, language: str) -> str:
    """The reason of a decision: translated where the product gave it, as it is where a person wrote it."""
    translate = translations(language).gettext
    if why.startswith(_ASKED_BY):
        return translate("asked by %(by)s") % {"by": why.removeprefix(_ASKED_BY)}
    return translate(why) if why else why


def detail(evidence: Mapping[str, Any], language: str) -> str:
    """What was found on a held page beside its reason, and why a picture stayed as it came; of records from before sentences were
    kept, the English one.
    """
    told = evidence.get("conflict") or evidence.get("detail") or evidence.get("found")
    texts = [told] if told else list(dict.fromkeys(evidence.get("foreign", ())))
    texts += [why] if (why := evidence.get("phone", {}).get("why")) else []
    return ", ".join(said(recalled(text, evidence.get("said", {})), language) for text in texts)


def refusal(fault: Fault, language: str) -> str:
    """Why something was refused, and the next step. A hint that names a command is for a shell."""
    message = said(fault.message, language)
    if not _begins_with_a_name(fault.message):
        message = message[:1].upper() + message[1:]
    message += "" if message.endswith((".", "?", "!")) else "."
    return message if not fault.hint or is_for_a_shell(fault.hint) else f"{message} {said(fault.hint, language)}"


def _begins_with_a_name(text: str) -> bool:
    """A file's or a person's name stays as it is spelled."""
    begun = re.match(r"%\((\w+)\)s", text.template) if isinstance(text, Said) else None
    return begun is not None and isinstance(text, Said) and not isinstance(text.params[begun[1]], Said)


def _param(name: str, value: Any, language: str) -> Any:
    if isinstance(value, Said):
        return said(value, language)
    if name == "why" and isinstance(value, str):
        return _REASONS[value] if language == "nb" and value in _REASONS else given(value, language)
    tables = {"state": STATES, "kind": KINDS, "role": ROLES}
    return _word(tables[name], value, language) if name in tables and isinstance(value, str) else value


_ASKED_BY = "asked by "
_REASONS = {wording.en: wording.nb for wording in WORDING.values()}


def _why(reason: str | None, language: str) -> str:
    if reason is None:
        return ""
    wording = WORDING[Reason(reason)]
    return wording.nb if language == "nb" else wording.en
