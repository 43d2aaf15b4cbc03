"""What a candidate sees of the files of a draft: the straightened first page of each, and advice. Made by a worker process, since
whoever has a link may send any bytes; the process that serves opens none of them.

<batch>/shown/<n>.jpg, <n>.json   once they are made; a file that cannot be opened has no picture
"""

from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from scanpipe.desk.on_demand import OnDemand
from scanpipe.desk.uploads import Batch, Uploads
from scanpipe.engines import TaskLost
from scanpipe.hands import Errand, Shown

SIZE_PX = 900
_MOST_WAITING = 200
"""More files than a minute's work wait no better: the rest is asked for again when somebody looks."""


class Straightener:
    """Any thread may call."""

    def __init__(self, uploads: Uploads, errand: Errand, worker: OnDemand) -> None:
        self._uploads, self._errand, self._worker = uploads, errand, worker
        self._lock = threading.Lock()
        self._waiting: set[Path] = set()

    def shown(self, batch: Batch, n: int) -> Shown | None:
        """What is shown of a file that is whole; None: it is being made."""
        told = self._place(batch.id, n, "json")
        with suppress(FileNotFoundError):
            data = json.loads(told.read_text(encoding="utf-8"))
            return Shown(**data | {"advice": tuple(data["advice"])})
        if batch.files[n].kept:
            return Shown(0)
        self._make(self._uploads.path(batch.id, n), told)
        return None

    def picture(self, id: str, n: int) -> bytes | None:
        """The straightened first page, as a JPEG, if it is there."""
        with suppress(FileNotFoundError):
            return self._place(id, n, "jpg").read_bytes()
        return None

    def forget(self, id: str, n: int) -> None:
        """A file was taken out of its draft."""
        for extension in ("json", "jpg"):
            self._place(id, n, extension).unlink(missing_ok=True)

    def take_along(self, before: Batch, batch: Batch) -> None:
        """Files that are kept from one draft to the next are shown as they were."""
        old = {file.sha256: n for n, file in enumerate(before.files) if file.name}
        for n, file in enumerate(batch.files):
            for extension in ("jpg", "json"):
                source = self._place(before.id, old[file.sha256], extension) if file.sha256 in old else None
                if file.kept and source is not None and source.exists():
                    shutil.copyfile(source, self._place(batch.id, n, extension))

    @property
    def pause_s(self) -> int:
        """How long a page that waits for pictures does well to wait before it asks again."""
        return min(20, 1 + len(self._waiting) // 5)

    def _place(self, id: str, n: int, extension: str) -> Path:
        folder = self._uploads.path(id, n).parent.parent / "shown"
        folder.mkdir(exist_ok=True)
        return folder / f"{n}.{extension}"

    def _make(self, file: Path, told: Path) -> None:
        with self._lock:
            if told in self._waiting or len(self._waiting) >= _MOST_WAITING:
                return
            self._waiting.add(told)
            picture = told.with_suffix(".jpg")
            asked = self._worker.submit("scanpipe.hands:show_upload", str(file), str(picture), SIZE_PX, self._errand)
        asked.add_done_callback(lambda answer: self._made(told, answer))

    def _made(self, told: Path, answer: Future[Shown]) -> None:
        """Runs in the engine's thread. A file that costs workers their lives is handed in all the same: a person will look."""
        self._waiting.discard(told)
        if answer.cancelled():
            return
        error = answer.exception()
        if error is not None and not isinstance(error, TaskLost):
            return  # the machine is at fault: it is asked for again
        shown = answer.result() if error is None else Shown(0, problem="unreadable_file")
        new = told.with_suffix(".new")
        with suppress(OSError):  # the draft was swept away meanwhile
            new.write_text(json.dumps(asdict(shown)), encoding="utf-8")
            new.replace(told)
