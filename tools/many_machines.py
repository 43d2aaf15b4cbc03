"""Sheets over several machines: each filed once while workers, scheduler and watcher are killed, and what the distance costs.

    python -m tools.many_machines --sheets 2000 --write     # the figures go into docs/scale.md

Machines are processes here, each with folders of its own; the ledger is a real PostgreSQL, the store a real S3 server. First the
same sheets go through the local engine and through Dask, undisturbed, for the CPU of both (two runs of each, a short and a long
one: the difference is free of what starting costs). Then all sheets go through Dask while something is killed every few seconds.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from scanpipe.bench.pages import scan_sheets
from scanpipe.bench.printing import Printed, print_sheets
from scanpipe.ledgers import open_ledger
from tests.dask_cluster import Scheduler, Worker, far, scheduler
from tests.installation import Installation
from tests.postgresql_server import PostgresqlServer, find_programs
from tests.s3_server import BUCKET, REGION, S3Process, start_process
from tests.watcher import Watcher
from tools.marks import fill

PAGE = Path("docs/scale.md")
KIND = "office"
MACHINES = 3
_WARM, _SHORT, _LONG, _TURNS = 60, 60, 360, 3
_PAUSE_S = (2.0, 6.0)


@dataclass(frozen=True)
class Killing:
    """What was killed how often while how many sheets were filed."""

    sheets: int
    seconds: float
    kills: dict[str, int]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheets", type=int, default=2000)
    parser.add_argument("--write", action="store_true", help=f"put the figures into {PAGE}")
    args = parser.parse_args()
    programs, store = find_programs(), start_process()
    if programs is None or isinstance(store, str):
        print(f"PostgreSQL and SeaweedFS are needed: {programs}, {store}", file=sys.stderr)
        return 1
    os.environ.update(store.environ)
    with tempfile.TemporaryDirectory(prefix="scanpipe-machines-") as place:
        printed = print_sheets(Path(place), max(args.sheets, _WARM + _SHORT + _LONG))
        scan_sheets(
            printed.pdf,
            max(args.sheets, _WARM + _SHORT + _LONG),
            [KIND],
            Path(place, "scans"),
            20261204,
            lambda _: None,
        )
        scans = sorted(Path(place, "scans", KIND).iterdir())
        print(f"{len(scans)} sheets are scanned", file=sys.stderr)
        room = Room(printed, PostgresqlServer(programs), store)
        costs = [cost(room, scans) for _ in range(_TURNS)]
        killing = kill(room, scans[: args.sheets])
    tables = {"cost": cost_table(costs), "killing": killing_table(killing)}
    print("\n\n".join(tables.values()))
    if args.write:
        fill(PAGE, tables)
    return 0


@dataclass
class Room:
    """Makes installations with the same printed sheets: each has an empty ledger and an empty place in the store."""

    printed: Printed
    database: PostgresqlServer
    store: S3Process
    _count: int = 0

    def installation(self) -> Installation:
        self._count += 1
        data_dir = self.printed.copy(self.printed.data_dir.parent / f"installation {self._count}")
        more = {
            "SCANPIPE__LEDGER__URL": self.database.new_database(),
            "SCANPIPE__STORE__KIND": "s3",
            "SCANPIPE__STORE__ENDPOINT_URL": self.store.endpoint_url,
            "SCANPIPE__STORE__BUCKET": BUCKET,
            "SCANPIPE__STORE__REGION": REGION,
            "SCANPIPE__STORE__PREFIX": f"{self._count}/",
        }
        home = Installation(data_dir, self.printed.pdf, self.printed.sheets)
        home.run("ledger", "copy", "-", more["SCANPIPE__LEDGER__URL"])
        return replace(home, more=more)


@dataclass(frozen=True)
class Cost:
    """CPU a page in milliseconds, by part; without database, store, and what starting costs."""

    near: float
    watcher: float
    scheduler: float
    dask_workers: float
    processes: float

    @property
    def engine(self) -> float:
        """What the hand-over costs beside the watcher's share of it."""
        return self.scheduler + self.dask_workers

    @property
    def far(self) -> float:
        return self.watcher + self.engine + self.processes


def cost(room: Room, scans: list[Path]) -> Cost:
    """The same sheets by the local engine and by Dask."""
    near_s = _difference(room.installation(), scans, {})
    home = room.installation()
    with cluster(home, machines=2) as (address, started, workers):
        _ingest(home, scans[:_WARM], far(address))  # the processes have started then
        own = [worker.process.pid for worker in workers]
        before = [_cpu_s([started.process.pid]), _cpu_s(own), _cpu_s(_children(own))]
        watcher_s = _difference(home, scans[_WARM:], far(address))
        after = [_cpu_s([started.process.pid]), _cpu_s(own), _cpu_s(_children(own))]
    pages = _SHORT + _LONG
    parts = [1000 * (a - b) / pages for a, b in zip(after, before, strict=True)]
    return Cost(1000 * near_s, 1000 * watcher_s, *parts)


