"""The doors to test definitions: from a file, from text, all problems as values or as one fault."""

from __future__ import annotations

from pathlib import Path

from scanpipe.definitions.beside import read_file
from scanpipe.definitions.problems import Problem, Spot, fault, first_in_file
from scanpipe.definitions.text_file import decode
from scanpipe.definitions.yaml_file import read_definition
from scanpipe.model import TestDefinition


def load(path: Path) -> TestDefinition:
    """The definition in the YAML file `path`, with revision 0. Its CSV, if it names one, is beside it.

    Raises DefinitionFault that tells all problems at once, each with file, line, field, what was found, what is allowed.
    """
    return _or_fault(*check(path), path.name)


def loads(text: str | bytes, name: str, folder: Path | None = None) -> TestDefinition:
    """The definition in `text`, with revision 0. `name` is what errors call it; bytes are decoded as those of a file.

    `folder` is where a CSV may be; None: candidates must be inline. Raises DefinitionFault as `load` does.
    """
    return _or_fault(*check_text(text, name, folder), name)


def check(path: Path) -> tuple[TestDefinition | None, list[Problem]]:
    """The definition in the YAML file `path`, or None and all problems in reading order."""
    problems: list[Problem] = []
    data = read_file(path, Spot(path.name, problems))
    if data is None:
        return None, problems
    return check_text(data, path.name, path.parent)


def check_text(text: str | bytes, name: str, folder: Path | None = None) -> tuple[TestDefinition | None, list[Problem]]:
    """As `check`, for a text that is at hand; arguments as of `loads`."""
    spot = Spot(name, [])
    decoded = decode(text, spot) if isinstance(text, bytes) else text
    definition = None if decoded is None else read_definition(decoded.removeprefix("\ufeff"), spot, folder)
    return definition, first_in_file(spot.problems, name)


def _or_fault(definition: TestDefinition | None, problems: list[Problem], name: str) -> TestDefinition:
    if definition is None:
        raise fault(problems, name)
    return definition
