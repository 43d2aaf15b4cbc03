"""Codes that are not ours and the rules of a test in, what they claim out: which codes from elsewhere does this test take?

A plain code is not signed: it claims a candidate or a question of a sheet that signed codes name, never the test or the serial,
and whatever it claims must exist (`validate`). One that says a shaded code claims the candidate and the question that it was
given out for. A text that follows our own grammar is never taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from scanpipe.codes import parse
from scanpipe.model import Claims, Code, PlainCode
from scanpipe.shaded_codes import Coded

_LONGEST = 80
"""With the few quantifiers that a rule may have (`definitions/plain_codes.py`) no text takes long to match."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A code that the test takes; it claims one field, or two: where two rules match it, or a shaded code stands in it."""

    claims: Claims


def read_plain(code: Code, rules: Sequence[PlainCode], given_out: Callable[[str], Sequence[Coded]]) -> Plain | None:
    """What the code claims by the rules of the test; None where no rule takes it, or two of them contradict each other.

    `given_out` answers the places of the test that a shaded code was given out for.
    """
    if len(code.text) > _LONGEST or parse(code.text) is not None:
        return None
    said: dict[str, set[str]] = {}
    for rule in rules:
        match = re.fullmatch(rule.pattern, code.text) if code.symbology in rule.symbologies else None
        value = match and (match[1] if match.re.groups else match[0])
        for field, claimed in _claimed(rule, value.upper(), given_out) if value else ():
            said.setdefault(field, set()).add(claimed)
    if not said or any(len(values) > 1 for values in said.values()):
        return None
    one = {field: values.pop() for field, values in said.items()}
    return Plain(Claims(candidate=one.get("candidate"), question=one.get("question")))


def _claimed(rule: PlainCode, value: str, given_out: Callable[[str], Sequence[Coded]]) -> Iterator[tuple[str, str]]:
    """The fields that the rule claims, each with its value; none for a shaded code that nobody has."""
    if rule.claims != "code":
        yield rule.claims, value
        return
    for coded in given_out(value):
        if not coded.reserved:
            yield "candidate", coded.candidate.upper()
            yield "question", coded.question.upper()
