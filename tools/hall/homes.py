"""Candidates at home: pictures of plain paper handed in by links, some of them again, some with another candidate's sheet."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.request import Request, urlopen

import numpy as np

from scanpipe.model import Reason, Slot
from tools.hall.exam import TEST, Press, numbers
from tools.hall.stacks import Truth
from tools.phones.shots import REPORTED, SMALL, plain, printed

QUESTION = "3"
_ROOM = replace(REPORTED, sizes=SMALL)


@dataclass(frozen=True)
class HandIn:
    """What a candidate sends, version after version: the pictures of each by name, and the truth about all of them."""

    secret: str
    versions: tuple[Mapping[str, bytes], ...]
    truths: Mapping[str, Truth]


def home_exam(press: Press, count: int, rng: np.random.Generator) -> Iterator[HandIn]:
    """About so many pictures. One candidate of four hands in a second time; one of five photographs another candidate's sheet."""
    people = numbers(press.candidates)[: max(1, count * 4 // 5)]
    sheets = press.print("strangers", "--candidate", numbers(press.candidates)[-1], "--question", QUESTION)
    for n, (candidate, secret) in enumerate(_links(press, people)):
        slot, name = Slot(TEST, candidate, QUESTION), f"hjemme-{n:04d}"
        if n % 5 == 4:
            body = printed(sheets, 0, rng, _ROOM).body
            truth = Truth("by link, another candidate's sheet", held=frozenset({Reason.CODES_DISAGREE}))
            yield HandIn(secret, ({f"{name}.jpg": body},), {f"{name}.jpg": truth})
        elif n % 4 == 0:
            first, second = ({f"{name}-{v}.jpg": plain(rng, _ROOM).body} for v in (1, 2))
            before, now = Truth("by link, an earlier version", aside="replaced"), Truth("by link, plain paper", slot)
            yield HandIn(secret, (first, second), {f"{name}-1.jpg": before, f"{name}-2.jpg": now})
        else:
            yield HandIn(
                secret, ({f"{name}.jpg": plain(rng, _ROOM).body},), {f"{name}.jpg": Truth("by link, plain paper", slot)}
            )


def _links(press: Press, people: list[str]) -> Iterator[tuple[str, str]]:
    """Candidate and secret."""
    path, tomorrow = press.folder / "links.csv", datetime.now(UTC) + timedelta(days=1)
    who = [word for person in people for word in ("--candidate", person)]
    closes = ("--closes", f"{tomorrow:%Y-%m-%d %H:%M}", "--base-url", "https://scan.example")
    press.run("links", "make", TEST, *closes, *who, "--question", QUESTION, "--out", str(path))
    with path.open(encoding="utf-8", newline="") as f:
        yield from ((row["candidate"], row["link"].rpartition("#")[2]) for row in csv.DictReader(f))


def send(url: str, hand_in: HandIn) -> None:
    """As the exam system does on behalf of the candidate. Raises HTTPError."""
    for version in hand_in.versions:
        there = _asked(url, "GET", "hand-ins", hand_in.secret)
        for file in there["files"]:
            _asked(url, "DELETE", f"hand-ins/files/{file['file']}?draft={there['draft']}", hand_in.secret)
        files = []
        for name, body in version.items():
            about = {"File-Name": name, "Content-Type": "image/jpeg"}
            files.append(_asked(url, "POST", "hand-ins/files", hand_in.secret, body, **about)["file"])
        told = json.dumps({"draft": there["draft"], "files": files}).encode()
        _asked(url, "POST", "hand-ins", hand_in.secret, told, **{"Content-Type": "application/json"})


def _asked(url: str, method: str, path: str, secret: str, body: bytes | None = None, **headers: str) -> dict:  # type: ignore[type-arg]
    request = Request(f"{url}/api/v1/{path}", body, {"Authorization": f"Bearer {secret}", **headers}, method=method)
    with urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text else {}
