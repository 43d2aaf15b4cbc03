"""Bytes: conditions, ranges, renditions that are kept, PDFs of the scanner's own bytes, the ZIP."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
import tracemalloc
import zipfile
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest

from scanpipe.desk import renditions, zipping
from scanpipe.desk.parts import Parts
from scanpipe.desk.rendition_keys import rendition_key
from scanpipe.desk.renditions import blind
from scanpipe.desk.slots import SlotList, Wanted, list_slots
from scanpipe.desk.tokens import revoke_token
from scanpipe.desk.verifying import verify
from scanpipe.readers import open_reader
from scanpipe.stages.preview import preview
from scanpipe.stores.directory import DirectoryStore
from tests.api.conftest import TEST, Api, slot_path
from tests.installation import ROOT, Installation

MOST_MORE_BYTES = 50_000


def page_of(api: Api, home: Installation, index: int) -> dict[str, Any]:
    page: dict[str, Any] = api.get(slot_path(home, index)).json()["pages"][0]
    return page


def gray(body: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture


def test_who_has_a_picture_need_not_fetch_it_again(api: Api, home: Installation) -> None:
    page = page_of(api, home, 0)
    whole = api.get(page["content"])
    etag = f'"{page["sha256"]}"'
    assert hashlib.sha256(whole.content).hexdigest() == page["sha256"] and whole.headers["etag"] == etag
    assert "private" in whole.headers["cache-control"] and "immutable" in whole.headers["cache-control"]
    for has in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = api.get(page["content"], if_none_match=has)
        assert answer.status_code == 304 and not answer.content and answer.headers["etag"] == etag
    assert api.get(page["content"], if_none_match='"x"').content == whole.content
    head = api.get(page["content"], method="HEAD")
    assert head.headers["content-length"] == str(len(whole.content)) and not head.content
    assert head.headers["etag"] == etag and head.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=10-", 10, None), ("bytes=-7", -7, None), ("bytes=5-999999999", 5, None)],
)
def test_a_part_of_a_picture(api: Api, home: Installation, asked: str, start: int, end: int | None) -> None:
    page = page_of(api, home, 0)
    whole = api.get(page["content"]).content
    part = api.get(page["content"], range=asked)
    assert part.status_code == 206 and part.content == whole[start:end]
    first = start % len(whole)
    assert part.headers["content-range"] == f"bytes {first}-{first + len(part.content) - 1}/{len(whole)}"
    assert api.get(page["content"], range=asked, if_range='"x"').content == whole, "another version: all of it"
    assert api.get(page["content"], range=asked, if_range=f'"{page["sha256"]}"').status_code == 206


def test_a_part_that_there_is_not(api: Api, home: Installation) -> None:
    page = page_of(api, home, 0)
    size = len(api.get(page["content"]).content)
    for asked in (f"bytes={size}-", "bytes=-0"):
        beyond = api.get(page["content"], range=asked)
        assert beyond.status_code == 416 and beyond.headers["content-range"] == f"bytes */{size}"
        assert beyond.json()["code"] == "range_not_satisfiable"
    for odd in ("bytes=5-2", "bytes=-", "lines=1-2", "bytes=0-1,3-4", "bytes=x"):
        assert api.get(page["content"], range=odd).status_code == 200


def test_renditions_are_made_once_and_kept(
    api: Api, home: Installation, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, made = page_of(api, home, 3), []
    monkeypatch.setattr(renditions, "preview", lambda body, px: made.append(px) or preview(body, px))  # type: ignore[func-returns-value]
    for kind, longest in (("web", 1600), ("thumbnail", 260)):
        first = api.get(page["renditions"][kind])
        assert first.status_code == 200 and max(gray(first.content).shape) == longest
        key = rendition_key(page["sha256"], kind)  # type: ignore[arg-type]
        assert parts.store.read(key) == first.content
        assert api.get(page["renditions"][kind]).content == first.content
        assert api.get(page["renditions"][kind], if_none_match=first.headers["etag"]).status_code == 304
    assert made == [1600, 260], "each once, however often it is asked for"
    assert verify(parts).holds
    stray = rendition_key("0" * 64, "web")
    parts.store.put_new(stray, b"x", sha256=hashlib.sha256(b"x").hexdigest(), media_type="image/jpeg", metadata={})
    assert [p for p in verify(parts).problems if stray in p and "does not know" in p]
    parts.store.erase(stray, hashlib.sha256(b"x").hexdigest())
    assert api.get(page["content"] + "/poster").status_code == 422


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_blind_page_does_not_say_whose_it_is_and_keeps_the_drawing(
    api: Api, home: Installation, parts: Parts, index: int
) -> None:
    page = page_of(api, home, index)
    body = api.get(page["renditions"]["blind"]).content
    before, after = gray(api.get(page["content"]).content), gray(body)
    assert before.shape == after.shape
    for name in ("zxing", "zbar"):
        assert open_reader(name).search(after, frozenset({"qr", "code128", "datamatrix"})) == []
    h, w = after.shape
    assert (after[: int(h * 0.12)] > 230).all() and (after[int(h * 0.89) :] > 230).all()
    middle = slice(int(h * 0.2), int(h * 0.8)), slice(int(w * 0.15), int(w * 0.85))
    assert np.abs(before[middle].astype(int) - after[middle]).mean() < 2 and before[middle].min() < 120


@pytest.mark.parametrize(
    "scan", ["31-torn-corner.jpg", "34-one-code-left.jpg", "50-no-codes.jpg", "57-a-code-of-the-world.jpg"]
)
def test_where_nobody_knows_how_a_page_lies_both_strips_go(scan: str) -> None:
    """Whatever is left of the imprint: nothing of the uppermost and the lowest eighth of the page stays."""
    body = blind((ROOT / "fixtures/scans" / scan).read_bytes())
    assert body is not None
    picture = gray(body)
    h = picture.shape[0]
    assert (picture[: int(h * 0.11)] > 230).all() and (picture[int(h * 0.9) :] > 230).all()
    assert open_reader("zxing").search(picture, frozenset({"qr", "code128"})) == []


@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_a_slots_pdf_has_the_scanners_own_bytes_and_looks_like_the_filed_picture(
    api: Api, home: Installation, parts: Parts, index: int
) -> None:
    page = page_of(api, home, index)
    answer = api.get(f"{slot_path(home, index)}/pages.pdf")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/pdf"
    with parts.ledger.read() as r:
        record = next(p for p in r.pages_in("filed") if p.sha256 == page["sha256"])
        scan = r.scan(record.scan)
    assert scan is not None and parts.store.read(scan.key) in answer.content, "not a byte was changed"
    document = pypdfium2.PdfDocument(answer.content)
    filed = gray(api.get(page["content"]).content)
    shown = document[0].render(scale=(page["dpi"] or 300) / 72, grayscale=True).to_numpy().squeeze()
    assert len(document) == 1 and np.abs(np.subtract(shown.shape, filed.shape)).max() <= 1
    both = [p[:1700, :1200].astype(np.float32) for p in (shown, filed)]
    assert np.abs(cv2.phaseCorrelate(*both)[0]).max() < 3, (
        "they lie on one another: turned the wrong way they are 20 apart"
    )
    small = (filed.shape[1] // 4, filed.shape[0] // 4)
    shown, filed = (cv2.resize(p, small, interpolation=cv2.INTER_AREA).astype(int) for p in (shown, filed))
    assert np.abs(shown - filed).mean() < 7
    again = api.get(f"{slot_path(home, index)}/pages.pdf", if_none_match=answer.headers["etag"])
    assert again.status_code == 304
    assert api.get(f"{slot_path(home, 5)}/pages.pdf").status_code == 404


def test_a_candidates_pdf_has_all_pages_in_the_order_of_the_questions(api: Api, home: Installation) -> None:
    candidate = home.sheets[0].candidate
    slots = api.get(f"/tests/{TEST}/slots?candidate={candidate}").json()["slots"]
    filed = [page["sha256"] for slot in slots for page in slot["pages"]]
    answer = api.get(f"/tests/{TEST}/candidates/{candidate}/pages.pdf")
    assert len(pypdfium2.PdfDocument(answer.content)) == len(filed) > 1
    assert api.get(f"/tests/{TEST}/candidates/10003/pages.pdf").status_code == 404


def test_a_zip_has_every_page_and_two_indexes_that_say_the_same(api: Api, home: Installation) -> None:
    answer = api.get(f"/tests/{TEST}/pages.zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    told = json.loads(archive.read("index.json"))
    rows = list(csv.DictReader(io.StringIO(archive.read("index.csv").decode())))
    assert [r["sha256"] for r in rows] == [p["sha256"] for p in told["pages"]]
    for row in rows:
        assert hashlib.sha256(archive.read(row["file"])).hexdigest() == row["sha256"]
    listed = api.get(f"/tests/{TEST}/slots?limit=500").json()["slots"]
    assert [r["sha256"] for r in rows] == [p["sha256"] for s in listed for p in s["pages"]] and len(rows) >= 4
    assert api.get(f"/events?after={told['feed']}").json()["events"] == []


def test_what_a_document_is_is_told_without_making_it(
    api: Api, home: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = (f"{slot_path(home, 0)}/pages.pdf", f"/tests/{TEST}/candidates/{home.sheets[0].candidate}/pages.pdf")
    whole = [api.get(path) for path in (*documents, f"/tests/{TEST}/pages.zip")]
    monkeypatch.setattr(DirectoryStore, "read", lambda store, key: pytest.fail(f"{key} is read"))
    for path, answer in zip((*documents, f"/tests/{TEST}/pages.zip"), whole, strict=True):
        head = api.get(path, method="HEAD")
        assert head.status_code == 200 and head.content == b"" and "content-length" not in head.headers
        for name in ("content-type", "etag", "content-disposition"):
            assert head.headers.get(name) == answer.headers.get(name), (path, name)
    assert api.get(documents[0], method="HEAD", if_none_match=whole[0].headers["etag"]).status_code == 304
    assert api.get(f"{slot_path(home, 5)}/pages.pdf", method="HEAD").status_code == 404
    assert api.get("/tests/NONE/pages.zip", method="HEAD").status_code == 404


def peak_of_a_zip(parts: Parts, monkeypatch: pytest.MonkeyPatch, pages: int) -> int:
    """The most memory that a ZIP of so many pages takes while it is made, in bytes, and that it can be read."""
    listed = list_slots(parts, TEST, Wanted(), None, 500).slots
    some = next(view for view in listed if view.lying)
    slots = (replace(some.slot, candidate=str(n)) for n in range(pages))
    views = tuple(replace(some, slot=slot, lying=some.lying[:1]) for slot in slots)
    monkeypatch.setattr(zipping, "list_slots", lambda *_: SlotList(views, None))
    _, pieces = zipping.test_zip(parts, TEST)
    with tempfile.TemporaryFile() as out:
        tracemalloc.start()
        out.writelines(pieces)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        archive = zipfile.ZipFile(out)
        names = archive.namelist()
        assert len(names) == len(set(names)) == pages + 2 and archive.testzip() is None
    return most


def test_a_zip_of_ten_times_the_pages_takes_no_more_memory(
    parts: Parts, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, many = (peak_of_a_zip(parts, monkeypatch, pages) for pages in (20, 200))
    assert many < few + MOST_MORE_BYTES, "180 pages more are 30 MB more of ZIP"


@pytest.mark.proof
def test_a_zip_of_a_day_takes_no_more_memory_than_one_of_a_few_pages(
    parts: Parts, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the writer of the standard library keeps of 17,000 entries are 19 MB."""
    monkeypatch.setattr(DirectoryStore, "read", lambda self, key: b"a small picture")
    few, many = (peak_of_a_zip(parts, monkeypatch, pages) for pages in (20, 17_000))
    print(f"20 pages {few:,} bytes, 17,000 pages {many:,} bytes")
    assert many < few + MOST_MORE_BYTES


