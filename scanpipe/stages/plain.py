"""Codes that are not ours and the rules of a test in, what they claim out: which codes from elsewhere does this test take?

A plain code is not signed: it claims a candidate or a question of a sheet that signed codes name, never the test or the serial,
and whatever it claims must exist (`validate`). A text that follows our own grammar is never taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scanpipe.codes import parse
from scanpipe.model import Claims, Code, PlainCode

_LONGEST = 80
"""With the few quantifiers that a rule may have (`definitions/plain_codes.py`) no text takes long to match."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A code that the test takes; it claims one field, or two where two rules match it."""

    claims: Claims


def read_plain(code: Code, rules: Sequence[PlainCode]) -> Plain | None:
    """What the code claims by the rules of the test; None where no rule takes it, or two of them contradict each other."""
    if len(code.text) > _LONGEST or parse(code.text) is not None:
        return None
    said: dict[str, set[str]] = {}
    for rule in rules:
        match = re.fullmatch(rule.pattern, code.text) if code.symbology in rule.symbologies else None
        value = match and (match[1] if match.re.groups else match[0])
        if value:
            said.setdefault(rule.claims, set()).add(value.upper())
    if not said or any(len(values) > 1 for values in said.values()):
        return None
    one = {field: values.pop() for field, values in said.items()}
    return Plain(Claims(candidate=one.get("candidate"), question=one.get("question")))
