"""How a person wants to be told: which kinds of notices by mail and in the browser, where to, and in which language."""

from __future__ import annotations

from collections.abc import Iterable

from scanpipe.desk.parts import Parts
from scanpipe.faults import UsageFault
from scanpipe.ledgers.notices import Choice
from scanpipe.mail import checked_address
from scanpipe.stages.noticing import kinds_for


def choice_of(parts: Parts, name: str, role: str, language: str) -> Choice:
    """What the person chose, as far as their role still allows; before they chose: all in the browser, nothing by mail."""
    kinds = kinds_for(role)
    with parts.ledger.read() as r:
        chosen = r.notices().choice(name)
    if chosen is None:
        return Choice(name, role, language=language, browser=kinds)
    mail, browser = (tuple(k for k in kinds if k in of) for of in (chosen.mail, chosen.browser))
    return Choice(name, role, chosen.address, chosen.language, mail, browser)


def choose(
    parts: Parts, name: str, role: str, address: str, language: str, mail: Iterable[str], browser: Iterable[str]
) -> None:
    """Keeps what a person chose. Kinds that their role may not know of are left out. Raises UsageFault (no address)."""
    kinds = kinds_for(role)
    by_mail, in_browser = (tuple(k for k in kinds if k in set(of)) for of in (mail, browser))
    if by_mail and not address.strip():
        raise UsageFault("a mail needs an address", "Write one like kari@example.org, or choose nothing by mail.")
    checked = checked_address(address) if address.strip() else ""
    choice = Choice(name, role, checked, language, by_mail, in_browser)
    parts.ledger.write(lambda tx: tx.notices().choose(choice))
