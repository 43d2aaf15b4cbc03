"""Codes on a picture that an invigilator took with a phone: read by a worker process, since anybody's bytes may be in it."""

from __future__ import annotations

import tempfile
from contextlib import suppress

from scanpipe.desk.on_demand import OnDemand
from scanpipe.desk.parts import Parts
from scanpipe.engines import TaskLost
from scanpipe.sight import Sight

MOST_BYTES = 15 * 2**20


class Camera:
    """Any thread may call."""

    def __init__(self, parts: Parts, worker: OnDemand) -> None:
        self._parts, self._worker = parts, worker

    def texts(self, picture: bytes) -> list[str]:
        """What the QR codes on it say; none where it is no picture. Raises Fault when the worker cannot be had."""
        with tempfile.NamedTemporaryFile(dir=self._parts.folders.own_work) as file:
            file.write(picture)
            file.flush()
            asked = self._worker.submit("scanpipe.hands:read_page", file.name, 1, frozenset({"qr"}), self._parts.errand)
            with suppress(TaskLost):
                seen = asked.result()
                return sorted({code.text for code in seen.codes}) if isinstance(seen, Sight) else []
        return []
