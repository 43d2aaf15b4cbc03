"""Every file is an attack until it is read: each of these has an outcome of its own, and the sheets among them are filed."""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.installation import Installation, install
from tests.unit.unpack_files import drawing, pdf_of, png_chunk, saved, tiff
from tests.watcher import watching

Make = Callable[[Installation], bytes]


def png_bomb(_: Installation) -> bytes:
    """400 megapixels that compress to 400 kilobytes."""
    rows = zlib.compressobj(9)
    row = bytes(20_001)
    body = b"".join(rows.compress(row) for _ in range(20_000)) + rows.flush()
    header = (20_000).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")


def absurd_jpeg(_: Installation) -> bytes:
    """Says that it has 65,500 by 65,500 pixels."""
    data = bytearray(saved(drawing(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = (65_500).to_bytes(2, "big") * 2
    return bytes(data)


def jpeg_of_many_scans(_: Installation) -> bytes:
    """A blank page; each of 100,000 scans has the decoder go over all of it once more."""
    data = saved(Image.new("L", (2480, 3508), 255), "JPEG", progressive=True)
    starts = [m.start() for m in re.finditer(rb"\xff\xda", data)]
    last = data[starts[-1] : data.rindex(b"\xff\xd9")]
    return data[: data.rindex(b"\xff\xd9")] + last * 100_000 + b"\xff\xd9"


def tiff_in_circles(_: Installation) -> bytes:
    """Its only directory is followed by itself."""
    data = bytearray(saved(drawing(), "TIFF"))
    first = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[first : first + 2], "little")
    data[first + 2 + 12 * entries : first + 6 + 12 * entries] = first.to_bytes(4, "little")
    return bytes(data)


def pdf_in_circles(_: Installation) -> bytes:
    """The root of its pages is its own child."""
    catalog = b"<< /Type /Catalog /Pages 2 0 R >>"
    return pdf_of([catalog, b"<< /Type /Pages /Kids [2 0 R] /Count 1 /Parent 2 0 R >>"])


def pdf_of_many_pages(_: Installation) -> bytes:
    kids = b" ".join(b"3 0 R" for _ in range(100_000))
    pages = b"<< /Type /Pages /Kids [" + kids + b"] /Count 100000 >>"
    return pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", pages, b"<< /Type /Page /Parent 2 0 R >>"])


def archive(home: Installation) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("../../etc/passwd", "root")
        z.writestr("scan.jpg", home.scan(0))
    return out.getvalue()


def polyglot(home: Installation) -> bytes:
    """A sheet's JPEG that is also a ZIP and a page of HTML."""
    return home.scan(0) + b"<html><script>alert(1)</script></html>" + archive(home)


def truncated(home: Installation) -> bytes:
    return home.scan(0)[:20_000]


def huge_tiff_strip(_: Installation) -> bytes:
    """Says that its only strip has four gigabytes."""
    tags = {256: (4, [50_000]), 257: (4, [50_000]), 258: (3, [8]), 259: (3, [1]), 262: (3, [1]), 278: (4, [50_000])}
    return tiff((tags | {279: (4, [4_000_000_000])}, [b"x" * 100]))


def two_pages_one_sheet(home: Installation) -> bytes:
    """A TIFF of two pages with the same sheet: the second one is a sheet seen before."""
    pages = [Image.open(io.BytesIO(home.scan(1, stroke=n))) for n in (0, 9)]
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_deflate")
    return out.getvalue()


OUTCOMES: dict[str, tuple[Make, set[str]]] = {
    "png-bomb.png": (png_bomb, {"too_large"}),
    "absurd.jpg": (absurd_jpeg, {"too_large"}),
    "many-scans.jpg": (jpeg_of_many_scans, {"unreadable_file"}),
    "circles.tif": (tiff_in_circles, {"unreadable_file"}),
    "circles.pdf": (pdf_in_circles, {"unreadable_file"}),
    "many-pages.pdf": (pdf_of_many_pages, {"too_large"}),
    "strip.tif": (huge_tiff_strip, {"too_large", "unreadable_file"}),
    "archive.jpg": (archive, {"unsupported_file"}),
    "polyglot.jpg": (polyglot, {"filed"}),
    "truncated.jpg": (truncated, {"unreadable_file"}),
    "empty.jpg": (lambda _: b"", {"unreadable_file"}),
    "page.html": (lambda _: b"<html><script>alert(1)</script>", {"unsupported_file"}),
    "two.tif": (two_pages_one_sheet, {"filed", "sheet_seen_before"}),
}
"""The file, and what becomes of its pages: filed, or the reason for which they are held."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installation, dict[str, set[str]]]:
    """All of them in one evening, between two ordinary sheets."""
    place = tmp_path_factory.mktemp("hostile")
    home = install(place / "data", {"SCANPIPE__ENGINE__PAGE_TIMEOUT_S": "20"}, sheets=6)
    scans = place / "scans"
    scans.mkdir()
    for name, (make, _) in OUTCOMES.items():
        (scans / name).write_bytes(make(home))
    (scans / "0-first.jpg").write_bytes(home.scan(4))
    (scans / "z-last.jpg").write_bytes(home.scan(5))
    found: dict[str, set[str]] = {}
    for a in home.lines("ingest", str(scans)):
        found.setdefault(Path(a["file"]).name, set()).add(a["reason"] or a["verdict"])
    return home, found


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_has_its_outcome(outcomes: tuple[Installation, dict[str, set[str]]], name: str) -> None:
    found, allowed = outcomes[1][name], OUTCOMES[name][1]
    assert found <= allowed and (len(allowed) == 1 or len(found) >= 1), found


def test_their_neighbours_are_filed_and_all_is_on_record(
    outcomes: tuple[Installation, dict[str, set[str]]],
) -> None:
    home, found = outcomes
    assert found["0-first.jpg"] == found["z-last.jpg"] == {"filed"}
    assert set(found) == {*OUTCOMES, "0-first.jpg", "z-last.jpg"}
    assert "Nothing is missing" in home.run("verify")


def test_what_is_no_file_is_neither_taken_nor_opened(tmp_path: Path) -> None:
    """Links, pipes, devices, sockets stay where they are; whatever a name is made of, the sheet below it is filed."""
    home = install(tmp_path / "data", {"SCANPIPE__INBOX__SWEEP_S": "0.5"}, sheets=6)
    inbox, outside = home.settings.inbox_path, tmp_path / "outside.jpg"
    inbox.mkdir(parents=True, exist_ok=True)
    outside.write_bytes(home.scan(5))
    (inbox / "link.jpg").symlink_to(outside)
    (inbox / "loop").symlink_to(inbox)
    os.mkfifo(inbox / "pipe.jpg")
    left = {"link.jpg", "loop", "pipe.jpg"}
    try:
        os.mknod(inbox / "device.jpg", stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero: it never ends
        left.add("device.jpg")
    except PermissionError:
        pass  # only root can make one, and only root could put one there
    names = ["line\nbreak.jpg", "right\u202egpj.exe.jpg", "x" * 251 + ".jpg", "-rf.jpg"]
    for n, name in enumerate(names):
        (inbox / name).write_bytes(home.scan(n))
    sparse = inbox / "sparse.jpg"
    sparse.write_bytes(home.scan(4))
    os.truncate(sparse, 300_000_000)
    with watching(home, SCANPIPE__INBOX__INCOMPLETE_AFTER_S="2") as watcher:
        watcher.wait_until(lambda: len(watcher.answers()) == 5, 60)
        answers = watcher.answers()
    assert [a["verdict"] for a in answers.values()] == ["filed"] * 5  # what follows the sparse one's end is nothing
    assert all("\n" not in name and "\u202e" not in name for name in answers)
    assert {p.name for p in inbox.iterdir()} == left
    assert outside.read_bytes() == home.scan(5)
    home.run("verify")


def test_a_second_name_outside_cannot_change_what_is_worked_on(tmp_path: Path) -> None:
    """A hard link: somebody can still write to the file's bytes after it was taken."""
    home = install(tmp_path / "data", sheets=2)
    inbox, outside = home.settings.inbox_path, tmp_path / "outside.jpg"
    inbox.mkdir(parents=True, exist_ok=True)
    outside.write_bytes(home.scan(0))
    os.link(outside, inbox / "linked.jpg")
    with watching(home) as watcher:
        answer = watcher.wait_for("linked.jpg")["linked.jpg"]
    outside.write_bytes(home.scan(1))
    assert answer["verdict"] == "filed"
    home.run("verify")
