"""The same exam of 3,000 sheets, with pictures: printed, scanned, read and filed as on the day."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from scanpipe.codes import Key
from scanpipe.desk import completeness, expected_lists
from scanpipe.desk.defining import register
from scanpipe.desk.printing import plan_sheets, print_sheets
from scanpipe.model import Sheet, TestDefinition
from scanpipe.sheets import Selection, draw
from scanpipe.wiring import open_parts
from tests.arrivals import large_test
from tests.installation import Installation

_OTHER_KEY = Key("OTR", b"another installation's secret key")
_DPI = 300


def exam(folder: Path, candidates: int, questions: int) -> tuple[list[tuple[str, str]], set[tuple[str, str]]]:
    """What the list names after the day, and what went wrong: 7 lost, 5 twice, 3 exchanged, 4 of another installation."""
    home = Installation(folder / "data", folder / "sheets.pdf", ())
    test = large_test(candidates, questions)
    with open_parts(home.settings) as parts:
        register(parts, test, "planner")
        with parts.ledger.read() as r:
            known = r.definition(test.id)
        assert known is not None
        used = print_sheets(parts, known, plan_sheets(parts, known, Selection()), home.pdf, "planner")
        rng = random.Random(19)
        chosen = rng.sample(used, 15)
        lost, twice, (spoilt, first, second) = chosen[:7], chosen[7:12], chosen[12:]
        one_slot = Selection([spoilt.candidate], [spoilt.question])
        spares = print_sheets(parts, known, plan_sheets(parts, known, one_slot), folder / "spare.pdf", "planner")
        owners = {s.serial: s for s in used}
        owners[first.serial], owners[second.serial] = second, first
        _lists(parts, known, used, owners)
    _feed(home, folder, known, used, {s.serial for s in [*lost, spoilt]}, [s.serial for s in twice])
    home.run("ingest", str(folder / "S4"))
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        view = completeness.look(r, test.id)
        strangers = {(str(f.kind), f.subject) for f in view.open if f.kind == "sheet_of_other_test"}
    assert len(strangers) == 4
    wrong = {("collected_not_scanned", s.serial) for s in lost} | {("scanned_twice", s.serial) for s in twice}
    wrong |= {("sheet_exchanged", s.serial) for s in (first, second)} | strangers
    wrong.add(("sheet_exchanged", f"{spoilt.serial}/{spares[0].serial}"))
    home.run("verify")
    return [(str(f.kind), f.subject) for f in view.open], wrong


def _lists(parts, test: TestDefinition, used: list[Sheet], owners: dict[str, Sheet]) -> None:  # type: ignore[no-untyped-def]
    rooms = {c.number: c.room for c in test.candidates}
    rows = "\n".join(["room;serial", *(f"{rooms[s.candidate]};{s.serial}" for s in used)])
    expected_lists.sheets_from(parts, test.id, "collected", "c.csv", rows.encode(), "kari")
    rows = "\n".join(["candidate;question;serial", *(f"{o.candidate};{o.question};{s}" for s, o in owners.items())])
    expected_lists.declared_from(parts, test.id, "d.csv", rows.encode(), "kari")


def _feed(
    home: Installation, folder: Path, test: TestDefinition, used: list[Sheet], gone: set[str], twice: list[str]
) -> None:
    """The stack as it is scanned: what is gone is not in it, what is twice lies at its end once more, strangers between them."""
    stack = folder / "S4"
    stack.mkdir()
    for n, sheet in enumerate(used):
        if sheet.serial not in gone:
            (stack / f"{n:05d}.jpg").write_bytes(home.scan(n, dpi=_DPI, stroke=n % 20))
        if sheet.serial in twice:
            (stack / f"9{n:05d}.jpg").write_bytes(home.scan(n, dpi=_DPI, skew_deg=-0.4, stroke=n % 20))
    spare = Installation(home.data_dir, folder / "spare.pdf", ())
    (stack / "spare.jpg").write_bytes(spare.scan(0, dpi=_DPI))
    other = Installation(home.data_dir, folder / "other.pdf", ())
    draw([replace(s, serial=f"{90_000_000 + n}") for n, s in enumerate(used[:4])], test, _OTHER_KEY, other.pdf)
    for n in range(4):
        (stack / f"0000{n}-other.jpg").write_bytes(other.scan(n, dpi=_DPI))


@pytest.mark.proof
def test_of_3000_scanned_sheets_each_of_the_19_that_went_wrong_is_named_and_nothing_else(tmp_path: Path) -> None:
    found, wrong = exam(tmp_path, 300, 10)
    assert len(wrong) == 19 and set(found) == wrong and len(found) == 19
