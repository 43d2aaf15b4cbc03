"""A package and a list of candidates in, a checked definition and its text out, or all that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from scanpipe.definitions.candidates_csv import read_candidates
from scanpipe.definitions.ids import LONGEST_TEST_ID, allowed_ids, id_problem, refuse_repeats
from scanpipe.definitions.loading import check_text
from scanpipe.definitions.problems import Problem, Spot, quoted
from scanpipe.definitions.qti.drafting import Heading, Made, draft
from scanpipe.definitions.qti.package import Package, open_path, open_zip
from scanpipe.definitions.qti.reading import Found, read_package
from scanpipe.definitions.qti.rules import Rules, questions
from scanpipe.model import Candidate, TestDefinition
from scanpipe.saying import joined, say


@dataclass(frozen=True, slots=True)
class CandidateList:
    """A CSV as it came. `columns` and `has_header` are those of `read_candidates`."""

    name: str
    data: bytes
    columns: Mapping[str, str] | None = None
    has_header: bool = True


@dataclass(frozen=True, slots=True)
class Wish:
    """What no package says. Without a list of candidates the text names `candidates.csv`, to be put beside it.

    `assessment` names a test where the package has several.
    """

    heading: Heading
    rules: Rules = field(default_factory=Rules)
    assessment: str = ""
    candidates: CandidateList | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """`text` is empty where there are problems; `definition` None as well where no candidates were given."""

    problems: tuple[Problem, ...]
    text: str = ""
    definition: TestDefinition | None = None
    found: Found | None = None
    questions: Made = ()


def import_path(path: Path, wish: Wish) -> Imported:
    """From a ZIP, a folder or an XML file. Raises UsageFault where the rules name something that there is not."""
    problems: list[Problem] = []
    with open_path(path, Spot(path.name, problems)) as package:
        return _imported(package, problems, wish)


def import_zip(file: BinaryIO, name: str, wish: Wish) -> Imported:
    """As `import_path`, from a ZIP that is at hand."""
    problems: list[Problem] = []
    return _imported(open_zip(file, Spot(name, problems)), problems, wish)


def _imported(package: Package | None, problems: list[Problem], wish: Wish) -> Imported:
    found = read_package(package, problems, wish.assessment) if package else None
    listed = _candidates(wish.candidates, problems)
    if package is None or found is None:
        return Imported(tuple(problems))
    heading = _heading(wish.heading, found, Spot(package.name, problems))
    made = questions(found.items, wish.rules)
    text = draft(found, made, heading, listed, package.name)
    checked = draft(found, made, heading, listed or [Candidate("1")], package.name)
    definition, wrong = check_text(checked, say("the definition"))
    problems += () if problems else wrong
    if problems:
        return Imported(tuple(problems))
    return Imported((), text, definition if listed else None, found, made)


def _candidates(listed: CandidateList | None, problems: list[Problem]) -> list[Candidate] | None:
    if listed is None:
        return None
    placed = read_candidates(listed.data, Spot(listed.name, problems), listed.columns, listed.has_header)
    refuse_repeats([(one.number, spot) for one, spot in placed], say("candidate number"))
    return [one for one, _ in placed]


def _heading(heading: Heading, found: Found, spot: Spot) -> Heading:
    """With the package's identifier as the test's id where none was given."""
    if heading.test:
        return heading
    problem = id_problem(found.identifier, LONGEST_TEST_ID)
    if problem:
        hint = say("Say which id the test has here (option test).")
        spot.at(None, "test").wrong(
            quoted(found.identifier),
            allowed_ids(LONGEST_TEST_ID),
            joined([problem, hint], " "),
        )
    return Heading(found.identifier, heading.date, heading.title, heading.language)
