"""The installation that the fixtures belong to: always the same key, definitions and serials."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from scanpipe.codes import Key
from scanpipe.definitions import load
from scanpipe.desk import locking, packs
from scanpipe.desk.coding import import_codes
from scanpipe.desk.defining import register
from scanpipe.desk.printing import give_serials
from scanpipe.model import Candidate, Question, Sheet, TestDefinition
from scanpipe.settings import Settings
from scanpipe.sheets import plan
from scanpipe.wiring import open_parts

ROOT = Path(__file__).parent.parent
SCANS = ROOT / "fixtures/scans"
KEY = Key("FIX", hashlib.sha256(b"the fixtures' key signs nothing real").digest())
OTHER_KEY = Key("OTR", hashlib.sha256(b"another installation's key").digest())
MATHEMATICS = load(ROOT / "config/tests/mathematics.yaml")
NO_SKETCHES = load(ROOT / "fixtures/definitions/no-sketches.yaml")
BEING_GRADED = load(ROOT / "fixtures/definitions/being-graded.yaml")
UNKNOWN = replace(MATHEMATICS, id="XX9999-2026H", title="En ukjent prøve")
WIDER = replace(
    MATHEMATICS,
    questions=(
        *(replace(q, sketches="allowed") for q in MATHEMATICS.questions),
        Question("9z", "Oppgave 9z", "allowed"),
    ),
    candidates=(*MATHEMATICS.candidates, Candidate("99999", "Ingen Kjent")),
)
"""The mathematics exam with a candidate and a question more than are registered: its sheets claim what is not allowed."""
REHEARSAL = replace(MATHEMATICS, rehearsal=True)
"""The mathematics exam as it was rehearsed under the same id, which nobody should do."""

CODES = {"3182487": ("10013", "2a"), "0958859": ("10013", "2b")}
"""Codes that are shaded on generic sheets, and whose they are."""

PACK_OF = "10037"
"""This candidate's sheets were handed to another one."""


def prepare(settings: Settings) -> list[Sheet]:
    """Makes the installation in `settings.data_dir` and answers its printed sheets: two for each slot of 20 candidates."""
    settings.root.mkdir(parents=True, exist_ok=True)
    keys = settings.root / "keys.json"
    keys.write_text(json.dumps({"keys": [{"id": KEY.id, "secret": KEY.secret.hex(), "made": "2026-01-01"}]}))
    keys.chmod(0o600)
    with open_parts(settings) as parts:
        for definition in (MATHEMATICS, NO_SKETCHES, BEING_GRADED):
            register(parts, definition)
        locking.lock(parts, BEING_GRADED.id, "one of the office")
        with parts.ledger.read() as r:
            mathematics = r.definition(MATHEMATICS.id)
        assert mathematics is not None
        rows = [f"{code},{candidate},{question}\n" for code, (candidate, question) in CODES.items()]
        body = "code,candidate,question\n" + "".join(rows)
        import_codes(parts, MATHEMATICS.id, "codes.csv", body.encode(), "fixtures")
        exchanged = packs.ask(parts, packs.Exchange(MATHEMATICS.id, PACK_OF, "10038"), "one of the office")
        packs.confirm(parts, exchanged, "another of the office")
        return give_serials(parts, mathematics, plan(mathematics, per_question=2)[:160], "fixtures")


def unrecorded(definition: TestDefinition, candidate: str | None, question: str, serial: int) -> Sheet:
    """A sheet that is signed, but of which the ledger knows nothing."""
    return Sheet(f"{serial:08d}", definition.id, candidate, question, 1, 1, 1)
