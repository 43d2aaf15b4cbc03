"""What this installation vouches for outside its own walls: reports, and the short codes of receipts.

Keyed with the same keys as the codes on the sheets, each purpose in a space of its own: nothing that is sealed for one can be
passed off as another, nor as a code on a sheet, whose signed text never begins like this.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from scanpipe.codes import Key, Keyring

RECEIPT_CHARACTERS = 9
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_MISREAD = str.maketrans({"0": "O", "1": "I", "8": "B", " ": None, "-": None})


def seal(key: Key, purpose: str, body: bytes) -> str:
    """HMAC-SHA256 over the purpose and the body, as hexadecimal digits."""
    return _mac(key, purpose, body).hex()


def is_sealed(keyring: Keyring, key_id: str, purpose: str, body: bytes, mac: str) -> bool:
    """Did one of our keys seal this body for this purpose?"""
    key = keyring.keys.get(key_id)
    return key is not None and mac.isascii() and hmac.compare_digest(seal(key, purpose, body), mac)


def receipt_code(key: Key, test: str, candidate: str) -> str:
    """The code by which a candidate asks what of theirs was received: 40 bits of a MAC and a check character, base 32.

    Only who has the sheet in hand knows it; it says neither test nor candidate.
    """
    body = f"{test.upper()}\n{candidate.upper()}".encode()
    short = base64.b32encode(_mac(key, "receipt", body)[:5]).decode("ascii")
    return short + _check_character(short)


def tidy_receipt(text: str) -> str | None:
    """A code as it was typed, in its one spelling; None where it is no code, or was mistyped.

    Blanks, dashes and small letters are fine, and so are 0, 1 and 8 for O, I and B.
    """
    code = text.strip().upper().translate(_MISREAD)
    right = len(code) == RECEIPT_CHARACTERS and set(code) <= set(_LETTERS) and _check_character(code[:-1]) == code[-1]
    return code if right else None


def spaced(code: str) -> str:
    """A receipt code in groups of three, as it is printed."""
    return " ".join(code[i : i + 3] for i in range(0, len(code), 3))


def _check_character(short: str) -> str:
    """Luhn's, with 32 characters: a wrong character is always told, two that changed places nearly always."""
    total = 0
    for place, letter in enumerate(reversed(short)):
        value = _LETTERS.index(letter) * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return _LETTERS[-total % 32]


def _mac(key: Key, purpose: str, body: bytes) -> bytes:
    return hmac.digest(key.secret, f"scanpipe {purpose}\n".encode() + hashlib.sha256(body).digest(), hashlib.sha256)
