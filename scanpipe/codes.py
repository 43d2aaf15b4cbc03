"""The grammar of the codes on a sheet: claims in, text out, and back. The question it answers: who says what?

A code is text of QR's alphanumeric alphabet, so that it packs small and no reader can mangle it:

    SP 1 S 0 K7Q 00012345 4JX2M7AQTC MA0001-2026H:10001:2A
    │  │ │ │ │   │        │          └ the claims of its kind, `:` between them
    │  │ │ │ │   │        └ MAC: the first 50 bits of HMAC-SHA256 over all else, base 32
    │  │ │ │ │   └ serial of the sheet of paper, 8 digits; of a label, which is no sheet, zeros
    │  │ │ │ └ id of the key that signed it, 3 characters
    │  │ │ └ traits of the sheet, one base 32 digit (bit 0: Letter paper; 1: back side; 2: rehearsal; 3: printed on both sides;
    │  │ │   4: boxes to mark further questions)
    │  │ └ kind: C candidate code, Q question code, S sheet code; P, O codes of a pad; L, M labels; G generic sheet;
    │  │   D separator of stacks (`Kind`)
    │  └ version of the grammar
    └ ours

(Without the blanks.) A generic sheet names its layout, a separator how many sheets follow (`-`: nobody said), both the test where
they were printed for one. Ids are written in capitals,
since they are unique without regard to case; characters outside A-Z 0-9 . - are escaped by `*` and a digit. A text that does not
follow the grammar to the letter is foreign.
50 bits: a forger who could try a code at every one of a billion sheets would succeed once in a million tries of that
size; RFC 2104 advises at least 80 bits for messages that one can try at will, which paper is not.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from scanpipe.model import Claims
from scanpipe.saying import Said, say

SERIAL_DIGITS = 8
_MAC_START = 8 + SERIAL_DIGITS
_MAC_CHARACTERS = 10
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ESCAPES = {"_": "*0", "Æ": "*1", "Ø": "*2", "Å": "*3", "Ä": "*4", "Ö": "*5", "Ü": "*6", "É": "*7"}
_UNESCAPES = {v: k for k, v in _ESCAPES.items()}
_SPELLABLE = re.compile(rf"[A-Za-z0-9.{''.join(_ESCAPES)}{''.join(_ESCAPES).lower()}-]*")
"""Letters that have one capital each: not ß, whose capitals are those of ss, and not the sign of the escapes itself."""
_ID = r"(?:[A-Z0-9.-]|\*[0-7]){1,120}"
_GRAMMAR = re.compile(
    rf"SP1([CDGLMOPQS])([A-Z2-7])([A-Z2-7]{{3}})([0-9]{{{SERIAL_DIGITS}}})([A-Z2-7]{{{_MAC_CHARACTERS}}})({_ID}(?::{_ID}){{0,2}})",
    re.ASCII,
)
_LONGEST = 512


class Kind(StrEnum):
    """Which code it is, and with that what it claims beside the test."""

    CANDIDATE = "C"
    QUESTION = "Q"
    SHEET = "S"
    PAD = "P"
    """The sheet code of a pad: the question, where the pad was printed for one."""
    OPEN = "O"
    """Stands on an open pad where others have the question code, and claims nothing."""
    CANDIDATE_LABEL = "L"
    QUESTION_LABEL = "M"
    GENERIC = "G"
    """Of a generic sheet, on which a code is shaded: its layout, and the test where it was printed for one."""
    SEPARATOR = "D"
    """Of a page that opens a stack; no sheet: nobody's drawing is on it."""


