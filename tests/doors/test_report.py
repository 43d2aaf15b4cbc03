"""A completeness report: sealed, signed off, and checked later against the chain and the events."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from click.testing import CliRunner

from scanpipe import codes
from scanpipe.cli import cli
from scanpipe.desk import binding, completeness, deciding, expecting, locking, packs, printing
from scanpipe.desk.decisions import undo
from scanpipe.desk.expecting import Entry
from scanpipe.desk.parts import Parts
from scanpipe.desk.reporting import Report, check_report, draw, make_report
from scanpipe.faults import Fault, Refused, UnknownThing
from scanpipe.ledgers.chain import canonical
from scanpipe.model import Sheet
from scanpipe.seals import seal
from scanpipe.sheets.planning import Selection, plan_spares
from scanpipe.wiring import open_parts
from tests.arrivals import Paper, large_test, printed, scan, stacked
from tests.contracts.ledger_deeds import tamper
from tests.installation import Installation

TEST = large_test(8, 3)
WHO = "kari"


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "data", tmp_path / "none.pdf", ())


@pytest.fixture
def parts(home: Installation) -> Iterator[Parts]:
    with open_parts(home.settings) as parts:
        yield parts


@pytest.fixture
def sheets(parts: Parts) -> list[Sheet]:
    return fill(parts)


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Parts, Report]]:
    """An installation that no test changes, and a report of its test."""
    home = Installation(tmp_path_factory.mktemp("reported") / "data", Path("none.pdf"), ())
    with open_parts(home.settings) as parts:
        fill(parts)
        yield parts, make_report(parts, TEST.id, WHO)


def fill(parts: Parts) -> list[Sheet]:
    """A test with a lost sheet, a second scan that was discarded, one that still waits, and a stranger."""
    sheets = printed(parts, TEST, per_question=2)
    used = [s for s in sheets if s.number == 1]
    expecting.tell_sheets(parts, TEST.id, "handed_out", {"S4": [Entry("", None, (sheets[1].serial,))]}, WHO)
    lists = {c.number: c.room or "" for c in TEST.candidates}
    rooms: dict[str, list[str]] = {}
    for s in used:
        rooms.setdefault(lists[s.candidate], []).append(s.serial)
    told = {room: [Entry("", None, tuple(serials))] for room, serials in rooms.items()}
    expecting.tell_sheets(parts, TEST.id, "collected", told, WHO)
    papers = stacked(TEST, used[1:])
    papers += [Paper(used[1], "S4 2026-12-03", copy=1), Paper(used[2], "S4 2026-12-03", copy=1)]
    papers += [Paper(used[3], "S4 2026-12-03", strange=True)]
    pages = scan(parts, papers)
    deciding.discard(parts, pages[-3], WHO, "fed twice")
    completeness.close(parts, TEST.id, "collected_not_scanned", used[0].serial, "torn up by the candidate", WHO)
    return sheets


def ended(report: Report) -> dict[str, str]:
    return {s["serial"]: s["ended"] for s in report.content["printed"]}


def test_a_report_says_where_everything_ended(parts: Parts, sheets: list[Sheet]) -> None:
    report = make_report(parts, TEST.id.lower(), WHO)
    content = report.content
    assert [ended(report)[sheets[n].serial] for n in (0, 1, 2, 3)] == ["collected", "handed_out", "filed", "printed"]
    assert len(content["printed"]) == len(sheets) == 48
    states = [p["state"] for s in content["scans"] for p in s["pages"]]
    assert (states.count("filed"), states.count("held"), states.count("discarded")) == (23, 2, 1)
    assert [(d["kind"], d["by"], d["why"]) for d in content["decisions"]] == [("discard", WHO, "fed twice")]
    open_ = {(d["kind"], d["subject"]) for d in content["differences"]["open"]}
    assert {kind for kind, _ in open_} == {"scanned_twice", "sheet_of_other_test"} and len(open_) == 2
    assert [d["why"] for d in content["differences"]["closed"]] == ["torn up by the candidate"]
    assert "Kandidat 0" not in report.body.decode(), "no names"
    events = list(parts.ledger.events())
    assert content["head"] == {"link": events[-1].link, "event": events[-1].id, "hash": events[-1].hash}


def test_one_that_was_signed_off_can_be_checked_after_more_has_happened(parts: Parts, sheets: list[Sheet]) -> None:
    with pytest.raises(Refused, match="name"):
        make_report(parts, TEST.id, WHO, "  ")
    report = make_report(parts, TEST.id, WHO, "Kari Åsmund")
    (signed,) = [json.loads(e.data) for e in parts.ledger.events() if e.type == "report_signed"]
    assert (signed["name"], signed["digest"]) == ("Kari Åsmund", report.digest)
    scan(parts, stacked(TEST, [s for s in sheets if s.number == 1][:1]))
    locking.lock(parts, TEST.id, WHO)
    completeness.reopen(parts, TEST.id, "collected_not_scanned", sheets[0].serial, WHO)
    assert check_report(parts, report.body) == []
    assert ended(make_report(parts, TEST.id, WHO))[sheets[0].serial] == "filed"


def test_what_persons_took_back_is_told_as_well(parts: Parts) -> None:
    """A closing that was opened again, a sheet that was bound and let go, packs that moved and did not, a lock that is gone."""
    sheets = printed(parts, TEST)
    with parts.ledger.read() as r:
        known = r.definition(TEST.id)
    assert known is not None
    spare = printing.give_serials(parts, known, plan_spares(known, Selection(questions=["1"]), 1), WHO)[0]
    first, second = sheets[0].candidate, sheets[-1].candidate
    assert first is not None and second is not None
    expecting.tell_sheets(parts, TEST.id, "collected", {"S4": [Entry("", None, (sheets[0].serial,))]}, WHO)
    difference = ("collected_not_scanned", sheets[0].serial)
    completeness.close(parts, TEST.id, *difference, "torn up", WHO)
    completeness.reopen(parts, TEST.id, *difference, WHO)
    binding.bind(parts, binding.Wish(spare.serial, first), "ola")
    binding.unbind(parts, spare.serial, WHO, "the wrong one")
    packs.drop(parts, packs.ask(parts, packs.Exchange(TEST.id, first, second), WHO), "ola")
    packs.confirm(parts, packs.ask(parts, packs.Exchange(TEST.id, second, first), WHO), "ola")
    with parts.ledger.read() as r:
        (moved,) = r.decisions().recent(9, "pack")
    undo(parts, moved.id, WHO)
    locking.lock(parts, TEST.id, WHO)
    locking.unlock(parts, TEST.id, "ola")
    other = printed(parts, replace(TEST, id="MA0002-2026H"))
    locking.lock(parts, other[0].test, "of another test")
    report = make_report(parts, TEST.id, WHO)
    told = [(a["kind"], a["by"], a["why"]) for a in report.content["acts"]]
    assert told == [
        ("difference_closed", WHO, "torn up"),
        ("difference_reopened", WHO, None),
        ("sheet_bound", "ola", None),
        ("sheet_unbound", WHO, "the wrong one"),
        ("pack_move_asked", WHO, None),
        ("pack_move_settled", "ola", None),
        ("pack_move_asked", WHO, None),
        ("pack_move_settled", "ola", None),
        ("decision_undone", WHO, None),
        ("grading_locked", WHO, None),
        ("grading_unlocked", "ola", None),
    ]
    states = [a["about"]["state"] for a in report.content["acts"] if a["kind"] == "pack_move_settled"]
    assert states == ["dropped", "moved"]
    assert check_report(parts, report.body) == []
    document = pypdfium2.PdfDocument(draw(report))
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    said = (f"ark {spare.serial}, {first}/1", f"lot bunken ligge {first} til {second}", "ola låste opp")
    assert all(s in text for s in said), text
    without = forged(lambda r: r["acts"].pop(1))(parts, report)
    assert "acts: the report has 10 entries, the ledger 11" in "\n".join(check_report(parts, without))


def test_a_report_of_the_first_format_can_still_be_checked(reported: tuple[Parts, Report]) -> None:
    def first(r: dict[str, Any]) -> None:
        r.pop("acts")
        r["format"] = 1

    assert check_report(reported[0], forged(first)(*reported)) == []
    assert "acts" in "\n".join(check_report(reported[0], forged(lambda r: r.update(format=1))(*reported)))
    assert "acts" in "\n".join(check_report(reported[0], forged(lambda r: r.pop("acts"))(*reported)))
    changed = forged(lambda r: (first(r), r["printed"].pop()))(*reported)
    assert "printed" in "\n".join(check_report(reported[0], changed))


def altered(change: Callable[[dict[str, Any]], object]) -> Callable[[Parts, Report], bytes]:
    """Somebody changes what a report says."""

    def make(parts: Parts, report: Report) -> bytes:
        whole = json.loads(report.body)
        change(whole["report"])
        return json.dumps(whole).encode()

    return make


def forged(change: Callable[[dict[str, Any]], object]) -> Callable[[Parts, Report], bytes]:
    """Somebody with the installation's key makes a report of what never was."""

    def make(parts: Parts, report: Report) -> bytes:
        whole = json.loads(report.body)
        change(whole["report"])
        sealed = seal(parts.keyring.active, "report", canonical(whole["report"]).encode())
        whole["signature"]["hmac_sha256"] = sealed
        return json.dumps(whole).encode()

    return make


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            altered(lambda r: r["printed"][0].update(ended="filed")),
            ("not as this installation sealed it", "00000001.ended"),
        ),
        (
            altered(lambda r: r["made"].update(signed_off_by="Ola")),
            ("not as this installation sealed it", "not on record"),
        ),
        (forged(lambda r: r["printed"][0].update(ended="filed")), ("00000001.ended: the report says 'filed'",)),
        (forged(lambda r: r["scans"].pop()), ("the report has 25 entries, the ledger 26",)),
        (forged(lambda r: r["decisions"].clear()), ("decisions: the report has 0 entries",)),
        (forged(lambda r: r["differences"]["closed"].clear()), ("differences.closed",)),
        (forged(lambda r: r["head"].update(hash="f" * 64)), ("not in the ledger's chain",)),
        (forged(lambda r: r["head"].update(link=r["head"]["link"] - 1)), ("not in the ledger's chain",)),
        (forged(lambda r: r["head"].update(link=10**6)), ("not in the ledger's chain",)),
        (forged(lambda r: r["test"].update(id="XX1")), ("no such test",)),
        (forged(lambda r: r.update(format=99)), ("format 99",)),
    ],
)
def test_what_is_wrong_with_a_report_is_named(
    reported: tuple[Parts, Report], make: Callable[[Parts, Report], bytes], said: tuple[str, ...]
) -> None:
    problems = "\n".join(check_report(reported[0], make(*reported)))
    assert all(s in problems for s in said), problems