def _difference(home: Installation, scans: list[Path], more: dict[str, str]) -> float:
    """CPU a page of `scanpipe ingest` with its children: a long run less a short one, free of what starting costs."""
    short_s = _ingest(home, scans[:_SHORT], more)
    long_s = _ingest(home, scans[_SHORT : _SHORT + _LONG], more)
    return (long_s - short_s) / (_LONG - _SHORT)


def _ingest(home: Installation, scans: list[Path], more: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = replace(home, more={**home.more, **more}).lines("ingest", *map(str, scans))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert Counter(a["verdict"] for a in told) == {"filed": len(scans)}
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _children(pids: list[int]) -> list[int]:
    tasks = [task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()]
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _cpu_s(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def cluster(home: Installation, machines: int) -> Iterator[tuple[str, Scheduler, list[Worker]]]:
    """A scheduler and workers with one process each."""
    with scheduler() as started:
        workers = [Worker(home, f"{home.data_dir.name} machine {n}", started.address) for n in range(machines)]
        try:
            yield started.address, started, workers
        finally:
            for worker in workers:
                worker.stop(signal.SIGTERM)
            started.stop(signal.SIGTERM)
            started.start()  # so that it can be stopped once more


def kill(room: Room, scans: list[Path]) -> Killing:
    """All sheets through Dask, while something is killed every few seconds. Asserts that each is filed once, and the proof."""
    home, rng = room.installation(), random.Random(7)
    inbox = home.settings.inbox_path
    inbox.mkdir(parents=True, exist_ok=True)
    for scan in scans:
        os.link(scan, inbox / scan.name)
    kills: Counter[str] = Counter()
    began_s = time.monotonic()
    with cluster(home, MACHINES) as (address, started, workers):
        watcher = Watcher(home, log=f"watch {home.data_dir.name}", **far(address))
        while (done := _filed(home)) < len(scans):
            print(f"\r{done} of {len(scans)} are filed, {kills.total()} kills", end="", file=sys.stderr)
            time.sleep(rng.uniform(*_PAUSE_S))
            victim = rng.choice(["worker"] * 4 + ["scheduler", "watcher"])
            kills[victim] += 1
            if victim == "worker":
                n = rng.randrange(MACHINES)
                workers[n].stop(signal.SIGKILL)
                workers[n] = Worker(home, f"{home.data_dir.name} machine {n}", address)
            elif victim == "scheduler":
                started.stop()
                started.start()
            else:
                watcher.process.kill()
                watcher.process.wait()
                watcher = Watcher(home, log=f"watch {home.data_dir.name}", **far(address))
        seconds = time.monotonic() - began_s
        watcher.process.send_signal(signal.SIGTERM)
        assert watcher.process.wait(60) == 0, watcher.said()
    told = home.lines("verify")[0]
    assert told["holds"] and told["states"] == {"filed": len(scans)} and told["in_inbox"] == 0, told
    return Killing(len(scans), seconds, dict(kills))


def _filed(home: Installation) -> int:
    with open_ledger(home.settings.ledger_url) as ledger, ledger.read() as r:
        return r.counts().get("filed", 0)


def cost_table(costs: list[Cost]) -> str:
    def middle(part: Callable[[Cost], float]) -> str:
        return f"{statistics.median(map(part, costs)):.1f} ms"

    engine, all_in = (
        sorted(100 * part(c) / c.near for c in costs) for part in (lambda c: c.engine, lambda c: c.far - c.near)
    )
    return "\n".join(
        [
            f"| CPU a page, median of {len(costs)} | |",
            "|---|---|",
            f"| local engine, watcher and workers | {middle(lambda c: c.near)} |",
            f"| Dask: all parts | {middle(lambda c: c.far)} |",
            f"| … the processes that carry | {middle(lambda c: c.processes)} |",
            f"| … the watcher | {middle(lambda c: c.watcher)} |",
            f"| … the scheduler | {middle(lambda c: c.scheduler)} |",
            f"| … the Dask workers | {middle(lambda c: c.dask_workers)} |",
            f"| scheduler and Dask workers, of the local engine's CPU | {engine[0]:.1f} to {engine[-1]:.1f} % |",
            f"| all that Dask costs more, of the local engine's CPU | {all_in[0]:.0f} to {all_in[-1]:.0f} % |",
        ]
    )


def killing_table(killing: Killing) -> str:
    kills = ", ".join(f"{n} × {who}" for who, n in sorted(killing.kills.items()))
    return "\n".join(
        [
            "| figure | this run |",
            "|---|---|",
            f"| sheets over {MACHINES} workers; each filed once, none held, `verify` holds | {killing.sheets:,} |",
            f"| killed with SIGKILL and started again | {kills} |",
            f"| from the first file to the last page in its slot | {killing.seconds:.0f} s |",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