PERSONAL = (Kind.CANDIDATE, Kind.QUESTION, Kind.SHEET)
"""The codes of a sheet that was printed for one candidate and question."""
LABELS = (Kind.CANDIDATE_LABEL, Kind.QUESTION_LABEL)
"""Codes that are stuck on a sheet: they have no serial, and no place."""
_WITH_LAYOUT = (Kind.GENERIC, Kind.SEPARATOR)
_NO_SERIAL = "0" * SERIAL_DIGITS
_LETTER, _BACK, _REHEARSAL, _BOTH_SIDES, _MARKS = 1, 2, 4, 8, 16
_TRAITS = _LETTER | _BACK | _REHEARSAL | _BOTH_SIDES | _MARKS


@dataclass(frozen=True, slots=True)
class Key:
    """A signing key. `id` is printed in every code it signs; `secret` never leaves the installation."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.id!r})"


@dataclass(frozen=True, slots=True)
class Keyring:
    """All keys of the installation; the `active` one signs, all of them verify."""

    active: Key
    keys: Mapping[str, Key]

    @classmethod
    def of(cls, *keys: Key) -> Keyring:
        """A keyring of these keys; the last one is active."""
        return cls(keys[-1], MappingProxyType({k.id: k for k in keys}))


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text that follows the grammar. Says nothing yet about who wrote it."""

    kind: Kind
    traits: int
    key_id: str
    claims: Claims
    mac: str
    layout: str | None = None
    """Of a generic sheet: the layout that it was printed with. Of a separator: how many sheets follow, or `-`."""

    @property
    def letter(self) -> bool:
        """Printed on Letter paper (else A4): says where the other codes of the sheet are."""
        return bool(self.traits & _LETTER)

    @property
    def rehearsal(self) -> bool:
        """Printed for a rehearsal."""
        return bool(self.traits & _REHEARSAL)

    @property
    def marks(self) -> bool:
        """Has boxes in which further questions can be marked."""
        return bool(self.traits & _MARKS)


@dataclass(frozen=True, slots=True)
class Authentic:
    """Signed by one of our keys."""

    kind: Kind
    claims: Claims
    rehearsal: bool = False
    marks: bool = False


@dataclass(frozen=True, slots=True)
class BadSignature:
    """Names one of our keys, but was not signed with it: altered or forged."""

    kind: Kind
    claims: Claims


@dataclass(frozen=True, slots=True)
class Foreign:
    """Not a code of this installation; `why` is a sentence for a person."""

    why: Said


def encode(
    kind: Kind,
    claims: Claims,
    key: Key,
    *,
    letter: bool = False,
    rehearsal: bool = False,
    marks: bool = False,
    layout: str | None = None,
) -> str:
    """The text of a code. `claims.test`, `claims.serial` (but of a label) and what the kind claims must be there; of a generic
    sheet its serial and its `layout`, of a separator its serial and, as `layout`, how many sheets follow. `marks`: the sheet has
    boxes for further questions.

    Raises ValueError for a claim that the grammar cannot spell.
    """
    told = _fields(kind, claims) if kind not in _WITH_LAYOUT else _of_generic(claims, layout)
    fields = [_escape(f) for f in told]
    traits = _BASE32[_traits(letter, rehearsal, marks, claims.side)]
    serial = _NO_SERIAL if kind in LABELS else claims.serial
    head, tail = f"SP1{kind}{traits}{key.id}{serial}", ":".join(fields)
    if parse(head + "A" * _MAC_CHARACTERS + tail) is None:
        raise ValueError(f"the grammar cannot spell {claims}")
    return head + _mac(key, head, tail) + tail


@lru_cache(maxsize=64)
def parse(text: str) -> Parsed | None:
    """Takes a text apart by the grammar, without asking who wrote it. None: it does not follow the grammar."""
    match = _GRAMMAR.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    kind, traits, key_id, serial, mac, fields = match.groups()
    told = [_unescape(f) for f in fields.split(":")]
    claims = _claims(Kind(kind), serial, told, _BASE32.index(traits))
    if claims is None:
        return None
    layout = told[0] if kind in _WITH_LAYOUT else None
    return Parsed(Kind(kind), _BASE32.index(traits), key_id, claims, mac, layout)


