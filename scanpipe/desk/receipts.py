"""What was received of a candidate, asked with the code that is printed on their sheets: how many, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from scanpipe.codes import Key
from scanpipe.desk.parts import Parts
from scanpipe.ledgers import Transaction
from scanpipe.model import Question, TestDefinition
from scanpipe.seals import receipt_code, tidy_receipt

_NOBODY = ("", "")


@dataclass(frozen=True, slots=True)
class Receipt:
    """How many sheets came for each question that takes sketches, in the order of the questions."""

    test: str
    received: tuple[tuple[str, int], ...]


class Receipts:
    """Knows the codes of all candidates of all tests, under every key of the installation: they follow from the definitions.

    A code that two candidates share, which happens once in a hundred installations of a hundred large tests, is nobody's.
    """

    def __init__(self) -> None:
        self._of_test: dict[str, tuple[object, dict[str, str]]] = {}
        self._working = threading.Lock()

    def one(self, parts: Parts, text: str) -> Receipt | None:
        """What was received of the candidate whose code this is; None for any other text, after the same work."""
        code = tidy_receipt(text)
        with parts.ledger.read() as r:
            test, candidate = self._find(parts, r, code or "")
            definition = r.definition(test) if test else None
            rows = r.expected().received_of(test, candidate)
        if definition is None:
            return None
        papers: dict[str, set[tuple[object, ...]]] = {q.id.upper(): set() for q in _taking(definition)}
        for question, serial, scan, page in rows:
            papers.setdefault((question or "").upper(), set()).add((serial,) if serial else (scan, page))
        return Receipt(definition.id, tuple((q.id, len(papers[q.id.upper()])) for q in _taking(definition)))

    def _find(self, parts: Parts, r: Transaction, code: str) -> tuple[str, str]:
        """Test and candidate. Every test is looked through, whether or not one has been found."""
        found = [(test, codes[code]) for test, codes in self._codes(parts, r).items() if code in codes]
        return found[0] if len(found) == 1 else _NOBODY

    def _codes(self, parts: Parts, r: Transaction) -> Mapping[str, dict[str, str]]:
        keys = tuple(parts.keyring.keys.values())
        with self._working:
            for test in r.tests():
                definition = r.definition(test)
                state = (definition.revision if definition else 0, tuple(k.id for k in keys))
                if definition is not None and self._of_test.get(test, (None,))[0] != state:
                    self._of_test[test] = state, _codes_of(definition, keys)
            return {test: codes for test, (_, codes) in self._of_test.items()}


def _codes_of(definition: TestDefinition, keys: tuple[Key, ...]) -> dict[str, str]:
    codes: dict[str, str] = {}
    shared = set()
    for key in keys:
        for candidate in definition.candidates:
            code = receipt_code(key, definition.id, candidate.number)
            shared |= {code} if codes.setdefault(code, candidate.number) != candidate.number else set()
    return {code: number for code, number in codes.items() if code not in shared}


def _taking(definition: TestDefinition) -> list[Question]:
    return [q for q in definition.questions if q.sketches != "none"]
