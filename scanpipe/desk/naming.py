"""How files are called that are handed over: a pattern and what a file holds in, a name that every system can have out.

A pattern is text with fields in braces, `{candidate}_{question}.{ext}`, and `/` between folders. All names are checked before
the first file is written: against what Windows, shares and spreadsheets cannot have, and against one another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from scanpipe.definitions.ids import ALNUM, DEVICES
from scanpipe.faults import Refused, UsageFault

FIELDS = ("test", "candidate", "question", "serial", "n", "ext", "label")
MANIFESTS = ("manifest.csv", "manifest.json")
LONGEST_NAME = 180
"""Windows allows paths of 260 characters, and the files are put below some folder there."""
MOST_TOLD = 5

_END = ".{ext}"
_FIELD = re.compile(r"\{([^{}]*)\}")
_PART = re.compile(rf"[{ALNUM}_(]([{ALNUM} ._()-]*[{ALNUM}_)])?")
_STRANGER = re.compile(f"[^{ALNUM}.-]+")
_HINT = "Use letters, digits, blanks and . _ - ( ), and / between folders; see docs/formats.md."


@dataclass(frozen=True, slots=True)
class Named:
    """What the fields of a pattern stand for. `serial` is None for a sheet that was not printed here."""

    test: str
    candidate: str
    question: str
    label: str
    serial: str | None
    n: int
    ext: str

    def value(self, field: str) -> str:
        """The field as it can stand in a name; ids can as they are."""
        if field == "label":
            plain = _STRANGER.sub("_", unicodedata.normalize("NFC", self.label))
            return re.sub(r"\.\.+", ".", plain).strip("_.-") or self.question
        if field == "serial":
            return self.serial or "no-serial"
        return str(getattr(self, field))


def check_pattern(pattern: str) -> None:
    """Raises UsageFault for one that cannot name files."""
    unknown = [name for name in _FIELD.findall(pattern) if name not in FIELDS]
    if unknown:
        raise UsageFault(f"the pattern has no field {{{unknown[0]}}}", f"Fields: {', '.join(FIELDS)}.")
    plain = _FIELD.sub("0", pattern)
    if "{" in plain or "}" in plain:
        raise UsageFault("a brace of the pattern has no other half", f"Write fields as {{candidate}}: {pattern}")
    if not pattern.endswith(_END):
        raise UsageFault(
            "the pattern does not end with .{ext}", f"Write {pattern}{_END}: a file is .jpg, .png or .pdf."
        )
    problem = _problem(plain)
    if problem:
        raise UsageFault(f"the pattern {pattern} gives names with {problem}", _HINT)


def name_of(pattern: str, named: Named) -> str:
    """The name that a checked pattern gives, with `/` between folders."""
    return unicodedata.normalize("NFC", _FIELD.sub(lambda field: named.value(field[1]), pattern))


def check_names(names: Iterable[str]) -> None:
    """Raises Refused where two files would have one name (capitals make no difference), or a name cannot be had everywhere."""
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    wrong: list[str] = []
    for name in names:
        problem = _problem(name)
        key = name.casefold()
        if problem:
            wrong.append(f"{name} has {problem}")
        elif key in MANIFESTS:
            wrong.append(f"{name} is the name of the list of files")
        elif key in seen:
            wrong.append(f"several files would be called {name}")
        seen[key] = name
        folders |= {str(above): name for above in list(PurePosixPath(key).parents)[:-1]}
    wrong += [f"{seen[key]} would be a folder, too" for key in sorted(folders.keys() & seen.keys())]
    if wrong:
        more = f", and {len(wrong) - MOST_TOLD} more" if len(wrong) > MOST_TOLD else ""
        hint = "Put {candidate} and {question} into the pattern, and {n} where each page is a file of its own."
        raise Refused("; ".join(wrong[:MOST_TOLD]) + more, hint)


def _problem(name: str) -> str | None:
    """What is wrong with a name, as the end of a sentence; None when nothing is."""
    if len(name) > LONGEST_NAME:
        return f"more than {LONGEST_NAME} characters"
    for part in name.split("/"):
        if not _PART.fullmatch(part):
            return f"a part that files cannot be called everywhere ({part!r})"
        if ".." in part:
            return "two dots in a row"
        if re.fullmatch(DEVICES, part.split(".")[0].strip().upper()):
            return f"a part that Windows keeps for a device ({part!r})"
    return None