def test_another_installation_did_not_seal_it(reported: tuple[Parts, Report]) -> None:
    parts, report = reported
    whole = json.loads(report.body)
    other = codes.Key(whole["signature"]["key"], b"another secret of enough bytes")
    whole["signature"]["hmac_sha256"] = seal(other, "report", canonical(whole["report"]).encode())
    assert "sealed" in check_report(parts, json.dumps(whole).encode())[0]
    for strange in (b"", b"{}", b"[]", b'{"report": {"head": 1}, "signature": {}}'):
        with pytest.raises(UnknownThing):
            check_report(parts, strange)


def test_a_ledger_that_was_altered_is_told(home: Installation, parts: Parts, sheets: list[Sheet]) -> None:
    report = make_report(parts, TEST.id, WHO)
    tamper(
        home.data_dir / "ledger.db",
        "UPDATE event SET data = replace(data, 'fed twice', 'as it was') WHERE scan IS NOT NULL",
    )
    problems = check_report(parts, report.body)
    assert "chain is broken" in problems[0] and any("fed twice" in p for p in problems)


def call(home: Installation, *args: str, ok: int = 0) -> str:
    done = CliRunner().invoke(cli, args, env={**home.environ, "SCANPIPE_USER": WHO})
    code = done.exception.exit_code if isinstance(done.exception, Fault) else done.exit_code
    assert code == ok, (args, done.output, done.exception)
    return done.output


