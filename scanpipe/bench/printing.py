"""A fresh installation with printed sheets: its own folder, keys and ledger, copied for every run that is measured."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from scanpipe.desk.defining import register
from scanpipe.desk.printing import give_serials
from scanpipe.model import Candidate, Question, Sheet, TestDefinition
from scanpipe.settings import load_settings
from scanpipe.sheets import draw, plan
from scanpipe.wiring import open_parts

_QUESTIONS = (Question("1", "Oppgave 1", "allowed"), Question("2", "Oppgave 2", "expected"))


@dataclass(frozen=True, slots=True)
class Printed:
    """`sheets` are in the order of the pages of `pdf`; `data_dir` has not yet seen any scan of them."""

    data_dir: Path
    pdf: Path
    sheets: tuple[Sheet, ...]

    def copy(self, data_dir: Path) -> Path:
        """The installation as it was before the first scan, in another place."""
        shutil.copytree(self.data_dir, data_dir)
        return data_dir


def print_sheets(home: Path, count: int) -> Printed:
    """Sets up an installation in `home`, registers a test and prints `count` of its sheets."""
    settings, _ = load_settings(None, {"SCANPIPE__DATA_DIR": str(home / "installation")})
    definition = _definition(count)
    pdf = home / "sheets.pdf"
    with open_parts(settings) as parts:
        register(parts, definition)
        with parts.ledger.read() as r:
            registered = r.definition(definition.id)
        assert registered is not None
        sheets = give_serials(parts, registered, plan(registered)[:count], "bench")
        draw(sheets, registered, parts.keyring.active, pdf)
    return Printed(settings.root, pdf, tuple(sheets))


def _definition(sheets: int) -> TestDefinition:
    people = -(-sheets // len(_QUESTIONS))
    candidates = tuple(Candidate(str(10001 + i), f"Kåre Ødegård {i + 1}", "S4", str(i + 1)) for i in range(people))
    return TestDefinition("BENCH-1", "Prøve for måling", "2026-12-03", "nb", True, _QUESTIONS, candidates)
