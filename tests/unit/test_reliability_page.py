"""The fault table names tests: each of them is there."""

from __future__ import annotations

import re

from tests.installation import ROOT

PAGE = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
TESTS = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py"))


def test_every_test_that_the_fault_table_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)(?:\[[^`]*)?`", PAGE))
    assert len(named) > 25
    assert {name for name in named if f"def {name}(" not in TESTS} == set()


def test_every_test_of_faults_is_in_the_table() -> None:
    files = [p for p in (ROOT / "tests/faults").glob("test_*.py") if p.name != "test_hostile_files.py"]
    there = {
        name for p in files for name in re.findall(r"^def (test_\w+)\(", p.read_text(encoding="utf-8"), re.MULTILINE)
    }
    unnamed = {name for name in there if name not in PAGE}
    assert unnamed == {
        "test_a_file_that_vanishes_before_it_is_taken",
        "test_a_command_without_its_database_says_so_and_what_to_do",
    }
