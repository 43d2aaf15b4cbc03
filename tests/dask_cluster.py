"""A Dask scheduler in a process of its own, and workers for it: in a thread, or as `scanpipe worker`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from scanpipe.engines import EngineOptions, Tls, open_engine
from scanpipe.engines._dask_worker import serve
from tests.installation import ROOT, Installation

QUIET = {"DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s", "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s"}
"""As docs/scale.md has it: a scheduler looks at itself fifty times a second otherwise."""


class Scheduler:
    """`dask scheduler` on 127.0.0.1. Started again it has the same address."""

    def __init__(self, folder: Path, tls: Tls | None = None) -> None:
        self._folder = folder
        self._tls = tls
        self._port = "0"
        self.address = ""
        self.start()

    def start(self) -> None:
        told = self._folder / "scheduler.json"
        told.unlink(missing_ok=True)
        scheme = "tls" if self._tls else "tcp"
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard", "--host"]
        command += [f"{scheme}://127.0.0.1", "--port", self._port, "--scheduler-file", str(told)]
        if self._tls:
            command += ["--protocol", "tls", "--tls-ca-file", self._tls.ca]
            command += ["--tls-cert", self._tls.certificate, "--tls-key", self._tls.key]
        with (self._folder / "scheduler.err").open("ab") as err:
            self.process = subprocess.Popen(
                command, stdout=err, stderr=err, cwd=self._folder, env={**os.environ, **QUIET}
            )
        while not told.exists() or not told.read_text():
            assert self.process.poll() is None, (self._folder / "scheduler.err").read_text()
            time.sleep(0.05)
        self.address = json.loads(told.read_text())["address"]
        self._port = self.address.rpartition(":")[2]

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.wait()


@contextmanager
def scheduler(tls: Tls | None = None) -> Iterator[Scheduler]:
    with tempfile.TemporaryDirectory() as folder:
        started = Scheduler(Path(folder), tls)
        try:
            yield started
        finally:
            started.stop()


@contextmanager
def worker_here(address: str, options: EngineOptions) -> Iterator[None]:
    """A Dask worker in a thread of this process; its own processes are made by these options."""
    stop = threading.Event()
    with open_engine("local", replace(options, scheduler="")) as engine:
        thread = threading.Thread(target=serve, args=(address, options.tls, engine, stop))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            engine.close(wait=False)
            thread.join()


def environment() -> dict[str, str]:
    """That of a process that finds the tests."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


class Worker:
    """`scanpipe worker` on what passes for a machine of its own: its folders are its own, ledger, store and keys are shared."""

    def __init__(self, home: Installation, name: str, address: str) -> None:
        place = home.data_dir.parent / name
        place.mkdir(exist_ok=True)
        shutil.copy(home.data_dir / "keys.json", place)
        for shared in ("objects", "metadata"):
            (home.data_dir / shared).mkdir(exist_ok=True)
            if not (place / shared).exists():
                (place / shared).symlink_to(home.data_dir / shared)
        own = {"SCANPIPE__DATA_DIR": str(place), "SCANPIPE__LEDGER__URL": home.settings.ledger_url}
        env = environment() | home.environ | own
        command = [sys.executable, "-m", "scanpipe", "worker", "--scheduler", address, "--workers", "1"]
        self.errors = place / "worker.err"
        with self.errors.open("ab") as err:
            self.process = subprocess.Popen(command, env=env, cwd=ROOT, stderr=err)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def workers(home: Installation, address: str, count: int = 2) -> Iterator[list[Worker]]:
    started = [Worker(home, f"machine {n}", address) for n in range(count)]
    try:
        yield started
    finally:
        for worker in started:
            worker.stop(signal.SIGKILL)


def far(address: str) -> dict[str, str]:
    return {"SCANPIPE__ENGINE__KIND": "dask", "SCANPIPE__ENGINE__SCHEDULER": address}
