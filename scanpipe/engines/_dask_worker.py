"""The side of the Dask engine that runs on a worker's machine: a Dask worker whose tasks run in processes of the local engine.

So a task that crashes or hangs costs itself alone here too, and never the Dask worker.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import dask
from distributed import Security, Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from scanpipe.engines import Engine, Tls
from scanpipe.engines._worker import attempt
from scanpipe.faults import ConfigFault

RESOURCE = "scanpipe"
"""Only workers that have it are given our tasks: at the scheduler there may be others, which know nothing of scanpipe."""
_LOOK_S = 0.5
_PAUSE_S = 2.0
_PATIENCE_S = 3.0
"""So long a scheduler may take to answer before it is said to be away."""
Frame = tuple[int, bytes]


class Hands(WorkerPlugin):  # type: ignore[misc]
    """Where `perform` finds the local engine of its machine."""

    name = "scanpipe"

    def __init__(self, engine: Engine) -> None:
        self.engine = engine


def perform(body: bytes) -> Frame:
    """A Dask task: runs what `body` names on the local engine, and answers as its worker would."""
    kind, answer = attempt(_perform, body)
    return int(kind), answer


def _perform(body: bytes) -> Any:
    function, args = pickle.loads(body)
    hands: Any = get_worker().plugins[Hands.name]
    return hands.engine.submit(function, *args).result()


def security(scheduler: str, tls: Tls | None) -> Security:
    """What Dask needs for TLS. Without `tls` Dask looks in its own configuration. Raises ConfigFault."""
    if tls is not None:
        every = {f"tls_{who}_{what}": path for who in ("client", "worker") for what, path in _pair(tls)}
        return Security(tls_ca_file=tls.ca, require_encryption=True, **every)
    found = Security()
    if scheduler.startswith("tls://") and not found.tls_ca_file:
        raise ConfigFault(
            f"{scheduler} asks for TLS, and there are no certificates",
            "Set engine.tls_ca, engine.tls_certificate and engine.tls_key.",
        )
    return found


def _pair(tls: Tls) -> tuple[tuple[str, str], ...]:
    return ("cert", tls.certificate), ("key", tls.key)


_QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.limit": "60s",
    "distributed.admin.system-monitor.interval": "10s",
}
"""Dask watches itself fifty times a second, which costs a twentieth of a core in every worker."""


def hush() -> None:
    """What Dask has to complain of reaches people as faults, in words of theirs; its own goes over pages. And see `_QUIET`."""
    dask.config.set(_QUIET)
    for name in [n for n in logging.root.manager.loggerDict if n.partition(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def serve(
    scheduler: str, tls: Tls | None, engine: Engine, stop: threading.Event, say: Callable[[str], None] = lambda _: None
) -> None:
    """Works for the scheduler until `stop` is set; waits for it, and comes back to it, as long as it is away. `say` hears so.

    Raises ConfigFault.
    """
    hush()
    with tempfile.TemporaryDirectory(prefix="scanpipe-dask-") as folder:
        asyncio.run(_Service(scheduler, security(scheduler, tls), engine, folder, stop, say).run())


@dataclass
class _Service:
    """One Dask worker after the other, as the scheduler comes and goes."""

    scheduler: str
    secured: Security
    engine: Engine
    folder: str
    stop: threading.Event
    say: Callable[[str], None]
    there: bool | None = None

    async def run(self) -> None:
        while not self.stop.is_set():
            with suppress(OSError, TimeoutError, RuntimeError):
                await self._serve_once()
            self._tell(False)
            await self._wait(_PAUSE_S)

    async def _serve_once(self) -> None:
        """One time with the scheduler, from finding it to losing it."""
        options: dict[str, Any] = {
            "memory_limit": 0,
            "dashboard": False,
            "local_directory": self.folder,
            "heartbeat_interval": "5s",
        }
        options |= {"nthreads": self.engine.workers, "resources": {RESOURCE: self.engine.workers}}
        worker = Worker(self.scheduler, security=self.secured, plugins=(Hands(self.engine),), **options)
        starting = asyncio.ensure_future(worker.start())
        try:
            until_s = time.monotonic() + _PATIENCE_S
            while not starting.done() and not self.stop.is_set():
                await asyncio.wait([starting], timeout=_LOOK_S)
                if time.monotonic() > until_s:
                    self._tell(False)
            if not starting.done():
                starting.cancel()
                return
            await starting
            self._tell(True)
            while worker.status.name in ("running", "paused") and not self.stop.is_set():
                await asyncio.sleep(_LOOK_S)
        finally:
            await worker.close(timeout=5, executor_wait=False)

    async def _wait(self, seconds: float) -> None:
        for _ in range(int(seconds / _LOOK_S)):
            if not self.stop.is_set():
                await asyncio.sleep(_LOOK_S)

    def _tell(self, there: bool) -> None:
        if there is not self.there and not self.stop.is_set():
            found = "is there: pages can come." if there else "is not there. Trying again."
            self.say(f"The scheduler {self.scheduler} {found}")
            self.there = there
