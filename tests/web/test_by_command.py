"""The same decisions from the command line."""

from __future__ import annotations

import re

from tests.installation import Installation


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
    number = re.search(r"confirm-pack (\d+)", home.run(*move))
    assert number is not None and [p["number"] for p in home.lines("queue", "packs")] == [int(number[1])]
    home.run("queue", "confirm-pack", number[1], ok=(6,))
    other = Installation(home.data_dir, home.pdf, (), {"SCANPIPE_USER": "second"})
    assert "pages moved" in other.run("queue", "confirm-pack", number[1])
    home.run("tests", "lock", "ma0001-2026h")
    other.run("queue", "undo", ok=(6,))
    home.run("tests", "unlock", "MA0001-2026H")
    other.run("queue", "undo")
    assert "Nothing is missing" in home.run("verify")
