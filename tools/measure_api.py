"""How fast the API answers: lists of slots of a small and of a large test, and pictures beside Starlette's own static files.

    python tools/measure_api.py lists  [--small 1700] [--large 170000] [--clients 20] [--seconds 10]
    python tools/measure_api.py images [--clients 8] [--seconds 10]

Both run server and clients on this machine, in processes of their own; the clients keep their connections. `lists` writes two
installations with as many filed pages as are named (rows, no files), and asks each for stretches of its list, turn by turn.
`images` has one uvicorn serve the API and `StaticFiles` over the same files, and asks for them turn by turn.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import json
import multiprocessing
import random
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from scanpipe.definitions import digest, to_json
from scanpipe.desk.tokens import SCOPES, add_token, plan_token
from scanpipe.ledgers import open_ledger
from scanpipe.ledgers import tables as t
from scanpipe.model import Candidate, Question, TestDefinition
from scanpipe.settings import load_settings
from scanpipe.telling.meter import Meter
from scanpipe.web.api import cursors
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from scanpipe.wiring import open_parts

FORK = multiprocessing.get_context("fork")
TEST, QUESTIONS, AT = "MA0001-2026H", 10, "2026-12-03T12:00:00.000+00:00"
PICTURES = 200
_CHUNK = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("lists", "images"))
    parser.add_argument("--small", type=int, default=1_700)
    parser.add_argument("--large", type=int, default=170_000)
    parser.add_argument("--clients", type=int, default=0, help="at once [default: 1 and 20 for lists, 8 for images]")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="measure-api-") as place:
        (lists if told.what == "lists" else images)(told, Path(place))


def lists(told: argparse.Namespace, place: Path) -> dict[int, float]:
    """The same requests to a small and to a large test: how much longer the large one takes in the middle, by clients at once."""
    longer: dict[int, float] = {}
    with contextlib.ExitStack() as stack:
        asked = {}
        for pages in (told.small, told.large):
            data_dir = place / str(pages)
            token = fill(data_dir, pages)
            asked[pages] = (stack.enter_context(serving(data_dir)), token, pages // QUESTIONS)
        for clients in [told.clients] if told.clients else [1, 20]:
            found: dict[int, list[float]] = {pages: [] for pages in asked}
            for _ in range(told.rounds):
                for pages, (port, token, candidates) in asked.items():
                    paths = _slot_lists(candidates)
                    found[pages] += ask(port, token, paths, clients, told.seconds / told.rounds)
            for pages, times_s in found.items():
                print(f"{pages:7d} pages, {clients:2d} clients: {_told(times_s)}")
            middle, most = (_ratio(found, told.large, told.small, share) for share in (0.5, 0.99))
            print(f"large against small, {clients:2d} clients: p50 × {middle:.2f}, p99 × {most:.2f}")
            longer[clients] = middle
    return longer


def images(told: argparse.Namespace, place: Path) -> float:
    """The same files through the API and through StaticFiles, under one server: the API's share of requests a second."""
    data_dir, clients = place / "data", told.clients or 8
    token = fill(data_dir, PICTURES, with_files=True)
    with open_parts(_settings(data_dir)) as parts, parts.ledger.read() as r:
        pages = list(r.pages_in("filed"))
    api = [f"/api/v1/tests/{TEST}/slots/{p.candidate}/{p.question}/pages/{p.sha256}" for p in pages]
    plain = [f"/plain/{p.key}" for p in pages]
    print(
        f"{PICTURES} pictures of {sum(len((data_dir / 'objects' / str(p.key)).read_bytes()) for p in pages) // PICTURES} bytes"
    )
    with serving(data_dir, plain=True) as port:
        rates: dict[str, list[float]] = {"StaticFiles": [], "API": []}
        for _ in range(told.rounds):
            for name, paths in (("StaticFiles", plain), ("API", api)):
                times_s = ask(port, token, paths, clients, told.seconds / told.rounds)
                rates[name].append(len(times_s) / (told.seconds / told.rounds))
                print(f"{name:12s} {rates[name][-1]:7.0f} requests a second, {_told(times_s)}")
    of_api, of_plain = (statistics.median(rates[name]) for name in ("API", "StaticFiles"))
    print(f"API {of_api:.0f} against StaticFiles {of_plain:.0f} requests a second: ratio {of_api / of_plain:.2f}")
    return of_api / of_plain


def ask(port: int, token: str, paths: list[str], clients: int, seconds: float) -> list[float]:
    """How long each request took, of so many clients at once that ask for these paths in random order."""
    answers: Any = FORK.Queue()
    told = (port, token, paths, seconds, answers)
    running = [FORK.Process(target=_client, args=(n, *told)) for n in range(clients)]
    for process in running:
        process.start()
    times_s = [t for _ in running for t in answers.get(timeout=seconds + 60)]
    for process in running:
        process.join()
    return times_s


