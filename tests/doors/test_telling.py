"""What the running program tells machines: readiness, numbers, a log, traces, and how well each scanner scans."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import cv2
import httpx2
import numpy as np
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from scanpipe.stages.render import encode_jpeg
from tests.installation import Installation, install
from tests.s3_server import free_ports
from tests.serving import serving
from tests.watcher import watching

SOURCES = """
[[source]]
name = "scanner 1"
dpi = 150

[[source]]
name = "scanner 2"
folder = "room 210"
dpi = 300
"""


def numbers(text: str) -> dict[str, float]:
    """Each sample by its name with labels."""
    found = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in found}


def test_numbers_and_readiness_of_up(tmp_path: Path) -> None:
    home = install(tmp_path / "data")
    inbox = home.settings.inbox_path
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "0.jpg").write_bytes(home.scan(0))
    (inbox / "half.jpg").write_bytes(home.scan(1)[:5000])
    with serving(home, "up") as url:
        assert httpx2.get(f"{url}/readyz").json() == {
            "ready": True,
            "parts": [{"part": p, "ready": True, "problem": None} for p in ("ledger", "store", "inbox")],
        }
        carried = 'scanpipe_pages_total{reason="",verdict="filed"}'
        told = wait_for(f"{url}/metrics", carried)
        assert told['scanpipe_pages_on_record{reason="",state="filed"}'] == told[carried] == 1
        assert told["scanpipe_workers"] == 2 and told["scanpipe_store_up"] == told["scanpipe_ledger_up"] == 1
        assert told["scanpipe_inbox_files"] == 1 and told["scanpipe_inbox_oldest_seconds"] > 0
        for stage in ("take_in", "examine", "judge", "put", "record"):
            assert told[f'scanpipe_stage_seconds_count{{stage="{stage}"}}'] == 1
        inbox.rename(tmp_path / "away")
        answer = httpx2.get(f"{url}/readyz")
        assert answer.status_code == 503
        assert answer.json()["parts"][2] == {"part": "inbox", "ready": False, "problem": "No such file or directory"}
        (tmp_path / "away").rename(inbox)
        text = httpx2.get(f"{url}/metrics").text
    people = {s.candidate for s in home.sheets}
    assert not any(re.search(rf"\b{number}\b", text) for number in people)


def wait_for(url: str, sample: str) -> dict[str, float]:
    for _ in range(200):
        told = numbers(httpx2.get(url).text)
        if sample in told:
            return told
        threading.Event().wait(0.05)
    raise AssertionError(f"{sample} is not among {sorted(told)}")


def test_a_watcher_alone_serves_its_numbers_and_writes_a_log(tmp_path: Path) -> None:
    home, (port,) = install(tmp_path / "data"), free_ports(1)
    told = {"SCANPIPE__METRICS__PORT": str(port), "SCANPIPE__LOG__FORMAT": "json"}
    with watching(home, **told) as watcher:
        inbox = home.settings.inbox_path
        (inbox / "0.jpg").write_bytes(home.scan(0))
        (inbox / "torn.pdf").write_bytes(b"%PDF-1.7 nonsense %%EOF\n")
        scan = watcher.wait_for("0.jpg", "torn.pdf")["0.jpg"]["scan"]
        wait_for(f"http://127.0.0.1:{port}/metrics", 'scanpipe_pages_total{reason="unreadable_file",verdict="held"}')
    log = [json.loads(line) for line in watcher.said().splitlines()]
    events = [line["event"] for line in log]
    assert events[0] == "started" and events[-1] == "stopped"
    assert sorted(events[1:-1]) == ["page_filed", "page_held", "scan_carried", "scan_carried"]
    assert {"event": "page_filed", "scan": scan, "page": 1, "level": "info"}.items() <= log[
        events.index("page_filed")
    ].items()
    assert log[events.index("page_held")]["reason"] == "unreadable_file"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", line["at"]) for line in log)
    words = {str(value) for line in log for key, value in line.items() if key not in ("at", "scan")}
    assert not words & {s.candidate for s in home.sheets}


def test_each_scan_is_a_trace(tmp_path: Path) -> None:
    home = install(tmp_path / "data")
    with collector() as (url, spans):
        told = {"SCANPIPE__METRICS__TRACES": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": url}
        with watching(home, **told) as watcher:
            (home.settings.inbox_path / "0.jpg").write_bytes(home.scan(0))
            scan = watcher.wait_for("0.jpg")["0.jpg"]["scan"]
        assert {span.name for span in spans} == {"take_in", "examine", "judge", "put", "record"}
        assert {span.trace_id.hex() for span in spans} == {scan[:32]}
        assert all(span.end_time_unix_nano > span.start_time_unix_nano for span in spans)


@contextmanager
def collector() -> Iterator[tuple[str, list]]:  # type: ignore[type-arg]
    """Takes spans by OTLP over HTTP, as a collector does."""
    spans: list = []  # type: ignore[type-arg]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sent = ExportTraceServiceRequest.FromString(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
            spans.extend(s for r in sent.resource_spans for scope in r.scope_spans for s in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", spans
    finally:
        server.shutdown()
        thread.join()


def dirty(home: Installation, index: int) -> bytes:
    """A scan with a streak at 60 mm, fed 2.5° askew."""
    picture = cv2.imdecode(np.frombuffer(home.scan(index, skew_deg=2.5), np.uint8), cv2.IMREAD_GRAYSCALE)
    column = round(60 / 25.4 * 150)
    picture[:, column : column + 2] = 150
    return encode_jpeg((picture,), 150, 85)


def test_how_well_each_scanner_scans(tmp_path: Path) -> None:
    config = tmp_path / "scanpipe.toml"
    config.write_text(SOURCES)
    home = install(tmp_path / "data", sheets=24)
    with watching(home, SCANPIPE_CONFIG=str(config)) as watcher:
        inbox = home.settings.inbox_path
        for folder in ("scanner 1", "room 210"):
            (inbox / folder).mkdir()
        for n in range(12):
            (inbox / "scanner 1" / f"{n}.jpg").write_bytes(home.scan(n))
            (inbox / "room 210" / f"{n}.jpg").write_bytes(dirty(home, n + 12))
        watcher.wait_for(*(f"{folder}/{n}.jpg" for folder in ("scanner 1", "room 210") for n in range(12)))
    one, two = (json.loads(line) for line in home.run("--config", str(config), "sources", "--json").splitlines())
    assert one["name"] == "scanner 1" and one["pages"] == 12 and one["advice"] == [] and one["streaks_mm"] == []
    assert two["streaks_mm"] == [60.0] and two["skewed_share"] == 1.0 and two["dpi"] == 150
    assert [sentence.split(" ")[0] for sentence in two["advice"]] == ["Clean", "Set", "Set"]
    shown = home.run("--config", str(config), "sources")
    assert "Nothing to mend." in shown and "Clean the glass of scanner 2: streaks at 60 mm from the left." in shown
