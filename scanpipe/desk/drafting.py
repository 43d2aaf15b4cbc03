"""Definitions that are on their way: uploaded, checked, shown with what they would change, then applied or left.

<data_dir>/drafts/<id>/   the files as they came: one definition and the CSV beside it if it has one, or a QTI package and a CSV
"""

from __future__ import annotations

import io
import json
import re
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scanpipe.definitions import Problem, check, diff
from scanpipe.definitions.qti import CandidateList, Heading, Wish, import_zip
from scanpipe.desk.defining import Registered, find_test, register
from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused, UnknownThing
from scanpipe.model import Question, TestDefinition
from scanpipe.saying import say

MOST_BYTES = 10_000_000
_DEFINITIONS, _PACKAGE, _LIST = (".yaml", ".yml"), ".zip", ".csv"
_KEPT_S = 86_400


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be registered. `definition` is None where there are problems; `before` None where the test is new.

    `made` is the beginning of a definition that was made from a package, up to the candidates, for a person to look through.
    """

    id: str
    name: str
    lines: Sequence[str]
    problems: Sequence[Problem]
    definition: TestDefinition | None = None
    before: TestDefinition | None = None
    changes: Sequence[str] = ()
    made: str = ""


@dataclass(frozen=True, slots=True)
class Drafts:
    root: Path

    def keep(self, by: str, files: Mapping[str, bytes], test: str = "", date: str = "") -> str:
        """Keeps uploaded files; answers the draft's id. `test` and `date` are what a package does not say.

        Raises Refused: neither one definition nor one package with its candidates, or too large.
        """
        self._sweep()
        names = {_plain(name): body for name, body in files.items()}
        main = [n for n in names if n.lower().endswith((*_DEFINITIONS, _PACKAGE))]
        if len(main) != 1 or any(not n.lower().endswith((*_DEFINITIONS, _PACKAGE, _LIST)) for n in names):
            hint = say(
                "Send a .yaml, and the .csv that it names if it does; or a QTI package (.zip) and a .csv of candidates."
            )
            raise Refused(say("that is not one definition"), hint)
        if main[0].lower().endswith(_PACKAGE) and (len(names) != 2 or not date):
            raise Refused(
                say("a package alone makes no test"), say("Send the .csv of its candidates with it, and say the day.")
            )
        if sum(map(len, names.values())) > MOST_BYTES:
            raise Refused(
                say("the files are too large"), say("Together they may have %(what)s MB.", what=MOST_BYTES // 10**6)
            )
        id = secrets.token_hex(16)
        folder = self._folder(id)
        folder.mkdir(parents=True)
        for name, body in names.items():
            (folder / name).write_bytes(body)
        (folder / "draft.json").write_text(
            json.dumps({"by": by, "main": main[0], "test": test, "date": date}), encoding="utf-8"
        )
        return id

    def draft(self, parts: Parts, id: str, by: str) -> Draft:
        """The draft, checked against what is registered now. Raises UnknownThing: none of this person."""
        folder = self._folder(id)
        try:
            said = json.loads((folder / "draft.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UnknownThing(say("there is no such draft"), say("Send the definition again.")) from None
        if said["by"] != by:
            raise UnknownThing(say("there is no such draft"), say("Send the definition again."))
        draft = (
            _from_package(id, folder, said) if said["main"].lower().endswith(_PACKAGE) else _as_sent(id, folder, said)
        )
        if draft.definition is None:
            return draft
        with parts.ledger.read() as r:
            before = r.definition(draft.definition.id)
        return replace(draft, before=before, changes=diff(before, draft.definition) if before else [])

    def apply(self, parts: Parts, id: str, by: str, seen: int) -> Registered:
        """Registers the draft. `seen` is the revision that its changes were shown against; 0: none. Raises Refused."""
        draft = self.draft(parts, id, by)
        if draft.definition is None:
            raise Refused(say("the definition has problems"), say("Mend them and send it again."))
        done = register(parts, draft.definition, by, seen)
        shutil.rmtree(self._folder(id))
        return done

    def _folder(self, id: str) -> Path:
        if not re.fullmatch("[0-9a-f]{32}", id):
            raise UnknownThing(say("there is no such draft"), say("Send the definition again."))
        return self.root / id

    def _sweep(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        for folder in self.root.iterdir():
            if time.time() - folder.stat().st_mtime > _KEPT_S:
                shutil.rmtree(folder, ignore_errors=True)


def _as_sent(id: str, folder: Path, said: Mapping[str, str]) -> Draft:
    definition, problems = check(folder / said["main"])
    lines = (folder / said["main"]).read_bytes().decode("utf-8", "replace").splitlines()
    return Draft(id, said["main"], lines, problems, definition)


def _from_package(id: str, folder: Path, said: Mapping[str, str]) -> Draft:
    """Which questions take sketches is a rule at first, and said one by one on the page of the test."""
    listed = next(path for path in folder.iterdir() if path.name.lower().endswith(_LIST))
    wish = Wish(Heading(said["test"], said["date"]), candidates=CandidateList(listed.name, listed.read_bytes()))
    imported = import_zip(io.BytesIO((folder / said["main"]).read_bytes()), said["main"], wish)
    made = imported.text.partition("\ncandidates:")[0]
    return Draft(id, said["main"], (), imported.problems, imported.definition, made=made)


def set_questions(
    parts: Parts, test: str, wishes: Mapping[str, tuple[str, int | None]], by: str, seen: int
) -> Registered:
    """Says which questions take sketches, and how many: (none, allowed or expected; most sheets) by question.

    Raises UnknownThing, Refused (somebody changed the definition meanwhile, or a wish makes no sense).
    """
    definition = find_test(parts, test)
    questions = tuple(_wished(q, *wishes.get(q.id, (q.sketches, q.max_sheets))) for q in definition.questions)
    return register(parts, replace(definition, questions=questions), by, seen)


def _wished(question: Question, sketches: str, most: int | None) -> Question:
    if sketches == "none":
        return replace(question, sketches="none", max_sheets=None)
    if sketches not in ("allowed", "expected") or (most is not None and not 1 <= most <= 99):
        raise Refused(
            say("question %(page)s cannot have that", page=question.id),
            say("Sketches: none, allowed or expected; 1 to 99 sheets."),
        )
    return replace(question, sketches="allowed" if sketches == "allowed" else "expected", max_sheets=most)


def _plain(name: str) -> str:
    """A name without a folder, as a definition may give its CSV."""
    kept = "".join(c for c in re.split(r"[/\\]", name)[-1] if c.isprintable()).lstrip(".")
    if not kept or len(kept.encode()) > 200:
        raise Refused(say("a file has no usable name"), say("Give it a plain one."))
    return kept
