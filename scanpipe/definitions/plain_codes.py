"""The rules of a test for codes from elsewhere: YAML in, checked rules out.

A pattern comes from a person and is matched against whatever somebody sticks on a sheet, while others wait: so only patterns
are taken that no text keeps busy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from scanpipe.definitions.vocabulary import (
    DEFINITION_KEYS,
    MOST_PLAIN_CODES,
    PLAIN_CLAIMS,
    PLAIN_KEYS,
    PLAIN_REQUIRED,
)
from scanpipe.definitions.wording import LONGEST_LABEL
from scanpipe.definitions.yaml_nodes import Value, closest, describe, entries, items, scalar
from scanpipe.model import PLAIN_SYMBOLOGIES, PlainCode
from scanpipe.saying import say

_ONE = r"(?:\\[dwDW.\-+*?()\[\]{}|^$/\\]|\[\^?(?:\\.|[^\]\\])+\]|[^\\\[\](){}|*+?])"
_TIMES = r"(?:[*+?]|\{[0-9]{1,2}(?:,[0-9]{0,2})?\})?"
_PART = rf"(?:{_ONE}{_TIMES})*"
_GRAMMAR = re.compile(rf"{_PART}(?:\((?:\?:)?{_PART}\){_PART})?")
"""Single characters, classes and how often they come, with one group at most, which comes once."""
_OPEN_ENDED = re.compile(rf"{_ONE}([*+?]|\{{[0-9]{{1,2}},[0-9]{{0,2}}\}})")
_MOST_OPEN_ENDED = 3


def one_of(value: Value | None, allowed: Sequence[str], description: str) -> Any:
    """The word, one of those allowed; None, and noted if there is something, where it is none of them."""
    text = None if value is None else scalar(value, description)
    if value is None or text is None or text in allowed:
        return text
    value.spot.wrong(describe(value), description, closest(text, allowed))
    return None


def read_plain_codes(value: Value | None) -> tuple[PlainCode, ...]:
    """The rules; what is wrong with one is noted where it stands."""
    values = (items(value, DEFINITION_KEYS["plain_codes"]) or []) if value is not None else []
    if value is not None and len(values) > MOST_PLAIN_CODES:
        value.spot.wrong(say("%(n)s rules", n=len(values)), say("at most %(most)s", most=MOST_PLAIN_CODES))
    return tuple(rule for v in values[:MOST_PLAIN_CODES] if (rule := _rule(v)) is not None)


def _rule(value: Value) -> PlainCode | None:
    fields = entries(value, PLAIN_KEYS, PLAIN_REQUIRED)
    listed = items(fields["symbologies"], PLAIN_KEYS["symbologies"]) if "symbologies" in fields else None
    symbologies = [one_of(v, PLAIN_SYMBOLOGIES, PLAIN_KEYS["symbologies"]) for v in listed or []]
    if "symbologies" in fields and listed == []:
        fields["symbologies"].spot.wrong(say("an empty list"), PLAIN_KEYS["symbologies"])
    claims = one_of(fields.get("claims"), PLAIN_CLAIMS, PLAIN_KEYS["claims"])
    pattern = _pattern(fields["pattern"]) if "pattern" in fields else None
    if not symbologies or None in symbologies or claims is None or pattern is None:
        return None
    return PlainCode(tuple(symbologies), pattern, claims)


def _pattern(value: Value) -> str | None:
    text = scalar(value, PLAIN_KEYS["pattern"])
    if text is None or (len(text) <= LONGEST_LABEL and _is_tame(text)):
        return text
    value.spot.wrong(describe(value), PLAIN_KEYS["pattern"])
    return None


def _is_tame(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, OverflowError):
        return False
    return bool(text and _GRAMMAR.fullmatch(text)) and len(_OPEN_ENDED.findall(text)) <= _MOST_OPEN_ENDED
