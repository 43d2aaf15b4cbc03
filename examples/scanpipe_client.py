"""A client of scanpipe's API in one file, of the standard library alone: follow the changes, read slots, fetch drawings.

scanpipe = Scanpipe("https://scanpipe.example", token)
for change in scanpipe.follow(Path("cursor")):
    for page in scanpipe.slot(change.slot).pages: ...
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

_TRY_AGAIN = (429, 500, 502, 503, 504)
_TIMEOUT_S, _WAIT_S, _LONGEST_PAUSE_S = 90.0, 30, 60.0


@dataclass(frozen=True)
class Slot:
    """`candidate` and `question` are None where all slots of the test are meant."""

    test: str
    candidate: str | None
    question: str | None


@dataclass(frozen=True)
class Change:
    """Something is another way in a slot: ask for the slot to know how it is now."""

    id: int
    type: str
    slot: Slot


@dataclass(frozen=True)
class Page:
    """`content` is the link to the picture's bytes, whose SHA-256 is `sha256`."""

    serial: str | None
    sha256: str
    media_type: str
    content: str


@dataclass(frozen=True)
class Contents:
    """What lies in a slot, in its order. `state`: nothing_expected, waiting, incomplete, complete or locked."""

    state: str
    pages: tuple[Page, ...]


class Problem(Exception):
    """The API's problem (RFC 9457). `code` is stable."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code = status, code


class Scanpipe:
    """`url` is where scanpipe serves, `token` one with slots:read, content:read and events:read. What fails for a while is tried
    again for ever, with growing pauses.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url.rstrip("/"), token

    def changes(self, after: int, test: str | None = None, wait_s: int = 0) -> tuple[list[Change], int]:
        """Changes above a number, the oldest first, and the number to ask with the next time."""
        query = {"after": after, "wait_s": wait_s} | ({"test": test} if test else {})
        told = json.loads(self.get(f"/api/v1/events?{urlencode(query)}"))
        return [Change(e["id"], e["type"], Slot(**e["slot"])) for e in told["events"]], told["next"]

    def follow(self, cursor: Path, test: str | None = None, wait_s: int = _WAIT_S) -> Iterator[Change]:
        """Changes since the last time, then those that come; ends only with `wait_s=0`, when there are no more.

        The cursor file moves on when all of an answer were worked off: who is killed meanwhile sees them once more.
        """
        after = int(cursor.read_text()) if cursor.exists() else 0
        while True:
            found, following = self.changes(after, test, wait_s)
            yield from found
            if following != after:
                after = following
                write_whole(cursor, str(after).encode())
            elif not wait_s:
                return

    def slot(self, slot: Slot) -> Contents:
        """What lies in it now."""
        test, candidate, question = (quote(name or "", safe="") for name in (slot.test, slot.candidate, slot.question))
        told = json.loads(self.get(f"/api/v1/tests/{test}/slots/{candidate}/{question}"))
        names = Page.__dataclass_fields__
        return Contents(told["state"], tuple(Page(**{n: p[n] for n in names}) for p in told["pages"]))

    def content(self, page: Page) -> bytes:
        """The picture's bytes, checked against their digest."""
        body = self.get(page.content)
        if hashlib.sha256(body).hexdigest() != page.sha256:
            raise Problem(200, "damaged", f"{page.content} is not what it should be")
        return body

    def get(self, path: str) -> bytes:
        """Raises Problem for what another try would not mend."""
        pause_s = 0.5
        while True:
            try:
                with urlopen(Request(self._url + path, headers=self._headers()), timeout=_TIMEOUT_S) as answer:
                    return bytes(answer.read())
            except HTTPError as e:
                told = _problem(e)
                if e.code not in _TRY_AGAIN:
                    raise told from None
                time.sleep(max(pause_s, float(e.headers.get("Retry-After") or 0)))
            except (OSError, HTTPException):  # away, or killed in the middle of its answer
                time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}


def _problem(error: HTTPError) -> Problem:
    try:
        told: dict[str, Any] = json.loads(error.read())
    except (ValueError, OSError):
        told = {}
    return Problem(error.code, str(told.get("code", "unknown")), str(told.get("detail") or told.get("title") or ""))


def write_whole(path: Path, body: bytes) -> None:
    """The whole file or none, whenever the power goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with open(part, "wb") as f:
        f.write(body)
        f.flush()
        os.fsync(f.fileno())
    os.replace(part, path)
