"""The side of the Dask engine that runs on a worker's machine: a Dask worker whose tasks run in processes of the local engine.

So a task that crashes or hangs costs itself alone here too, and never the Dask worker.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import tempfile
import threading
from contextlib import suppress
from typing import Any

import dask
from distributed import Security, Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from scanpipe.engines import Engine, Tls
from scanpipe.engines._worker import attempt
from scanpipe.faults import ConfigFault

RESOURCE = "scanpipe"
"""Only workers that have it are given our tasks: at the scheduler there may be others, which know nothing of scanpipe."""
_LOOK_S = 0.2
_PAUSE_S = 2.0
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


def serve(scheduler: str, tls: Tls | None, engine: Engine, stop: threading.Event) -> None:
    """Works for the scheduler until `stop` is set; waits for it, and comes back to it, as long as it is away."""
    hush()
    with tempfile.TemporaryDirectory(prefix="scanpipe-dask-") as folder:
        asyncio.run(_serve(scheduler, security(scheduler, tls), engine, folder, stop))


async def _serve(scheduler: str, secured: Security, engine: Engine, folder: str, stop: threading.Event) -> None:
    while not stop.is_set():
        with suppress(OSError, TimeoutError, RuntimeError):
            await _serve_once(scheduler, secured, engine, folder, stop)
        for _ in range(int(_PAUSE_S / _LOOK_S)):
            if not stop.is_set():
                await asyncio.sleep(_LOOK_S)


async def _serve_once(scheduler: str, secured: Security, engine: Engine, folder: str, stop: threading.Event) -> None:
    """One time with the scheduler, from finding it to losing it."""
    options: dict[str, Any] = {"security": secured, "local_directory": folder, "memory_limit": 0, "dashboard": False}
    resources = {RESOURCE: engine.workers}
    worker = Worker(scheduler, nthreads=engine.workers, resources=resources, plugins=(Hands(engine),), **options)
    try:
        starting = asyncio.ensure_future(worker.start())
        while not starting.done() and not stop.is_set():
            await asyncio.sleep(_LOOK_S)
        if not starting.done():
            starting.cancel()
            return
        await starting
        while worker.status.name in ("running", "paused") and not stop.is_set():
            await asyncio.sleep(_LOOK_S)
    finally:
        await worker.close(timeout=5, executor_wait=False)
