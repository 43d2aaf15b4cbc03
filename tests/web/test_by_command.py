"""The same decisions from the command line."""

from __future__ import annotations

import re

from tests.installation import Installation
from tests.web.conftest import PASSWORD


def test_what_the_pages_do_the_command_line_does(home: Installation) -> None:
    seen = next(row for row in home.lines("queue") if row["reason"] == "sheet_seen_before")
    assert "filed as" in home.run("queue", "take-new", seen["page"])
    assert "held again" in home.run("queue", "undo")
    assert "to be scanned again" in home.run("queue", "scan-again", seen["page"], "--why", "cut off")
    assert [row["page"] for row in home.lines("queue", "to-rescan")] == [], "its serial came: the first scan has it"
    filed = home.lines("queue", "undo")[0]
    assert filed["verdict"] == "held"
    again = home.run(
        "queue", "assign", seen["page"], "--candidate", seen["candidate"], "--question", seen["question"], "--twice"
    )
    assert "filed as" in again and "belongs to" in home.run("queue", "also", seen["page"], "--question", "3")
    made = home.lines("queue", "decisions")
    assert [d["kind"] for d in made[:2]] == ["also", "keep_both"] and made[0]["pages"] == [seen["page"]]
    home.run("queue", "undo", str(made[1]["decision"]), ok=(6,))
    home.run("queue", "undo", str(made[0]["decision"]))
    stack = seen["stack"]
    assert "pages withdrawn" in home.run("queue", "withdraw", stack, "--why", "rehearsal")
    home.run("queue", "undo")
    move = ("queue", "move-pack", "--test", "MA0001-2026H", "--printed-for", "10001", "--handed-to", "10030")
    by = ("--as", "exam_office", "--password-stdin")
    number = re.search(r"confirm-pack (\d+)", home.run(*move, *by, stdin=PASSWORD))
    assert number is not None and [p["number"] for p in home.lines("queue", "packs")] == [int(number[1])]
    confirm = ("queue", "confirm-pack", number[1])
    home.run(*confirm, *by, ok=(6,), stdin=PASSWORD)
    other = Installation(home.data_dir, home.pdf, (), {"SCANPIPE_USER": "ola"})
    other.run(*confirm, ok=(2,))
    for name, password in (("ola", "guessed, and long enough"), ("nobody", PASSWORD), ("planner", PASSWORD)):
        other.run(*confirm, "--as", name, "--password-stdin", ok=(6,), stdin=password)
    assert "pages moved" in home.run(*confirm, "--as", "ola", "--password-stdin", stdin=PASSWORD)
    home.run("tests", "lock", "ma0001-2026h")
    other.run("queue", "undo", ok=(6,))
    home.run("tests", "unlock", "MA0001-2026H")
    other.run("queue", "undo")
    assert "Nothing is missing" in home.run("verify")
