"""How long it takes to look at the completeness of an exam day: `python -m tools.measure_completeness`."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scanpipe.desk import completeness, expecting, reporting
from scanpipe.desk.expecting import Entry
from scanpipe.desk.parts import Parts
from scanpipe.desk.receipts import Receipts
from scanpipe.model import Sheet, TestDefinition
from scanpipe.seals import receipt_code
from scanpipe.settings import load_settings
from scanpipe.wiring import open_parts
from tests.arrivals import large_test, printed, scan, stack_of, stacked


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--candidates", type=int, default=1700)
    words.add_argument("--questions", type=int, default=10)
    told = words.parse_args()
    test = large_test(told.candidates, told.questions)
    with tempfile.TemporaryDirectory() as folder:
        settings, _ = load_settings(None, {"SCANPIPE__DATA_DIR": str(Path(folder) / "data")})
        with open_parts(settings) as parts:
            sheets = printed(parts, test)
            _expect_all(parts, test, sheets)
            scan(parts, stacked(test, sheets[7:]))
            print(f"{len(sheets)} sheets of {told.candidates} candidates")
            _measure(parts, test)


def _expect_all(parts: Parts, test: TestDefinition, sheets: list[Sheet]) -> None:
    rooms: dict[str, list[str]] = {}
    for s in sheets:
        rooms.setdefault(stack_of(test, s).split()[0], []).append(s.serial)
    lists = {room: [Entry("", None, tuple(serials))] for room, serials in rooms.items()}
    expecting.tell_sheets(parts, test.id, "collected", lists, "measure")
    expecting.note_attendance(parts, test.id, dict.fromkeys((c.number for c in test.candidates), True), "measure")
    declared = [(s.candidate, s.question, Entry(s.candidate, 1)) for s in sheets]
    expecting.declare_all(parts, test.id, declared, "measure")


def _measure(parts: Parts, test: TestDefinition) -> None:
    def look() -> completeness.View:
        with parts.ledger.read() as r:
            return completeness.look(r, test.id)

    monitor, receipts = completeness.Monitor(), Receipts()
    code = receipt_code(parts.keyring.active, test.id, test.candidates[0].number)
    assert len(look().open) == 7
    _say("look at everything", look, 5)
    monitor.look(parts, test.id)
    _say("look again, nothing happened", lambda: monitor.look(parts, test.id), 20)
    receipts.one(parts, code)
    _say("a receipt", lambda: receipts.one(parts, code), 50)
    _say("a report (JSON)", lambda: reporting.make_report(parts, test.id, "measure"), 3)
    made = reporting.make_report(parts, test.id, "measure")
    _say("its PDF", lambda: reporting.draw(made), 1)
    _say("checked against the events", lambda: reporting.check_report(parts, made.body), 1)


def _say(what: str, act: Callable[[], Any], times: int) -> None:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    print(f"{what:<32} {1000 * statistics.median(took):9.1f} ms")


if __name__ == "__main__":
    main()
