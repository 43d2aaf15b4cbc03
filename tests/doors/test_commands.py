"""Every command: its help has an example, its errors are one sentence with the next step, its answers are what the docs say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import cv2
import pytest

from scanpipe.cli import cli
from scanpipe.stages.render import encode_jpeg
from tests.installation import MATHEMATICS, ROOT, Installation, install


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))


ALL = [(path, command) for path, command in commands(cli) if path]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with one page of each: filed, held, blank."""
    home = install(tmp_path_factory.mktemp("doors") / "data")
    scans = home.data_dir.parent / "scans"
    scans.mkdir()
    (scans / "scan1.jpg").write_bytes(home.scan(0))
    (scans / "scan2.jpg").write_bytes(b"\xff\xd8\xff\xe0 this is no picture")
    return home


@pytest.mark.parametrize("path, command", ALL, ids=[" ".join(p) for p, _ in ALL])
def test_help_has_a_sentence_and_an_example(path: tuple[str, ...], command: click.Command) -> None:
    text = command.get_help(click.Context(command, info_name="scanpipe " + " ".join(path)))
    assert "Example" in text and "scanpipe" in text.split("Example")[1]
    assert len(command.get_short_help_str(200)) > 10
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{path}: {option.name} has no help"


def test_ingest_answers_one_line_a_page(home: Installation) -> None:
    scans = home.data_dir.parent / "scans"
    first = {Path(a["file"]).name: a for a in home.lines("ingest", str(scans))}
    filed, held = first["scan1.jpg"], first["scan2.jpg"]
    sheet = home.sheets[0]
    assert (filed["verdict"], filed["serial"], filed["candidate"], filed["question"]) == (
        "filed",
        sheet.serial,
        sheet.candidate,
        sheet.question,
    )
    prefix = f"tests/{sheet.test}/candidates/{sheet.candidate}/questions/{sheet.question}/"
    assert filed["key"].startswith(prefix) and (home.data_dir / "objects" / filed["key"]).is_file()
    assert abs(filed["skew_deg"] - 0.7) < 0.1 and filed["turn_deg"] == 0
    assert (held["verdict"], held["reason"]) == ("held", "unreadable_file")
    again = home.lines("ingest", str(scans / "scan1.jpg"))[0]
    assert again["file"] == str(scans / "scan1.jpg")
    assert (again["verdict"], again["key"]) == ("already_taken_in", filed["key"])
    assert (scans / "scan1.jpg").is_file()


def test_the_queue_names_the_page_and_a_decision_clears_it(home: Installation) -> None:
    blank_page = home.data_dir.parent / "drawing.jpg"
    blank_page.write_bytes(_drawing_without_codes(home))
    held = home.lines("ingest", str(blank_page))[0]
    assert held["reason"] == "no_codes"
    row = next(r for r in home.lines("queue") if r["scan"] == held["scan"])
    assert row["file"] == str(blank_page) and row["since"] and row["page"]
    sheet = home.sheets[5]
    choice = ("--candidate", sheet.candidate, "--question", sheet.question, "--test", sheet.test)
    refused = home.call("queue", "assign", row["page"], "--candidate", "99999", *choice[2:])
    assert refused.returncode == 6 and "no candidate" in refused.stderr
    home.run("queue", "assign", row["page"], *choice)
    assert held["scan"] not in {r["scan"] for r in home.lines("queue")}
    assert "assigned it to" in home.run("trace", held["scan"])
    home.run("verify")


def test_discarded_and_retried_pages_stay_on_record(home: Installation) -> None:
    junk = home.data_dir.parent / "cover.txt"
    junk.write_text("a cover sheet, as text", encoding="utf-8")
    page = home.lines("ingest", str(junk))[0]
    assert page["reason"] == "unsupported_file"
    name = f"{page['scan'][:12]}-1"
    assert "held" in home.run("queue", "retry", name)
    home.run("queue", "discard", name, "--why", "no sheet")
    assert "no sheet" in home.run("trace", page["scan"])
    assert home.call("queue", "discard", "000000000000-1", "--why", "x").returncode == 5
    home.run("verify")


def test_verify_says_what_is_wrong(tmp_path: Path) -> None:
    home = install(tmp_path / "data")
    scan = tmp_path / "a.jpg"
    scan.write_bytes(home.scan(1))
    key = home.lines("ingest", str(scan))[0]["key"]
    good = json.loads(home.run("verify", "--json"))
    assert good["holds"] and good["states"] == {"filed": 1}
    stranger = (home.data_dir / "objects" / key).with_name("stranger.jpg")
    stranger.write_bytes(b"x")
    path = home.data_dir / "objects" / key
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"\0")
    bad = home.call("verify", "--json")
    assert bad.returncode == 7
    problems = " ".join(json.loads(bad.stdout)["problems"])
    assert f"{key} was changed" in problems and "stranger.jpg lies in a slot" in problems
    path.unlink()
    assert f"{key} is missing" in home.call("verify").stdout


