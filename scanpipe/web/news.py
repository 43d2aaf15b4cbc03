"""What changes in the queue while somebody looks: looked up once a second, for all who listen."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from starlette.concurrency import run_in_threadpool

from scanpipe.desk.parts import Parts
from scanpipe.faults import Fault
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.queue import Filter

_EVERY_S = 1.0
_STREAM_S = 300.0
"""A stream ends by itself, and browsers ask again: who is signed out does not listen for ever."""
HERE_S = 90
"""Who has a page open says so each 30 seconds; after so long without it they have left."""


class News:
    """Any number of listeners cost the ledger one question a second, and no thread each."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._at_s, self._now = 0.0, ""

    async def listen(self) -> AsyncIterator[str]:
        """Server-sent events: how many pages are held, the newest of them, and a mark of who has which open; at every change."""
        told, end_s = None, time.monotonic() + _STREAM_S
        while time.monotonic() < end_s and not self._parts.ledger.closed:
            now = self._now if time.monotonic() < self._at_s + _EVERY_S else await run_in_threadpool(self._look)
            if now != told:
                yield f"data: {now}\n\n"
                told = now
            await asyncio.sleep(_EVERY_S)

    def _look(self) -> str:
        """Who comes while another one looks takes what that one found."""
        with self._lock:
            if time.monotonic() >= self._at_s + _EVERY_S:
                try:
                    with self._parts.ledger.read() as r:
                        now = {"held": r.queue().count(Filter()), "newest": r.queue().newest_held(), "open": _mark(r)}
                    self._now = json.dumps(now)
                except Fault:
                    pass  # the ledger is away: there is no news
                self._at_s = time.monotonic()
            return self._now


def _mark(r: Transaction) -> str:
    """Another one whenever somebody opens or leaves a sheet. It tells no names."""
    since = (datetime.now(UTC) - timedelta(seconds=HERE_S)).isoformat(timespec="seconds")
    return f"{zlib.crc32(repr(sorted(r.sessions().looking(since, '').items())).encode()):08x}"
