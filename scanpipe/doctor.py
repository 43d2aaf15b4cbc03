"""Probes of the installation: each does the real operation that the work will need, and says how to mend what fails."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scanpipe.codes import Key, Kind, decode, encode
from scanpipe.codes import Keyring as Ring
from scanpipe.faults import Fault
from scanpipe.ledgers import open_ledger
from scanpipe.model import Claims
from scanpipe.ocr import open_text_reader
from scanpipe.readers import names as reader_names
from scanpipe.readers import open_reader
from scanpipe.settings import Settings
from scanpipe.sheets import matrix
from scanpipe.stages.straighten import COMPILED
from scanpipe.stages.unpack import turbo
from scanpipe.wiring import key_file, open_carriers, open_object_store, open_workers

_LOW_SPACE_GB = 2.0
_MIN_WATCHES = 1024
_WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")
_INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
_EARLIEST_YEAR = 2025


@dataclass(frozen=True, slots=True)
class Probe:
    """What one look found; `hint` is the next step where it is not `ok`."""

    name: str
    ok: bool
    message: str
    hint: str = ""


def examine_installation(settings: Settings) -> Iterator[Probe]:
    """All probes, one after the other; a probe that meets a fault answers with it."""
    probes: list[tuple[str, Callable[[Settings], Iterator[Probe]]]] = [
        ("folders", _folders),
        ("disk space", _space),
        ("inotify", _inotify),
        ("clock", _clock),
        ("readers", _readers),
        ("speed", _speed),
        ("print", _print),
        ("workers", _workers),
        ("Dask", _dask),
        ("keys", _keys),
        ("ledger", _ledger),
        ("store", _store),
    ]
    for name, probe in probes:
        try:
            yield from probe(settings)
        except Fault as fault:
            yield Probe(name, False, fault.message, fault.hint)
        except OSError as e:
            yield Probe(name, False, f"{e.filename or ''} {e.strerror}".strip(), "Check the path and its rights.")


def _folders(settings: Settings) -> Iterator[Probe]:
    for name, folder in (("inbox", settings.inbox_path), ("claimed", settings.claimed_path), ("data", settings.root)):
        folder.mkdir(parents=True, exist_ok=True)
        trial = folder / f".scanpipe-doctor-{os.getpid()}"
        trial.write_bytes(b"?")
        trial.unlink()
        yield Probe(f"folder {name}", True, f"{folder} can be written")
    one = settings.inbox_path.stat().st_dev == settings.claimed_path.stat().st_dev
    hint = "Set inbox.claimed to a folder on the inbox's file system: files are claimed by an atomic rename."
    yield Probe(
        "one file system", one, "inbox and claimed " + ("are" if one else "are not") + " on one file system", hint
    )


def _space(settings: Settings) -> Iterator[Probe]:
    free_gb = shutil.disk_usage(settings.root).free / 1e9
    hint = "A day of 17,000 sheets of 1 MB needs some 35 GB: make room, or move data_dir."
    yield Probe("disk space", free_gb >= _LOW_SPACE_GB, f"{free_gb:.0f} GB free in {settings.root}", hint)


def _inotify(settings: Settings) -> Iterator[Probe]:
    if settings.inbox.polling:
        yield Probe("inotify", True, "not needed: inbox.polling is set")
        return
    watches = int(_WATCHES.read_text()) if _WATCHES.exists() else 0
    instances = int(_INSTANCES.read_text()) if _INSTANCES.exists() else 0
    ok = watches >= _MIN_WATCHES and instances > 0
    hint = "Run: sysctl fs.inotify.max_user_watches=65536; or set inbox.polling = true."
    yield Probe("inotify", ok, f"{watches} folders can be watched ({instances} watchers)", hint)


def _clock(_: Settings) -> Iterator[Probe]:
    year = time.gmtime().tm_year
    ok = year >= _EARLIEST_YEAR
    yield Probe("clock", ok, time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()), "Set the clock (timedatectl).")


def _readers(_: Settings) -> Iterator[Probe]:
    """A code is made, drawn, read and checked, by each reader."""
    key = Key("AAA", b"doctor's trial key, signs nothing")
    text = encode(Kind.SHEET, Claims("TRIAL", "1", "1", "00000001"), key)
    modules = np.where(np.pad(matrix(text), 4), 0, 255).astype(np.uint8)
    picture = np.kron(modules, np.ones((6, 6), np.uint8))
    for name in reader_names():
        found = open_reader(name).search(picture, frozenset({"qr"}))
        ok = [c.text for c in found] == [text] and not hasattr(decode(text, Ring.of(key)), "why")
        hint = (
            "Install libzbar0 (apt-get install libzbar0)."
            if name == "zbar"
            else "Install the packages anew: make setup."
        )
        yield Probe(f"reader {name}", ok, "reads a trial code" if ok else "does not read a trial code", hint)


def _speed(settings: Settings) -> Iterator[Probe]:
    yield Probe("resampler", True, "compiled" if COMPILED else "not compiled: skewed pages take a quarter longer")
    found = "found" if turbo.AVAILABLE else "libturbojpeg0 is not installed: colour pages take a fifth longer"
    yield Probe("TurboJPEG", True, found)


def _print(_: Settings) -> Iterator[Probe]:
    found = (
        "Tesseract is there"
        if open_text_reader()
        else "not read: pip install 'scanpipe[ocr]' and tesseract-ocr would help"
    )
    yield Probe("print beside dead codes", True, found)


def _workers(settings: Settings) -> Iterator[Probe]:
    with open_workers(settings) as engine:
        pid = engine.submit("os:getpid").result(timeout=60)
        yield Probe("workers", True, f"{engine.workers} worker processes; one answered (process {pid})")


def _dask(settings: Settings) -> Iterator[Probe]:
    """A task goes all the way: through the scheduler to a worker, whose process has opened its ledger and its store for it."""
    if settings.engine.kind != "dask":
        return
    with open_carriers(settings) as engine:
        pid = engine.submit("os:getpid").result(timeout=60)
        yield Probe("Dask", True, f"{engine.workers} processes at {settings.engine.scheduler}; one answered ({pid})")


def _keys(settings: Settings) -> Iterator[Probe]:
    infos = key_file(settings).infos()
    yield Probe("keys", True, f"{len(infos)} signing keys; {infos[-1].id} signs new sheets")


def _ledger(settings: Settings) -> Iterator[Probe]:
    with open_ledger(settings.ledger_url) as ledger, ledger.read() as r:
        counts = r.counts()
    yield Probe("ledger", True, f"opens; {sum(counts.values())} pages on record")


def _store(settings: Settings) -> Iterator[Probe]:
    with open_ledger(settings.ledger_url) as ledger:
        for p in open_object_store(settings, ledger).probe():
            yield Probe(f"store: {p.name}", p.ok, p.message, p.hint)
