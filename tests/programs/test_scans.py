"""Scans that programs send: whole, once, and told of."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from scanpipe.desk.parts import Parts
from scanpipe.desk.uploads import Uploads
from tests.installation import Installation
from tests.programs.conftest import CHEMISTRY, MATHEMATICS, Caller

Make = Callable[..., Caller]


def raw(body: bytes, name: str = "side 1.jpg", key: str | None = None, kind: str = "image/jpeg") -> dict[str, Any]:
    headers = {"Content-Type": kind, "File-Name": name} | ({"Idempotency-Key": key} if key else {})
    return {"content": body, "headers": headers}


def sent(home: Installation) -> dict[str, list[bytes]]:
    """The job folders of the inbox, with what is in them."""
    return {d.name: [f.read_bytes() for f in sorted(d.iterdir())] for d in home.settings.inbox_path.iterdir()}


def test_a_scan_goes_its_way_and_is_told_of(home: Installation, parts: Parts, caller: Make) -> None:
    program, body = caller("scans:write"), home.scan(0)
    answer = program("POST", "/api/v1/scans", **raw(body, "s%C3%B8k.jpg"))
    digest = hashlib.sha256(body).hexdigest()
    assert (answer.status_code, answer.json()) == (
        202,
        {"scan": digest, "size": len(body), "status": f"/api/v1/scans/{digest}"},
    )
    assert answer.headers["location"] == answer.json()["status"]
    assert list(sent(home).values()) == [[body]]
    waiting = program("GET", answer.json()["status"]).json()
    assert (waiting["taken_in"], waiting["settled"], waiting["pages"]) == (False, False, [])
    (file,) = [f for d in home.settings.inbox_path.iterdir() for f in d.iterdir()]
    assert file.name == "001 søk.jpg"
    home.run("ingest", str(file))
    told = program("GET", answer.json()["status"]).json()
    sheet = home.sheets[0]
    assert told["settled"] and told["size"] == len(body)
    assert told["pages"][0] | {"skew_deg": 0} == {
        "page": 1,
        "verdict": "filed",
        "test": sheet.test,
        "candidate": sheet.candidate,
        "question": sheet.question,
        "serial": sheet.serial,
        "reason": None,
        "skew_deg": 0,
        "turn_deg": 0,
    }
    assert "key" not in str(told) and "sha256" not in str(told)
    with parts.ledger.read() as r:
        (event,) = r.events_of("upload_handed_in")
    assert '"by":"program 0 (API)"' in event.data


def test_as_the_part_of_a_form(home: Installation, caller: Make) -> None:
    body = os.urandom(3 * 2**20)
    answer = caller("scans:write")("POST", "/api/v1/scans", files={"file": ("stor.pdf", body, "application/pdf")})
    assert answer.status_code == 202 and answer.json()["scan"] == hashlib.sha256(body).hexdigest()
    assert list(sent(home).values()) == [[body]]


def test_under_one_key_it_counts_once(home: Installation, caller: Make) -> None:
    program, other = caller("scans:write"), caller("scans:write")
    first = program("POST", "/api/v1/scans", **raw(b"one", key="k-1"))
    again = program("POST", "/api/v1/scans", **raw(b"one", key="k-1"))
    assert first.status_code == again.status_code == 202 and first.json() == again.json()
    assert list(sent(home).values()) == [[b"one"]]
    conflict = program("POST", "/api/v1/scans", **raw(b"two", key="k-1"))
    assert (conflict.status_code, conflict.json()["code"]) == (409, "key_used_before")
    assert other("POST", "/api/v1/scans", **raw(b"two", key="k-1")).status_code == 202, "a key is its sender's"
    assert sorted(sent(home).values()) == [[b"one"], [b"two"]]
    assert not list((home.data_dir / "uploads").iterdir()), "what lies in the inbox is kept there alone"


@pytest.mark.parametrize("at", ["_sealed", "_move"])
def test_what_dies_between_the_note_and_the_inbox_is_finished_by_the_next_try(
    home: Installation, caller: Make, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = caller("scans:write")

    def dies(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as m, pytest.raises(RuntimeError):
        m.setattr(Uploads, at, dies)
        program("POST", "/api/v1/scans", **raw(b"one", key="k"))
    assert sent(home) == {}
    assert program("POST", "/api/v1/scans", **raw(b"one", key="k")).status_code == 202
    assert list(sent(home).values()) == [[b"one"]]


def test_what_died_on_another_machine_is_answered_with_what_came_now(
    home: Installation, caller: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = caller("scans:write")

    def dies(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as m, pytest.raises(RuntimeError):
        m.setattr(Uploads, "_move", dies)
        program("POST", "/api/v1/scans", **raw(b"one", key="k"))
    (left,) = (home.data_dir / "uploads").iterdir()
    left.rename(home.data_dir / "elsewhere")
    assert program("POST", "/api/v1/scans", **raw(b"one", key="k")).status_code == 202
    (job,) = home.settings.inbox_path.iterdir()
    job.rename(home.data_dir / "taken")
    assert program("POST", "/api/v1/scans", **raw(b"one", key="k")).status_code == 202
    assert sent(home) == {}, "it was handed in before"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (raw(b""), "invalid"),
        (raw(b"x", "virus.exe"), "invalid"),
        (raw(b"x", ""), "invalid"),
        (raw(b"x", ".jpg"), "invalid"),
        (raw(b"x", "%00.jpg"), "invalid"),
        (raw(b"x", "x" + "." * 200 + "jpg"), "invalid"),
        ({"files": {"file": ("..pdf", b"x")}}, "invalid"),
        (raw(b"x", kind="text/html"), "unsupported_media_type"),
        ({"content": b"x", "headers": {"Content-Type": "image/jpeg"}}, "invalid"),
        ({"files": {"other": ("a.jpg", b"x")}}, "invalid"),
        ({"files": [("file", ("a.jpg", b"x")), ("file", ("b.jpg", b"y"))]}, "invalid"),
        ({"data": {"file": "x"}, "files": {"x": ("a.jpg", b"")}}, "invalid"),
        ({"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}}, "invalid"),
        ({"content": b"--x\r\n\xff", "headers": {"Content-Type": "multipart/form-data; boundary=y"}}, "invalid"),
    ],
)
def test_what_is_not_taken(home: Installation, caller: Make, told: dict[str, Any], code: str) -> None:
    answer = caller("scans:write")("POST", "/api/v1/scans", **told)
    assert answer.json()["code"] == code, answer.text
    assert sent(home) == {} and not list((home.data_dir / "uploads").glob("*"))


def test_a_file_that_is_too_large_is_not_read_on(home: Installation, parts: Parts, caller: Make) -> None:
    program = caller("scans:write")
    app: Any = program.app.app
    app.state.uploads = Uploads(home.data_dir / "uploads", home.settings.inbox_path, 1000)
    for told in (raw(bytes(1001)), {"files": {"file": ("a.jpg", bytes(200_000))}}):
        answer = program("POST", "/api/v1/scans", **told)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert not list((home.data_dir / "uploads").glob("*"))
    assert program("POST", "/api/v1/scans", **raw(bytes(1000))).status_code == 202


def test_a_full_disk_is_told_as_such(home: Installation, caller: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanpipe.desk.receiving.SPARE_BYTES", 2**60)
    answer = caller("scans:write")("POST", "/api/v1/scans", **raw(b"x"))
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert not list((home.data_dir / "uploads").glob("*"))


def test_a_disk_that_fills_up_at_the_last_moment_leaves_nothing_behind(
    home: Installation, caller: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanpipe.desk.uploads.SPARE_BYTES", 2**60)
    answer = caller("scans:write")("POST", "/api/v1/scans", **raw(b"x"))
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert not list((home.data_dir / "uploads").glob("*"))


def test_nobody_is_told_of_the_scans_of_others(home: Installation, parts: Parts, caller: Make, app: TestClient) -> None:
    scan = home.data_dir / "scan.jpg"
    scan.write_bytes(home.scan(1))
    home.run("ingest", str(scan))
    path = f"/api/v1/scans/{hashlib.sha256(scan.read_bytes()).hexdigest()}"
    none = f"/api/v1/scans/{'0' * 64}"
    chemist, mathematician = (caller("scans:write", tests=(test,)) for test in (CHEMISTRY, MATHEMATICS))
    assert mathematician("GET", path).json()["pages"][0]["candidate"] == home.sheets[1].candidate
    assert chemist("GET", path).status_code == 404 and chemist("GET", path).json() == chemist("GET", none).json()
    chemist("POST", "/api/v1/scans", **raw(scan.read_bytes()))
    page = chemist("GET", path).json()["pages"][0]
    assert page["verdict"] == "filed" and page["candidate"] is page["test"] is page["serial"] is None