def test_from_the_command_line(home: Installation, sheets: list[Sheet], tmp_path: Path) -> None:
    pdf, file = tmp_path / "rapport.pdf", tmp_path / "rapport.json"
    said = call(home, "report", TEST.id, "--out", str(pdf), "--json", str(file), "--sign-off", "Kari Åsmund")
    assert "2 differences are open, 1 closed" in said
    assert "follows from the ledger" in call(home, "verify", "--report", str(file))
    document = pypdfium2.PdfDocument(pdf.read_bytes())
    assert bytes(document.get_attachment(0).get_data()) == file.read_bytes(), "the JSON file is inside"
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    assert "Fullstendighetsrapport" in text and "Kari Åsmund" in text and "Grunnkurs i matematikk, æøå" in text
    assert sheets[0].serial in text and "torn up by the candidate" in text and "Skannet mer enn én gang" in text
    whole = json.loads(file.read_text(encoding="utf-8"))
    whole["report"]["printed"].pop()
    file.write_text(json.dumps(whole), encoding="utf-8")
    assert json.loads(call(home, "verify", "--report", str(file), "--json", ok=7))["holds"] is False


def test_a_report_in_english(parts: Parts) -> None:
    printed(parts, replace(TEST, id="EN0001-2026H", language="en"))
    report = make_report(parts, "EN0001-2026H", WHO)
    document = pypdfium2.PdfDocument(io.BytesIO(draw(report)))
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert "Completeness report" in text and "nobody: a draft" in text and "printed, not seen since" in text
    assert check_report(parts, report.body) == []
