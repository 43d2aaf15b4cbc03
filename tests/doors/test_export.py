"""Results handed over: every page under a safe name, listed, proven, on record, and nothing written over."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from scanpipe.definitions import load
from scanpipe.desk import locking, outlets
from scanpipe.desk.arranging import add_slot, order_slot
from scanpipe.desk.defining import find_test, register
from scanpipe.desk.exporting import Wish, plan_export
from scanpipe.desk.handing_over import Exported, hand_over
from scanpipe.desk.parts import Parts
from scanpipe.desk.printing import plan_sheets, print_sheets
from scanpipe.desk.slots import view_slot
from scanpipe.desk.tracing import sentence
from scanpipe.desk.verifying import verify
from scanpipe.faults import FolderFault, Refused, StoreFault, UnknownThing, UsageFault
from scanpipe.model import Slot
from scanpipe.sheets import Selection
from scanpipe.wiring import open_parts
from tests.installation import MATHEMATICS, Installation

TEST = "MA0001-2026H"
SLOT = Slot(TEST, "10001", "2b")
FIRST, SECOND = Slot(TEST, "10001", "2a"), Slot(TEST, "10001", "3")
ONE_FILE = Wish(one_file_per_slot=True)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both sheets of question 2b, the last one first, and one of two sheets of 2a and of 3."""
    folder = tmp_path_factory.mktemp("export")
    bare = Installation(folder / "data", folder / "sheets.pdf", ())
    with open_parts(bare.settings) as parts:
        register(parts, load(MATHEMATICS))
        definition = find_test(parts, TEST)
        chosen = Selection(["10001"], ["2a", "2b", "3"])
        printed = print_sheets(parts, definition, plan_sheets(parts, definition, chosen, 2), bare.pdf, "test")
    home = Installation(bare.data_dir, bare.pdf, tuple(printed))
    scans = folder / "scans"
    scans.mkdir()
    for n, sheet in enumerate(printed):
        if sheet.question == "2b" or sheet.number == 1:
            (scans / f"{n}.jpg").write_bytes(home.scan(n, skew_deg=n % 2, dpi=120))
    home.run("ingest", str(scans))
    with open_parts(home.settings) as parts:
        with parts.ledger.read() as r:
            pages = [p.id for p in r.slot_pages(TEST, SLOT.candidate, SLOT.question)]
        order_slot(parts, SLOT, pages[::-1], "kari")
    return folder / "data"


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Installation:
    shutil.copytree(filled, tmp_path / "data")
    return Installation(tmp_path / "data", tmp_path / "none.pdf", ())


@pytest.fixture
def parts(home: Installation) -> Iterator[Parts]:
    with open_parts(home.settings) as parts:
        yield parts


def run(parts: Parts, out: Path, wish: Wish = ONE_FILE) -> Exported:
    return hand_over(parts, plan_export(parts, TEST, wish), out, "kari", lambda n: None)


