"""The example grader has at the end what the slots have, however often it was killed; the client says what goes wrong."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanpipe.desk.parts import Parts
from scanpipe.ledgers import Transaction
from scanpipe.web.serving import Server
from tests.installation import ROOT, Installation
from tests.programs.conftest import CHEMISTRY, MATHEMATICS, application, token

sys.path.insert(0, str(ROOT / "examples"))
from scanpipe_client import Page, Problem, Scanpipe, Slot  # type: ignore[import-not-found]

PAGES = 60


@pytest.fixture
def served(home: Installation, parts: Parts) -> Iterator[str]:
    server = Server(application(home, parts).app, "127.0.0.1", 0, "")  # type: ignore[arg-type]
    yield server.start()
    server.close()


def file(parts: Parts, n: int, test: str = MATHEMATICS) -> None:
    """Files a page, with an object in the store."""
    body = f"picture {n}".encode()
    path = parts.folders.own_work / f"picture {n}"
    path.write_bytes(body)
    digest, scan = hashlib.sha256(body).hexdigest(), f"{n:064x}"
    slot = {"test": test, "candidate": f"1000{n % 4 + 1}", "question": "2a"}
    key = f"tests/{test}/candidates/{slot['candidate']}/questions/2a/{n}.jpg"
    parts.store.put_new(key, path, sha256=digest, media_type="image/jpeg", metadata={})

    def record(tx: Transaction) -> None:
        tx.append("scan_taken_in", scan=scan, file="f", stack="s", position=n, size=1, key=f"o{n}", holder="h")
        tx.append("scan_unpacked", scan=scan, pages=1)
        about = {"serial": f"{n:08d}", "sha256": digest, "key": key, "media_type": "image/jpeg"}
        tx.append("page_placing", scan=scan, page=1, **slot, **about)
        tx.append("page_filed", scan=scan, page=1)

    parts.ledger.write(record)


def discard(parts: Parts, n: int) -> None:
    about = {"decided_by": "kari", "why": "test print"}
    parts.ledger.write(lambda tx: tx.append("page_discarded", scan=f"{n:064x}", page=1, **about))


def grader(url: str, secret: str, folder: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "examples/grader.py"), url, MATHEMATICS, str(folder), *more]
    env = {**os.environ, "SCANPIPE_TOKEN": secret}
    return subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)


def test_a_grader_that_is_killed_has_all_of_it_at_the_end(served: str, parts: Parts, tmp_path: Path) -> None:
    secret, folder, chance = (
        token(parts, "slots:read", "content:read", "events:read"),
        tmp_path / "drawings",
        random.Random(3),
    )
    for n in range(PAGES):
        file(parts, n)
        if n % 12 == 0:
            process = grader(served, secret, folder)
            assert process.stderr is not None
            process.stderr.readline()  # it has begun
            time.sleep(chance.random() * 0.05)
            process.kill()
            process.communicate()
        if n % 10 == 9:
            discard(parts, n - 5)
    file(parts, 900, CHEMISTRY)
    process = grader(served, secret, folder, "--once")
    assert process.communicate(timeout=120)[1] is not None and process.returncode == 0
    stay = [n for n in range(PAGES) if n % 10 != 4]
    found = {p.name.split("-")[1]: p for p in folder.rglob("*.jpg")}
    assert sorted(found) == [f"{n:08d}" for n in stay]
    for n in stay:
        assert found[f"{n:08d}"].read_bytes() == f"picture {n}".encode()
        assert found[f"{n:08d}"].parent.parent.name == f"1000{n % 4 + 1}"
    for place in folder.glob("*/*"):
        assert [p.name[:2] for p in sorted(place.iterdir())] == [
            f"{i:02d}" for i in range(1, 1 + len([*place.iterdir()]))
        ]
    assert grader(served, secret, folder, "--once").communicate(timeout=60)[1] == "", "nothing is seen twice"


def test_the_client_follows_from_its_cursor_and_says_what_is_wrong(served: str, parts: Parts, tmp_path: Path) -> None:
    secret = token(parts, "slots:read", "content:read", "events:read", tests=(MATHEMATICS,))
    client = Scanpipe(served, secret)
    for n in range(3):
        file(parts, n)
    cursor = tmp_path / "cursor"
    following = client.follow(cursor, wait_s=0)
    first = [next(following), next(following)]
    assert not cursor.exists(), "it is not worked off yet"
    again = [*client.follow(cursor, wait_s=0)]
    assert again[:2] == first and len(again) == 3
    assert [*client.follow(cursor, wait_s=0)] == []
    contents = client.slot(Slot(MATHEMATICS, "10001", "2a"))
    assert contents.state == "complete" or contents.state == "incomplete"
    assert client.content(contents.pages[0]) == b"picture 0"
    with pytest.raises(Problem, match="damaged"):
        client.content(Page(None, "0" * 64, "image/jpeg", contents.pages[0].content))
    with pytest.raises(Problem) as e:
        client.slot(Slot(CHEMISTRY, "10001", "2a"))
    assert (e.value.status, e.value.code) == (404, "not_found")
    with pytest.raises(Problem, match="unauthorized"):
        Scanpipe(served, "sp_wrong").changes(0)


def test_the_client_asks_again_when_the_server_dies_in_the_middle_of_an_answer() -> None:
    whole = b'{"events":[],"next":7}'
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(whole)}\r\nConnection: close\r\n\r\n".encode()
    answers = [b"", b"HTTP/1.1 2", head + whole[:8], head + whole]
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            for body in answers:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(body)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        assert Scanpipe(f"http://127.0.0.1:{listening.getsockname()[1]}", "sp_x").changes(0) == ([], 7)
        thread.join(10)
