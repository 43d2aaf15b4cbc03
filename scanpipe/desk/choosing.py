"""How a person wants to be told: which kinds of notices by mail and in the browser, where to, when, and in which language."""

from __future__ import annotations

from dataclasses import replace

from scanpipe.desk.parts import Parts
from scanpipe.faults import UsageFault
from scanpipe.ledgers.notices import Choice
from scanpipe.mail import checked_address
from scanpipe.stages.digest import quiet_hours
from scanpipe.stages.noticing import kinds_for

LONGEST_GATHERING_MINUTES = 1440


def choice_of(parts: Parts, name: str, role: str, language: str) -> Choice:
    """What the person chose, as far as their role still allows; before they chose: all in the browser, nothing by mail."""
    kinds = kinds_for(role)
    with parts.ledger.read() as r:
        chosen = r.notices().choice(name)
    if chosen is None:
        return Choice(name, role, language=language, browser=kinds)
    return _allowed(replace(chosen, role=role))


def choose(parts: Parts, wish: Choice) -> None:
    """Keeps what a person chose. Kinds that their role may not know of are left out.

    Raises UsageFault (no address, no hours, more than a day).
    """
    choice = _allowed(wish)
    if choice.mail and not choice.address.strip():
        raise UsageFault("a mail needs an address", "Write one like kari@example.org, or choose nothing by mail.")
    if choice.address.strip():
        choice = replace(choice, address=checked_address(choice.address))
    _check_times(choice)
    parts.ledger.write(lambda tx: tx.notices().choose(choice))


def _allowed(choice: Choice) -> Choice:
    kinds = kinds_for(choice.role)
    mail, browser = (tuple(k for k in kinds if k in of) for of in (choice.mail, choice.browser))
    return replace(choice, mail=mail, browser=browser)


def _check_times(choice: Choice) -> None:
    try:
        quiet_hours(choice.quiet_hours or "")
    except ValueError:
        raise UsageFault(f"{choice.quiet_hours} are no hours", "Write them like 22:00-06:00.") from None
    if not 0 <= (choice.gather_minutes or 0) <= LONGEST_GATHERING_MINUTES:
        raise UsageFault("mails are gathered for a day at most", "Write minutes from 0 to 1440.")
