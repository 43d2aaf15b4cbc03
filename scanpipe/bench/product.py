"""The real program: `scanpipe ingest` with ledger and store as they are in production, and whether it filed every page right."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scanpipe.bench.measure import Usage, clean_environment, measured, python
from scanpipe.faults import VerifyFailed
from scanpipe.model import Sheet

_HINT = "This must never happen: report it with the command; the same command makes the same pages."


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many pages were filed where they belong, and how many wait for a person."""

    filed: int
    held: int


def ingest(source: Path, data_dir: Path, workers: int, store: Mapping[str, str] = MappingProxyType({})) -> Usage:
    """Takes a folder or file into the installation; all settings but the workers and the `store` are the defaults."""
    settings = {"SCANPIPE__DATA_DIR": str(data_dir), "SCANPIPE__ENGINE__WORKERS": str(workers), **store}
    return measured(python("scanpipe", "ingest", source, "--json"), clean_environment() | settings)


def checked(answers: str, sheets: Sequence[Sheet], expected: int) -> Outcome:
    """Compares the answers of `ingest` with what was printed.

    Raises VerifyFailed when a page is missing, or filed where it does not belong.
    """
    pages = [json.loads(line) for line in answers.splitlines()]
    if len(pages) != expected:
        raise VerifyFailed(f"{expected} pages were taken in, {len(pages)} answers came", _HINT)
    filed = [p for p in pages if p["verdict"] == "filed"]
    for page in filed:
        sheet = sheets[_sheet_index(page)]
        found = page["serial"], page["test"], page["candidate"], page["question"]
        if found != (sheet.serial, sheet.test, sheet.candidate, sheet.question):
            raise VerifyFailed(f"{page['file']} page {page['page']} was filed as {found}; it is {sheet}", _HINT)
    return Outcome(len(filed), expected - len(filed))


def _sheet_index(page: dict[str, Any]) -> int:
    """Which sheet it is, from 0: files are named by it, a PDF has one sheet after the other."""
    numbered = re.fullmatch(r"page(\d+)\.(?:jpg|tif)", Path(page["file"]).name)
    return int(numbered[1] if numbered else page["page"]) - 1