def told(parts: Parts) -> list[dict[str, Any]]:
    with parts.ledger.read() as r:
        return [json.loads(e.data) for e in r.events_of("results_exported")]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def unpacked(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as zip:
        assert zip.testzip() is None
        return {name: zip.read(name) for name in zip.namelist()}


def test_the_command_writes_a_zip_that_proves_itself(home: Installation, tmp_path: Path) -> None:
    out = tmp_path / "results.zip"
    answer = home.lines("export", TEST, "--out", str(out), "--one-file-per-slot")[0]
    assert (answer["files"], answer["pages"], answer["new"]) == (3, 4, 5)
    with zipfile.ZipFile(out) as zip:
        assert zip.testzip() is None and {i.compress_type for i in zip.infolist()} == {zipfile.ZIP_STORED}
        files = {name: zip.read(name) for name in zip.namelist()}
    assert sorted(files) == ["10001_2a.jpg", "10001_2b.pdf", "10001_3.jpg", "manifest.csv", "manifest.json"]
    assert hashlib.sha256(files["manifest.json"]).hexdigest() == answer["digest"]
    before = out.read_bytes()
    refused = home.call("export", TEST, "--out", str(out))
    assert refused.returncode == 6 and "differs" in refused.stderr and out.read_bytes() == before


def test_the_list_says_what_is_in_every_file(parts: Parts, tmp_path: Path) -> None:
    done = run(parts, tmp_path / "out")
    files = contents(tmp_path / "out")
    rows = list(csv.DictReader(io.StringIO(files["manifest.csv"].decode())))
    listed = json.loads(files["manifest.json"])
    assert (
        [r["file"] for r in rows]
        == [f["file"] for f in listed["files"]]
        == ["10001_2a.jpg", "10001_2b.pdf", "10001_3.jpg"]
    )
    with parts.ledger.read() as r:
        for row, entry in zip(rows, listed["files"], strict=True):
            pages = r.slot_pages(TEST, row["candidate"], row["question"])
            assert row["sha256"] == entry["sha256"] == hashlib.sha256(files[row["file"]]).hexdigest()
            assert row["serials"].split() == entry["serials"] == [p.serial for p in pages]
            assert row["page_sha256"].split() == entry["page_sha256"] == [p.sha256 for p in pages]
            assert int(row["pages"]) == entry["pages"] == len(pages)
    assert done.digest == hashlib.sha256(files["manifest.json"]).hexdigest()


def test_a_pdf_has_the_pages_of_its_slot_in_their_order_byte_for_byte(parts: Parts, tmp_path: Path) -> None:
    run(parts, tmp_path / "out")
    body = (tmp_path / "out/10001_2b.pdf").read_bytes()
    with parts.ledger.read() as r:
        pages = r.slot_pages(TEST, SLOT.candidate, SLOT.question)
    assert pages[0].event > pages[1].event, "the order that a person gave, not that of filing"
    places = [body.index(parts.store.read(p.key or "")) for p in pages]
    assert places == sorted(places)
    document = pypdfium2.PdfDocument(body)
    assert [round(document[n].get_height() / 72 * 25.4, -1) for n in range(len(document))] == [300, 300]
    document.close()


@pytest.mark.parametrize("out", ["tree", "tree.zip"])
def test_the_tree_has_each_page_as_a_file_of_its_own(parts: Parts, tmp_path: Path, out: str) -> None:
    run(parts, tmp_path / out, Wish())
    files = unpacked(tmp_path / out) if out.endswith(".zip") else contents(tmp_path / out)
    pages = ["10001/2a/1.jpg", "10001/2b/1.jpg", "10001/2b/2.jpg", "10001/3/1.jpg"]
    assert sorted(files) == [*pages, "manifest.csv", "manifest.json"]
    listed = {f["file"]: f["sha256"] for f in json.loads(files["manifest.json"])["files"]}
    assert listed == {name: hashlib.sha256(files[name]).hexdigest() for name in pages}


def test_a_page_that_belongs_to_two_questions_is_in_both(parts: Parts, tmp_path: Path) -> None:
    with parts.ledger.read() as r:
        page = r.slot_pages(TEST, "10001", "2a")[0]
    add_slot(parts, page.id, "3", "kari")
    run(parts, tmp_path / "out", Wish())
    out = contents(tmp_path / "out")
    assert out["10001/2a/1.jpg"] in (out["10001/3/1.jpg"], out["10001/3/2.jpg"])
    assert out["10001/3/1.jpg"] != out["10001/3/2.jpg"]


def test_bulk_and_single_questions_give_the_same_slots(parts: Parts) -> None:
    with parts.ledger.read() as r:
        found = dict(r.results().filed(TEST))
        assert set(found) == {FIRST, SLOT, SECOND}
        for slot, pages in found.items():
            assert pages == r.slot_pages(slot.test, slot.candidate, slot.question)


def test_nothing_that_differs_is_written_over_and_nothing_else_is_written_then(parts: Parts, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "10001_3.jpg").write_bytes(b"somebody's own")
    with pytest.raises(Refused, match=r"10001_3\.jpg"):
        run(parts, out)
    assert contents(out) == {"10001_3.jpg": b"somebody's own"} and told(parts) == []
    (out / "10001_3.jpg").unlink()
    (out / "10001_3.jpg").mkdir()
    with pytest.raises(Refused):
        run(parts, out)


def test_an_export_that_was_broken_off_goes_on(parts: Parts, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan = plan_export(parts, TEST, ONE_FILE)

    def pull_the_plug(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hand_over(parts, plan, out, "kari", pull_the_plug)
    begun = contents(out)
    assert sorted(begun) == ["10001_2a.jpg", "10001_2b.pdf"] and told(parts) == []
    assert run(parts, out).new == 3
    assert begun.items() <= contents(out).items()
    assert not [name for name in os.listdir(out) if name.startswith(".")]


def test_the_same_again_changes_nothing_and_is_not_told_twice(parts: Parts, tmp_path: Path) -> None:
    first = run(parts, tmp_path / "out")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*")}
    again = run(parts, tmp_path / "out")
    assert again.new == 0 and again.digest == first.digest
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*")} == before
    assert len(told(parts)) == 1
    run(parts, tmp_path / "elsewhere.zip")
    assert run(parts, tmp_path / "elsewhere.zip").new == 0
    assert len(told(parts)) == 2, "handed over once more"


def test_what_was_handed_over_is_on_record_and_the_ledger_still_holds(parts: Parts, tmp_path: Path) -> None:
    done = run(parts, tmp_path / "out.zip")
    expected = {"test": TEST, "revision": 1, "files": 3, "pages": 4, "only": "all", "by": "kari", "digest": done.digest}
    assert told(parts) == [expected]
    with parts.ledger.read() as r:
        (event,) = r.events_of("results_exported")
    assert done.digest in sentence(event) and "10001" not in event.data
    assert verify(parts).problems == []


def test_a_page_that_came_later_needs_another_place(parts: Parts, tmp_path: Path) -> None:
    run(parts, tmp_path / "out", Wish())
    with parts.ledger.read() as r:
        page = r.slot_pages(TEST, "10001", "2a")[0]
    add_slot(parts, page.id, "3", "kari")
    before = contents(tmp_path / "out")
    with pytest.raises(Refused, match="lists other results"):
        run(parts, tmp_path / "out", Wish())
    assert contents(tmp_path / "out") == before


def test_only_complete_leaves_out_where_a_sheet_is_missing(parts: Parts, tmp_path: Path) -> None:
    plan = plan_export(parts, TEST, Wish(one_file_per_slot=True, only="complete"))
    assert [f.slot for f in plan.files] == [SLOT] and plan.left_out == 2
    with parts.ledger.read() as r:
        found = [slot for slot, _ in r.results().filed(TEST)]
    views = [view_slot(parts, slot.test, slot.candidate, slot.question) for slot in found]
    assert {v.slot for v in views if v and v.state == "complete"} == {SLOT}, "as one by one"
    claims = {"test": TEST.lower(), "candidate": "10001", "question": "2B"}
    held = {"reason": "too_many_sheets", "evidence": "{}"}
    with parts.ledger.read() as r:
        page = r.slot_pages(TEST, "10001", "3")[0]
    parts.ledger.write(lambda tx: tx.append("page_held", scan=page.scan, page=page.page, **claims, **held))
    with pytest.raises(Refused, match="nothing of"):
        plan_export(parts, TEST, Wish(one_file_per_slot=True, only="complete"))


def test_only_locked_needs_the_lock(parts: Parts, tmp_path: Path) -> None:
    locked = Wish(one_file_per_slot=True, only="locked")
    with pytest.raises(Refused, match="not locked"):
        plan_export(parts, TEST, locked)
    locking.lock(parts, TEST, "kari")
    assert run(parts, tmp_path / "out", locked).pages == 4


@pytest.mark.parametrize("pattern", ["{candidate}.{ext}", "{test}.{ext}", "{candidate}/{question}.{ext}"])
def test_a_pattern_with_collisions_is_refused_before_anything_is_written(
    pattern: str, parts: Parts, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="several files"):
        run(parts, tmp_path / "out", Wish(pattern))
    assert not (tmp_path / "out").exists() and told(parts) == []


def test_what_cannot_be_exported_is_said(parts: Parts) -> None:
    with pytest.raises(UnknownThing):
        plan_export(parts, "NO-SUCH", ONE_FILE)
    with pytest.raises(UsageFault):
        plan_export(parts, TEST, Wish("{candidate}"))
    other = register(parts, load(MATHEMATICS.with_name("chemistry.yaml"))).test
    with pytest.raises(Refused, match="nothing of"):
        plan_export(parts, other, ONE_FILE)


def test_an_object_that_was_changed_is_not_handed_over(parts: Parts, home: Installation, tmp_path: Path) -> None:
    with parts.ledger.read() as r:
        keys = {q: r.slot_pages(TEST, "10001", q)[0].key or "" for q in ("2a", "2b")}
    for key in keys.values():
        file = home.data_dir / "objects" / key
        file.chmod(0o600)
        body = file.read_bytes()
        file.write_bytes(b"another picture")
        for out in (tmp_path / "out", tmp_path / "out.zip"):
            with pytest.raises(StoreFault, match="was changed"):
                run(parts, out)
        assert not (tmp_path / "out.zip").exists()
        file.write_bytes(body)
    assert [name for name in contents(tmp_path / "out") if "manifest" in name] == []
    assert [name for name in os.listdir(tmp_path) if name.startswith(".export")] == []


def test_where_there_are_no_hard_links(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(outlets.os, "link", no_links)
    first = run(parts, tmp_path / "out.zip")
    assert run(parts, tmp_path / "out.zip").new == 0
    assert run(parts, tmp_path / "out").digest == first.digest
    with pytest.raises(Refused):
        run(parts, tmp_path / "out.zip", Wish())


def test_a_place_that_cannot_be_written_is_a_fault_of_the_folder(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file/deeper", tmp_path / "file/out.zip"):
        with pytest.raises(FolderFault):
            run(parts, out)


def test_what_a_killed_export_left_is_cleared_away(parts: Parts, tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    mine, elsewhere = f".export-{os.getpid()}-0b@{platform.node()}", f".export-{dead.pid}-0c@elsewhere"
    for name in (f".export-{dead.pid}-0a@{platform.node()}", mine, elsewhere):
        (tmp_path / "out" / name).mkdir(parents=True)
    run(parts, tmp_path / "out")
    left = {name for name in os.listdir(tmp_path / "out") if name.startswith(".")}
    assert left == {mine, elsewhere}


def test_memory_does_not_grow_with_the_pages(parts: Parts, tmp_path: Path) -> None:
    plan = plan_export(parts, TEST, Wish())
    many = [replace(plan.files[n % 4], name=f"{n}.jpg") for n in range(300)]
    tracemalloc.start()
    hand_over(parts, replace(plan, files=tuple(many)), tmp_path / "many.zip", "kari", lambda n: None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "many.zip").stat().st_size > 10_000_000 > 3 * peak
