"""The exam of the mixed evening: its definition, and everything that is printed for it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scanpipe.sheets import LABEL_SHEETS
from tools.scanner import labels
from tools.scanner.paper import Paper, Picture

TEST, DPI = "HALL-2026H", 200
QUESTIONS = ("1", "2a", "2b", "3")
ON = LABEL_SHEETS["a4-3x8"]
Run = Callable[..., str]
"""`scanpipe …` in the installation: takes the words of a command, answers what it says."""


def definition(candidates: int, *more: str) -> str:
    """Candidates sit in four rooms; no question has a most number of sheets. `more` are further lines."""
    head = [f"test: {TEST}", "title: Blandet kveld", "date: 2026-12-03", "language: nb", "sketches: true", *more]
    asked = [f'  - {{id: "{q}", sketches: allowed}}' for q in QUESTIONS]
    people = [f'  - {{number: "{n}", room: "S{1 + i % 4}"}}' for i, n in enumerate(numbers(candidates))]
    return "\n".join([*head, "questions:", *asked, "candidates:", *people, ""])


def numbers(candidates: int) -> list[str]:
    return [str(20_001 + n) for n in range(candidates)]


@dataclass(frozen=True)
class Press:
    """Registers the exam, and prints. `folder` is where the prints lie."""

    run: Run
    folder: Path
    candidates: int

    def register(self, *more: str) -> None:
        path = self.folder / "hall.yaml"
        path.write_text(definition(self.candidates, *more), encoding="utf-8")
        self.run("tests", "add", str(path))

    def print(self, name: str, *words: str) -> Paper:
        """Prints sheets by a command; `words` say which."""
        pdf, manifest = self.folder / f"{name}.pdf", self.folder / f"{name}.csv"
        self.run("sheets", TEST, *words, "--out", str(pdf), "--manifest", str(manifest))
        return Paper(pdf, manifest)

    def separator(self, room: str, count: int) -> Picture:
        pdf = self.folder / f"separator-{room}.pdf"
        self.run("separators", TEST, "--room", room, "--count", str(count), "--out", str(pdf))
        return labels.pages(pdf, DPI)[0]

    def generic(self, count: int) -> list[Picture]:
        pdf = self.folder / "generic.pdf"
        self.run("sheets", TEST, "--generic", "--count", str(count), "--out", str(pdf))
        return labels.pages(pdf, DPI)

    def codes(self) -> Mapping[tuple[str, str], str]:
        """The code of seven digits of each candidate and question."""
        path = self.folder / "codes.csv"
        self.run("codes", "make", TEST, "--out", str(path))
        with path.open(encoding="utf-8", newline="") as f:
            return {(row["candidate"], row["question"]): row["code"] for row in csv.DictReader(f)}

    def stickers(self) -> Mapping[str, Picture]:
        """A label of each candidate."""
        pdf = self.folder / "labels.pdf"
        self.run("labels", TEST, "--out", str(pdf), "--order", "number")
        sheets = labels.pages(pdf, DPI)
        places = ((n, *divmod(i, ON.count)) for i, n in enumerate(numbers(self.candidates)))
        return {number: labels.cut(sheets[page], ON, place, DPI) for number, page, place in places}