def decode(text: str, keyring: Keyring) -> Authentic | BadSignature | Foreign:
    """Who says what. Any text has an answer; never raises."""
    parsed = parse(text)
    if parsed is None:
        return Foreign(say("not a code of scanpipe"))
    key = keyring.keys.get(parsed.key_id)
    if key is None:
        return Foreign(say("a code of another installation (key %(key)s)", key=parsed.key_id))
    start = _MAC_START
    head, tail = text[:start], text[start + _MAC_CHARACTERS :]
    if not hmac.compare_digest(_mac(key, head, tail), parsed.mac):
        return BadSignature(parsed.kind, parsed.claims)
    if parsed.traits & ~_TRAITS or (parsed.traits & _BACK and not parsed.traits & _BOTH_SIDES):
        return Foreign(say("a kind of sheet that this version does not know"))
    return Authentic(parsed.kind, parsed.claims, parsed.rehearsal, parsed.marks)


def _mac(key: Key, head: str, tail: str) -> str:
    digest = hmac.digest(key.secret, f"{head}\n{tail}".encode("ascii"), hashlib.sha256)
    return base64.b32encode(digest[:10]).decode("ascii")[:_MAC_CHARACTERS]


_CLAIMED: Mapping[Kind, tuple[str, ...]] = {
    Kind.CANDIDATE: ("candidate",),
    Kind.QUESTION: ("question",),
    Kind.SHEET: ("candidate", "question"),
    Kind.PAD: ("question",),
    Kind.OPEN: (),
    Kind.CANDIDATE_LABEL: ("candidate",),
    Kind.QUESTION_LABEL: ("question",),
}
"""What a code of each kind claims beside test and serial, in this order. A pad need not claim it."""


def _traits(letter: bool, rehearsal: bool, marks: bool, side: int | None) -> int:
    of_side = {None: 0, 1: _BOTH_SIDES, 2: _BOTH_SIDES | _BACK}[side]
    return of_side | (_LETTER if letter else 0) | (_REHEARSAL if rehearsal else 0) | (_MARKS if marks else 0)


def _of_generic(claims: Claims, layout: str | None) -> list[str]:
    if claims.serial is None or layout is None:
        raise ValueError(f"a generic sheet or a separator needs a layout and more than {claims}")
    return [layout] if claims.test is None else [layout, claims.test]


def _fields(kind: Kind, claims: Claims) -> list[str]:
    wanted = [claims.test, *(getattr(claims, name) for name in _CLAIMED[kind])]
    if kind is Kind.PAD and claims.question is None:
        wanted.pop()
    if None in wanted or (claims.serial is None and kind not in LABELS):
        raise ValueError(f"a code of kind {kind} needs more than {claims}")
    return [w for w in wanted if w is not None]


def _claims(kind: Kind, serial: str, fields: list[str], traits: int) -> Claims | None:
    if kind in _WITH_LAYOUT:
        return Claims(fields[1] if len(fields) == 2 else None, serial=serial) if len(fields) < 3 else None
    names = _CLAIMED[kind]
    if len(fields) - 1 != len(names) and not (kind is Kind.PAD and len(fields) == 1):
        return None
    if kind in LABELS and serial != _NO_SERIAL:
        return None
    said = dict(zip(names, fields[1:], strict=False))
    if kind in LABELS:
        return Claims(fields[0], said.get("candidate"), said.get("question"))
    side = (2 if traits & _BACK else 1) if traits & _BOTH_SIDES else None
    return Claims(fields[0], said.get("candidate"), said.get("question"), serial, side)


def _escape(text: str) -> str:
    if not _SPELLABLE.fullmatch(text):
        raise ValueError(f"the grammar cannot spell {text!r}")
    return "".join(_ESCAPES.get(c, c) for c in text.upper())


def _unescape(text: str) -> str:
    return re.sub(r"\*[0-7]", lambda m: _UNESCAPES[m.group()], text)