@pytest.mark.parametrize(
    "args, code, says",
    [
        (("ingest", "no/such/file.jpg"), 2, "no such file"),
        (("tests", "show", "NOPE"), 5, "there is no test NOPE"),
        (("sheets", "NOPE", "--out", "x.pdf"), 5, "there is no test NOPE"),
        (("tests", "add", "README.md"), 4, "README.md"),
        (("queue", "assign", "x", "--candidate", "1", "--question", "2"), 5, "there is no page x"),
        (("trace", "abcdef0"), 5, "there is no scan"),
        (("read", "fixtures", "--symbologies", "klingon"), 2, "unknown symbology"),
        (("frobnicate",), 2, "No such command"),
        (("--config", "/nonexistent.toml", "verify"), 3, "cannot be read"),
    ],
)
def test_errors_are_a_sentence_and_the_next_step(
    home: Installation, args: tuple[str, ...], code: int, says: str
) -> None:
    done = home.call(*args)
    assert done.returncode == code, done.stderr
    assert says in done.stderr and "Traceback" not in done.stderr
    assert "→" in done.stderr or "Usage:" in done.stderr


def test_a_misspelled_variable_is_an_error(home: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCANPIPE__ENGIN__WORKERS", "3")
    done = home.call("verify")
    assert done.returncode == 3 and "did you mean SCANPIPE__ENGINE__WORKERS" in done.stderr


def test_the_same_definition_again_changes_nothing(home: Installation, tmp_path: Path) -> None:
    assert "nothing changed" in home.run("tests", "add", str(MATHEMATICS))
    changed = tmp_path / MATHEMATICS.name
    changed.write_text(MATHEMATICS.read_text().replace("Grunnkurs i matematikk", "Matematikk 1"), encoding="utf-8")
    (tmp_path / "mathematics-candidates.csv").write_bytes(
        (MATHEMATICS.parent / "mathematics-candidates.csv").read_bytes()
    )
    assert "revision 2" in home.run("tests", "add", str(changed))
    assert "Matematikk 1" in home.run("tests", "diff", "MA0001-2026H")
    assert home.lines("tests", "list")[0]["revision"] == 2


def test_keys_rotate_and_old_sheets_stay_readable(tmp_path: Path) -> None:
    home = install(tmp_path / "data")
    new = home.run("keys", "rotate").split()[0]
    assert [k["active"] for k in home.lines("keys", "list")] == [False, True]
    assert home.lines("keys", "list")[1]["id"] == new
    old = tmp_path / "old.jpg"
    old.write_bytes(home.scan(0))
    assert home.lines("ingest", str(old))[0]["verdict"] == "filed"
    assert (home.data_dir / "keys.json").stat().st_mode & 0o777 == 0o600


def test_read_and_straighten_need_no_test(home: Installation, tmp_path: Path) -> None:
    scan = tmp_path / "scan.jpg"
    scan.write_bytes(home.scan(2, skew_deg=2.0))
    seen = home.lines("read", str(scan))[0]
    assert len(seen["codes"]) == 3 and abs(seen["skew_deg"] - 2.0) < 0.1 and seen["error"] is None
    assert {c["symbology"] for c in seen["codes"]} == {"qr"} and len(seen["codes"][0]["corners"]) == 4
    home.run("straighten", str(scan), "--out", str(tmp_path / "out"))
    straight = home.lines("read", str(tmp_path / "out"))[0]
    assert abs(straight["skew_deg"]) < 0.05 and straight["turn_deg"] == 0


def test_doctor_finds_nothing_wrong_here(home: Installation) -> None:
    probes = home.lines("doctor")
    assert len(probes) > 10 and all(p["ok"] for p in probes), probes


def test_the_readme_names_only_commands_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    known = {" ".join(p) for p, _ in ALL}
    found = re.findall(r"^scanpipe ([a-z]+)(?: ([a-z]+))?", text, re.MULTILINE)
    assert len(found) >= 8
    for first, second in found:
        assert first in known and (f"{first} {second}".strip() in known or first not in ("tests", "keys", "config"))


def _drawing_without_codes(home: Installation) -> bytes:
    picture = home.picture(0) * 0 + 250
    cv2.circle(picture, (600, 700), 300, 40, 4)
    return encode_jpeg((picture,), 150, 85)
