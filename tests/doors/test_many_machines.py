"""A watcher takes files in, and workers of other machines carry the pages, through a Dask scheduler."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from scanpipe.engines import Tls
from scanpipe.ledgers import open_ledger
from tests.dask_cluster import Worker, environment, far, scheduler, workers
from tests.installation import ROOT, install
from tests.postgresql_server import PostgresqlServer
from tests.s3_server import S3Server
from tests.watcher import Watcher, watching

SHEETS = 12


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    """Certificates of an authority that lives as long as the test."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    names = tuple(str(tmp_path / name) for name in ("ca.pem", "certificate.pem", "key.pem"))
    authority.cert_pem.write_to_path(names[0])
    certificate.cert_chain_pems[0].write_to_path(names[1])
    certificate.private_key_pem.write_to_path(names[2])
    return Tls(*names)


@pytest.mark.proof
def test_a_stack_while_worker_and_scheduler_are_killed(
    tmp_path: Path,
    tls: Tls,
    postgresql: PostgresqlServer,
    s3_server: S3Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PostgreSQL, S3, TLS. Single sheets, a long PDF, and a file that is no picture: each page once."""
    for name, value in s3_server.environ.items():
        monkeypatch.setenv(name, value)
    more = {"SCANPIPE__LEDGER__URL": postgresql.new_database(), **s3_server.settings()}
    more |= {"SCANPIPE__ENGINE__TLS_CA": tls.ca, "SCANPIPE__ENGINE__TLS_CERTIFICATE": tls.certificate}
    home = install(tmp_path / "data", more | {"SCANPIPE__ENGINE__TLS_KEY": tls.key}, sheets=40)
    with scheduler(tls) as cluster, workers(home, cluster.address) as machines:
        assert cluster.address.startswith("tls://")
        with watching(home, **far(cluster.address)) as watcher:
            inbox = home.settings.inbox_path
            for n in range(SHEETS):
                (inbox / f"{n}.jpg").write_bytes(home.scan(n))
            shutil.copy(home.pdf, tmp_path / "all.part")
            (tmp_path / "all.part").rename(inbox / "all.pdf")
            (inbox / "broken.pdf").write_bytes(b"%PDF-1.7\n" + b"nonsense " * 200 + b"\n%%EOF\n")
            watcher.wait_until(lambda: len(lines(watcher)) >= 3, 60)
            machines[0].stop(signal.SIGKILL)
            watcher.wait_until(lambda: len(lines(watcher)) >= 6, 60)
            cluster.stop()
            cluster.start()
            machines.append(Worker(home, "machine 0", cluster.address))
            watcher.wait_until(lambda: len(lines(watcher)) >= SHEETS + 40 + 1, 120)
            machines[-1].stop()
    verdicts = Counter((a["verdict"], a["reason"]) for a in lines(watcher))
    # The PDF has every sheet once more: whichever of the two came second is held.
    assert verdicts == {("filed", None): 40, ("held", "sheet_seen_before"): SHEETS, ("held", "unreadable_file"): 1}
    told = home.lines("verify")[0]
    assert told["holds"] and told["states"] == {"filed": 40, "held": SHEETS + 1}


def test_one_machine_with_everything(tmp_path: Path) -> None:
    """SQLite and the directory store serve workers too, as long as they are on the same machine."""
    home = install(tmp_path / "data", sheets=SHEETS)
    inbox = tmp_path / "scans"
    inbox.mkdir()
    for n in range(SHEETS):
        (inbox / f"{n}.jpg").write_bytes(home.scan(n))
    with scheduler() as cluster, workers(home, cluster.address, 1):
        distant = replace(home, more=far(cluster.address))
        assert {"name": "Dask", "ok": True}.items() <= next(
            p for p in distant.lines("doctor") if p["name"] == "Dask"
        ).items()
        answers = distant.lines("ingest", str(inbox))
        assert [(Path(a["file"]).name, a["verdict"]) for a in answers] == [(f"{n}.jpg", "filed") for n in range(SHEETS)]
        assert {a["verdict"] for a in distant.lines("ingest", str(inbox))} == {"already_taken_in"}
    assert f"{SHEETS} filed" in home.run("verify")


def test_a_page_that_kills_its_reader_is_held_and_costs_nobody_else(tmp_path: Path) -> None:
    """Too little address space for one large page: tried once more alone, then held; its neighbours are filed."""
    home = install(tmp_path / "data", {"SCANPIPE__ENGINE__MEMORY_MIB": "800"}, sheets=4)
    inbox = tmp_path / "scans"
    inbox.mkdir()
    for n in range(3):
        (inbox / f"{n}.jpg").write_bytes(home.scan(n))
    (inbox / "9.jpg").write_bytes(home.scan(3, dpi=1000))
    with scheduler() as cluster, workers(home, cluster.address, 1):
        told = replace(home, more={**home.more, **far(cluster.address)}).lines("ingest", str(inbox))
        answers = {Path(a["file"]).name: a for a in told}
    assert {answers[f"{n}.jpg"]["verdict"] for n in range(3)} == {"filed"}
    assert answers["9.jpg"]["reason"] == "unreadable_file"
    assert "needed more than 800 MiB" in answers["9.jpg"]["evidence"]["detail"]


def test_a_worker_without_the_keys_files_nothing(tmp_path: Path) -> None:
    """It would hold every sheet as foreign: a machine problem, and no reason to hold anything."""
    home = install(tmp_path / "data", sheets=1)
    scan = tmp_path / "0.jpg"
    scan.write_bytes(home.scan(0))
    with scheduler() as cluster, workers(home, cluster.address, 1) as (machine,):
        machine.stop(signal.SIGKILL)
        (tmp_path / "machine 0/keys.json").unlink()
        env = environment() | home.environ
        env |= {"SCANPIPE__DATA_DIR": str(tmp_path / "machine 0"), "SCANPIPE__LEDGER__URL": home.settings.ledger_url}
        command = [sys.executable, "-m", "scanpipe", "worker", "--scheduler", cluster.address, "--workers", "1"]
        with subprocess.Popen(command, env=env, cwd=ROOT) as process:
            told = replace(home, more=far(cluster.address)).call("ingest", str(scan))
            process.kill()
    assert told.returncode == 3 and "lacks the signing key" in told.stderr
    with open_ledger(home.settings.ledger_url) as ledger, ledger.read() as r:
        assert r.counts() == {"waiting": 1}


@pytest.mark.proof
def test_without_a_scheduler_the_watcher_waits(tmp_path: Path) -> None:
    home = install(tmp_path / "data", sheets=1)
    with scheduler() as cluster:
        cluster.stop()
        with watching(home, **far(cluster.address)) as watcher:
            (home.settings.inbox_path / "0.jpg").write_bytes(home.scan(0))
            watcher.wait_until(lambda: "the Dask scheduler" in watcher.said(), 60)
            cluster.start()
            with workers(home, cluster.address, 1) as (machine,):
                assert watcher.wait_for("0.jpg", timeout_s=60)["0.jpg"]["verdict"] == "filed"
                assert "is there: pages can come." in machine.errors.read_text()
                cluster.stop()
                watcher.wait_until(lambda: "is not there. Trying again." in machine.errors.read_text())
                cluster.start()
                watcher.wait_until(lambda: machine.errors.read_text().count("is there: pages can come.") == 2)
                assert machine.stop() == 0


def lines(watcher: Watcher) -> list[dict[str, Any]]:
    """One for each page, while `Watcher.answers` has one for each file."""
    return [json.loads(line) for line in watcher.log.read_text().splitlines(keepends=True) if line.endswith("\n")]
