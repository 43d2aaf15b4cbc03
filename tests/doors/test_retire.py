"""The end of a test's pictures: asked, confirmed on a later day, certified, and proven to be all that went."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from scanpipe.desk import submitting
from scanpipe.desk.renditions import rendition
from scanpipe.desk.verifying import verify
from scanpipe.faults import Refused, UnknownThing
from scanpipe.wiring import open_parts
from tests.home_exams import Home, picture
from tests.installation import Installation, install

TEST = "MA0001-2026H"


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    """Single sheets, a PDF, and a page that nobody knows the test of."""
    home = install(tmp_path / "data", sheets=6)
    home.run("tests", "add", "config/tests/chemistry.yaml")
    scans = tmp_path / "scans"
    scans.mkdir()
    for i in range(3):
        (scans / f"{i}.jpg").write_bytes(home.scan(i, skew_deg=i))
    shutil.copy(home.pdf, scans / "all.pdf")
    shutil.copy("fixtures/scans/50-no-codes.jpg", scans)
    home.run("ingest", str(scans))
    return home


def ask(home: Installation, after: date) -> dict[str, str]:
    told: dict[str, str] = json.loads(home.run("retire", TEST, "--after", after.isoformat(), "--json"))
    return told


def test_asked_confirmed_certified(home: Installation, tmp_path: Path) -> None:
    tomorrow = date.today() + timedelta(days=1)
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        filed = next(r.pages_in("filed"))
        rendition(parts, filed.key or "", filed.sha256 or "", "thumbnail")
    early = ask(home, tomorrow)
    before = json.loads(home.run("verify", "--json"))
    refused = home.call("retire", TEST, "--confirm", early["code"])
    assert refused.returncode == 6 and f"may go after {tomorrow}" in refused.stderr
    assert home.call("retire", TEST, "--confirm", "00000000").returncode == 5
    asked = ask(home, date.today() - timedelta(days=1))
    assert json.loads(home.run("verify", "--json"))["objects"] == before["objects"], "asking erases nothing"
    certificate = tmp_path / "certificate.json"
    home.run("retire", TEST, "--confirm", asked["code"], "--certificate", str(certificate))
    listed = json.loads(certificate.read_text())
    assert listed["objects"] == len(listed["erased"]) == asked["objects"] and listed["after"] < date.today().isoformat()
    found = json.loads(home.run("verify", "--json"))
    assert found["holds"] and found["states"] == {"retired": 9, "held": 1}
    # What stays: the page of nobody with its original, and the definition of the other test.
    assert found["objects"] == before["objects"] - listed["objects"] == 3
    assert home.lines("queue")[0]["reason"] == "no_codes"
    original = next(line for line in listed["erased"] if "  originals/" in line)
    assert "the original is erased" in home.run("trace", original[:12])
    again = home.call("retire", TEST, "--confirm", asked["code"], "--certificate", str(tmp_path / "second.json"))
    assert again.returncode == 0 and json.loads((tmp_path / "second.json").read_text())["objects"] == 0
    home.run("tests", "add", "config/tests/chemistry.yaml")
    assert json.loads(home.run("verify", "--json"))["holds"]


def test_nothing_is_filed_in_it_any_more_until_it_is_registered_anew(home: Installation, tmp_path: Path) -> None:
    asked = ask(home, date.today() - timedelta(days=1))
    home.run("retire", TEST, "--confirm", asked["code"], "--certificate", str(tmp_path / "c.json"))
    late = tmp_path / "late.jpg"
    late.write_bytes(home.scan(5, stroke=9))
    (page,) = home.lines("ingest", str(late))
    assert (page["verdict"], page["reason"]) == ("held", "unknown_test")
    for command in (("sheets", TEST, "--out", str(tmp_path / "s.pdf")), ("codes", "make", TEST)):
        assert home.call(*command).returncode == 5
    home.run("tests", "add", "config/tests/mathematics.yaml")
    name = f"{page['scan'][:12]}-1"
    home.run("queue", "retry", name)
    assert json.loads(home.run("verify", "--json"))["states"]["filed"] == 1
    for file in home.data_dir.glob("ledger.db*"):
        file.unlink()
    home.run("ledger", "rebuild")
    assert TEST in home.run("tests", "list"), "what is registered since is kept"


def test_it_is_said_what_is_missing(home: Installation) -> None:
    assert "either --after" in home.call("retire", TEST).stderr
    assert home.call("retire", "NO-SUCH", "--after", "2026-01-01").returncode == 5


def test_a_held_page_whose_code_spells_the_test_in_capitals_goes_too(tmp_path: Path) -> None:
    definition = tmp_path / "small.yaml"
    text = Path("config/tests/chemistry.yaml").read_text(encoding="utf-8").replace("KJ1001-2026H", "kj1001-2026h")
    definition.write_text(text, encoding="utf-8")
    home = install(tmp_path / "data")
    home.run("tests", "add", str(definition))
    home.run("sheets", "kj1001-2026h", "--out", str(tmp_path / "s.pdf"), "--manifest", str(tmp_path / "s.csv"))
    small = Installation(home.data_dir, tmp_path / "s.pdf", ())
    for n, name in enumerate(("first.jpg", "again.jpg")):
        (tmp_path / name).write_bytes(small.scan(0, stroke=n))
        home.run("ingest", str(tmp_path / name))
    assert json.loads(home.run("verify", "--json"))["states"] == {"filed": 1, "held": 1}
    asked = json.loads(home.run("retire", "kj1001-2026h", "--after", "2026-01-01", "--json"))
    home.run("retire", "kj1001-2026h", "--confirm", asked["code"], "--certificate", str(tmp_path / "c.json"))
    assert json.loads(home.run("verify", "--json"))["states"] == {"retired": 2}


def test_what_a_moved_page_left_behind_goes_too(tmp_path: Path) -> None:
    """Moving a page leaves its old object as history: the law means that one as well."""
    home = install(tmp_path / "data", sheets=1)
    (tmp_path / "a.jpg").write_bytes(home.scan(0))
    page = home.lines("ingest", str(tmp_path / "a.jpg"))[0]
    name = f"{page['scan'][:12]}-1"
    home.run("queue", "assign", name, "--candidate", "10002", "--question", "3", "--contradict")
    home.run("queue", "discard", name, "--why", "of nobody", ok=(6,))
    asked = ask(home, date.today() - timedelta(days=1))
    assert len(list((home.data_dir / "objects/tests").rglob("*.jpg"))) == 2
    home.run("retire", TEST, "--confirm", asked["code"], "--certificate", str(tmp_path / "c.json"))
    assert not list((home.data_dir / "objects").rglob("*.jpg"))
    assert json.loads(home.run("verify", "--json"))["holds"]


def test_links_of_a_retired_test_take_nothing_and_their_drafts_go(home: Installation) -> None:
    with open_parts(home.settings) as parts:
        at_home = Home(home, parts)
        link, other = at_home.link(), at_home.link("10002")
        at_home.hand_in(link, picture(1))
        at_home.work_off()
        for of in (link, other):
            submitting.draft(at_home.desk, of)
            at_home.add(of, "a.jpg", picture(2))
    stays = home.data_dir / "submissions" / ("0" * 32)
    stays.mkdir()
    asked = ask(home, date.today() - timedelta(days=1))
    home.run("retire", TEST, "--confirm", asked["code"], "--certificate", str(home.data_dir / "certificate.json"))
    assert list((home.data_dir / "submissions").iterdir()) == [stays]
    with open_parts(home.settings) as parts:
        at_home = Home(home, parts)
        at_home.add(link, "a.jpg", picture(3))  # a request that was let in before
        with pytest.raises(Refused, match="opens nothing any more"):
            submitting.hand_in(at_home.desk, link, 1, [0])
        with pytest.raises(UnknownThing, match="is retired"):
            at_home.link()
        assert verify(parts).problems == []