def _client(number: int, port: int, token: str, paths: list[str], seconds: float, answers: Any) -> None:
    chance, times_s = random.Random(number), []
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    headers = {"Authorization": f"Bearer {token}"}
    end_s = time.perf_counter() + seconds
    while (began_s := time.perf_counter()) < end_s:
        connection.request("GET", chance.choice(paths), headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200 and body, (answer.status, body[:200])
        times_s.append(time.perf_counter() - began_s)
    answers.put(times_s)


@contextlib.contextmanager
def serving(data_dir: Path, plain: bool = False) -> Iterator[int]:
    """The port of a server in a process of its own; with the objects as plain files as well, if wished."""
    ports: Any = FORK.Queue()
    server = FORK.Process(target=_serve, args=(data_dir, plain, ports), daemon=True)
    server.start()
    try:
        yield ports.get(timeout=60)
    finally:
        server.terminate()
        server.join()


def _serve(data_dir: Path, plain: bool, ports: Any) -> None:
    with open_parts(_settings(data_dir)) as parts:
        app: Any = make_app(parts, Meter(), Site(lambda scans: None))
        if plain:  # in front of the application: none of our routes and headers is in its way
            files = Mount("/plain", app=StaticFiles(directory=data_dir / "objects"))
            app = Starlette(routes=[files, Mount("/", app=app)])
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        ports.put(listening.getsockname()[1])
        uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run([listening])


def fill(data_dir: Path, pages: int, with_files: bool = False) -> str:
    """An installation with so many filed pages, ten for each candidate; answers a token. The rows are put in as they are: events
    of so many pages would take longer than what is measured.
    """
    settings = _settings(data_dir)
    data_dir.mkdir(parents=True)
    questions = tuple(Question(str(n), f"Oppgave {n}", "expected", 4) for n in range(1, QUESTIONS + 1))
    people = tuple(Candidate(str(100_001 + n)) for n in range(-(-pages // QUESTIONS)))
    test = TestDefinition(TEST, "Måling", "2026-12-03", "nb", True, questions, people)
    with open_ledger(settings.ledger_url) as ledger:
        told = {"test": TEST, "revision": 1, "digest": digest(test), "body": to_json(test)}
        ledger.write(lambda tx: tx.append("definition_registered", **told, by="measure"))
        rows = (_row(n, people, settings.root / "objects" if with_files else None) for n in range(pages))
        chunk: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = []
        for row in rows:
            chunk.append(row)
            if len(chunk) == _CHUNK:
                _insert(ledger.writing, chunk)
        _insert(ledger.writing, chunk)
    with open_parts(settings) as parts:
        return add_token(parts, plan_token("measure", list(SCOPES), [], None), "measure")


def _insert(writing: Any, chunk: list[Any]) -> None:
    if chunk:
        with writing() as c:
            for table, rows in zip((t.scan, t.page, t.sheet), zip(*chunk, strict=True), strict=True):
                c.execute(sa.insert(table), list(rows))
    chunk.clear()


def _row(n: int, people: tuple[Candidate, ...], objects: Path | None) -> Any:
    candidate, question, serial = people[n // QUESTIONS].number, str(1 + n % QUESTIONS), f"{n + 1:08d}"
    scan, body = hashlib.sha256(str(n).encode()).hexdigest(), _picture(n) if objects else b""
    sha256 = hashlib.sha256(body).hexdigest() if objects else scan
    key = f"tests/{TEST}/candidates/{candidate}/questions/{question}/{serial}-{sha256[:12]}.jpg"
    if objects:
        (objects / key).parent.mkdir(parents=True, exist_ok=True)
        (objects / key).write_bytes(body)
    slot = {"test": TEST, "candidate": candidate, "question": question, "serial": serial}
    page = {"scan": scan, "page": 1, "state": "filed", "key": key, "sha256": sha256, "media_type": "image/jpeg"}
    page |= {"evidence": "{}", "revision": 1, "skew_deg": 0.0, "turn_deg": 0, "dpi": 300.0, "at": AT, "event": n + 10}
    about = {
        "scan": scan,
        "file": "f.jpg",
        "stack": f"s{n // 100}",
        "position": n % 100,
        "size": 1,
        "key": f"originals/{scan}",
    }
    about |= {"holder": "1-a", "pages": 1, "seen": 1, "at": AT}
    return about, page | slot | {"width_px": 2480, "height_px": 3508}, slot | {"number": 1, "of": 1, "revision": 1}


def _picture(n: int) -> bytes:
    """A gray sheet at 300 dpi with a little noise on a part of it: about 300 kB, as such scans have."""
    chance = np.random.default_rng(n)
    picture = np.full((3508, 2480), 250, np.uint8)
    picture[200:450] = chance.integers(200, 256, (250, 2480))
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 60])[1])


def _slot_lists(candidates: int) -> list[str]:
    """Stretches of a hundred slots from anywhere in the list."""
    chance, base = random.Random(1), f"/api/v1/tests/{TEST}/slots"
    at = [chance.randrange(candidates - 11) for _ in range(200)]
    behind = [cursors.told(str(100_001 + n), str(QUESTIONS), n, QUESTIONS - 1) for n in at]
    return [f"{base}?limit=100&after={cursor}" for cursor in behind]


def _settings(data_dir: Path) -> Any:
    return load_settings(None, {"SCANPIPE__DATA_DIR": str(data_dir)})[0]


def _share(times_s: list[float], share: float) -> float:
    return sorted(times_s)[min(len(times_s) - 1, int(share * len(times_s)))]


def _ratio(found: dict[int, list[float]], of: int, to: int, share: float) -> float:
    return _share(found[of], share) / _share(found[to], share)


def _told(times_s: list[float]) -> str:
    p50, p99 = (1000 * _share(times_s, share) for share in (0.5, 0.99))
    return json.dumps({"requests": len(times_s), "p50_ms": round(p50, 1), "p99_ms": round(p99, 1)})


if __name__ == "__main__":
    main()
