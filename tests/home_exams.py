"""What tests of home exams share: pictures, a desk without processes of its own, and files handed in by a link."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np

from scanpipe.desk import submitting
from scanpipe.desk.conveyor import Conveyor
from scanpipe.desk.links import LinkRules, Wish, admit_link, give_out
from scanpipe.desk.on_demand import OnDemand
from scanpipe.desk.parts import Parts
from scanpipe.desk.straightening import Straightener
from scanpipe.desk.submitting import Desk
from scanpipe.desk.uploads import UploadedFile
from scanpipe.desk.working import ingest
from scanpipe.ledgers.links import Link, Submission
from scanpipe.model import PageRecord
from scanpipe.wiring import open_submissions
from tests.crash.driver import InProcess
from tests.installation import Installation

TEST = "MA0001-2026H"


def picture(n: int, size: tuple[int, int] = (600, 450)) -> bytes:
    """A page of plain paper that somebody drew on, each `n` another."""
    page = np.full((*size, 3), 235, np.uint8)
    cv2.putText(page, f"side {n}", (40, 120), cv2.FONT_HERSHEY_SIMPLEX, 2, (40, 30, 30), 4)
    cv2.polylines(page, [np.array([[60, 300], [200, 340 + 7 * n], [380, 260]], np.int32)], False, (60, 20, 20), 3)
    return bytes(cv2.imencode(".jpg", page)[1])


@dataclass
class Home:
    """A desk in this process. `again` are scans that were to be worked off again."""

    place: Installation
    parts: Parts
    again: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        submissions = open_submissions(self.place.settings)
        self.desk = Desk(
            self.parts, submissions, Straightener(submissions, self.parts.errand, OnDemand(here)), self.again.extend
        )

    def secret(self, candidate: str = "10001", question: str = "2a", **told: object) -> str:
        """Of a new link; with `minutes` below 0 its deadline has passed."""
        minutes = told.pop("minutes", 60)
        closes = datetime.now(UTC) + timedelta(minutes=float(minutes))  # type: ignore[arg-type]
        wish = Wish(candidate, question, closes, **told)  # type: ignore[arg-type]
        with patch("scanpipe.desk.links._check_ahead"):  # time has passed since it was given out
            return give_out(self.parts, LinkRules(), TEST, [wish], "test")[0].secret

    def link(self, candidate: str = "10001", question: str = "2a", **told: object) -> Link:
        found = admit_link(self.parts, self.secret(candidate, question, **told))
        assert found is not None
        return found

    def add(self, link: Link, name: str, body: bytes) -> int:
        batch, n = submitting.add(self.desk, link, UploadedFile(name, len(body), "1"))
        self.desk.uploads.put(batch.id, n, 0, body)
        return n

    def send(self, link: Link, number: int) -> Submission:
        """Hands in a draft as it is."""
        shown = self.desk.uploads.batch(submitting.draft_id(link, number)).ordered
        return submitting.hand_in(self.desk, link, number, shown)

    def hand_in(self, link: Link, *bodies: bytes) -> Submission:
        """A draft of nothing but these files, handed in."""
        batch = submitting.draft(self.desk, link)
        number = submitting.number_of(batch)
        for n in batch.ordered:
            submitting.remove(self.desk, link, number, n)
        for n, body in enumerate(bodies, 1):
            self.add(link, f"side {n}.jpg", body)
        return self.send(link, number)

    def work_off(self) -> None:
        """All that lies in the inbox, and all that was to be worked off again."""
        conveyor = Conveyor(self.parts, InProcess())
        jobs = sorted(p for p in self.place.settings.inbox_path.iterdir() if not p.name.startswith("."))
        for _ in ingest(self.parts, conveyor, jobs):
            pass
        for job in jobs:
            shutil.rmtree(job) if job.is_dir() else job.unlink()
        with self.parts.ledger.read() as r:
            scans = [scan for name in self.again if (scan := r.scan(name)) is not None]
        for future in [conveyor.resume(scan) for scan in scans]:
            future.result()
        self.again.clear()
        conveyor.close()

    def slot(self, candidate: str = "10001", question: str = "2a") -> list[PageRecord]:
        with self.parts.ledger.read() as r:
            return r.slot_pages(TEST, candidate, question)

    def pages(self, *states: str) -> list[PageRecord]:
        with self.parts.ledger.read() as r:
            return list(r.pages_in(*states))


@contextmanager
def here() -> Iterator[InProcess]:
    yield InProcess()


def bodies(folder: Path) -> list[bytes]:
    return [p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()]