def test_a_token_that_was_revoked_opens_nothing_from_the_next_request_on(
    api: Api, home: Installation, parts: Parts
) -> None:
    page = page_of(api, home, 0)
    assert api.get(page["content"], api.other).status_code == 404
    assert api.get("/tests", api.other).status_code == 200
    revoke_token(parts, "other", "test")
    for path in (page["content"], "/tests", page["renditions"]["web"], "/events", f"/tests/{TEST}/pages.zip"):
        assert api.get(path, api.other).status_code == 401


def test_a_picture_that_the_store_lost_is_no_fault_of_the_caller(api: Api, home: Installation, parts: Parts) -> None:
    page = page_of(api, home, 2)
    (home.data_dir / "objects" / page["key"]).unlink()
    answer = api.get(page["content"])
    assert answer.status_code == 503 and answer.json()["code"] == "unavailable"
    assert api.get(page["content"], method="HEAD").status_code == 503


def test_previews_of_what_is_no_picture() -> None:
    assert preview(b"no picture", 100) is None and blind(b"no picture") is None


def test_where_the_store_gives_links_the_bytes_do_not_pass_here(
    api: Api, home: Installation, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The links themselves are tried on a real server by the contract of the stores."""
    page = page_of(api, home, 0)
    asked: list[tuple[str, int, str]] = []

    def link(self: DirectoryStore, key: str, seconds: int, media_type: str) -> str:
        asked.append((key, seconds, media_type))
        return "https://bucket.example/object"

    rules = api.http.app.state.gate.rules  # type: ignore[attr-defined]
    monkeypatch.setattr(DirectoryStore, "link", link)
    assert api.get(page["content"]).status_code == 200 and not asked, "off unless it is set"
    monkeypatch.setattr(api.http.app.state.gate, "rules", replace(rules, presigned_s=60))  # type: ignore[attr-defined]
    answer = api.get(page["content"])
    assert (answer.status_code, answer.headers["location"]) == (307, "https://bucket.example/object")
    assert answer.headers["cache-control"] == "no-store" and asked == [(page["key"], 60, "image/jpeg")]
    assert api.get(page["content"], if_none_match=f'"{page["sha256"]}"').status_code == 304
    assert api.get(page["content"], method="HEAD").status_code == 200
    assert api.get(page["content"], "sp_nobody").status_code == 401
