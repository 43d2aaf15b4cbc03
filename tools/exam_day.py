"""An exam day: six scanners drop sheets into one hot folder, store and database break in between, everything is counted.

    python -m tools.exam_day --sheets 17000 --write     # the figures go into docs/reliability.md

The ledger is a real PostgreSQL, the store a real S3 server, both on the same machine. After a quarter and after a half of the
sheets the store is killed, after three quarters the database; each is started again after some seconds. Every sheet must be in
its slot once, `verify` must hold, and nothing may be held. A run ends with an error when that is not so.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scanpipe.bench.measure import memory_mib
from scanpipe.bench.pages import scan_sheets
from scanpipe.bench.printing import Printed, print_sheets
from tests.installation import Installation
from tests.postgresql_server import PostgresqlServer, find_programs
from tests.s3_server import BUCKET, REGION, S3Process, start_process
from tests.watcher import watching
from tools.marks import fill

PAGE = Path("docs/reliability.md")
KIND = "office"
STREAMS = 6
_AWAY_S = 5.0
_READY_AHEAD = 60


@dataclass(frozen=True)
class Day:
    """What was measured. Memory is that of the watcher and its workers: the median of each fifth of the day, and the most."""

    sheets: int
    seconds: float
    mib_by_fifth: tuple[int, ...]
    most_mib: int
    cpu_ms_a_page: float
    complaints: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheets", type=int, default=17_000)
    parser.add_argument("--write", action="store_true", help=f"put the figures into {PAGE}")
    args = parser.parse_args()
    programs, store = find_programs(), start_process()
    if programs is None or isinstance(store, str):
        print(f"The day needs PostgreSQL and SeaweedFS: {programs}, {store}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="scanpipe-day-") as place:
        day = run(Path(place), args.sheets, PostgresqlServer(programs), store)
    print("\n".join(table(day)))
    if args.write:
        fill(PAGE, {"day": "\n".join(table(day))})
    return 0


def run(place: Path, sheets: int, database: PostgresqlServer, store: S3Process) -> Day:
    """The whole day; asserts what it must end with."""
    printed = print_sheets(place, sheets)
    print(f"{sheets} sheets are printed", file=sys.stderr)
    os.environ.update(store.environ)
    home = _installation(printed, database, store)
    inbox = home.settings.inbox_path
    troubles = {
        sheets // 4: lambda: _away(store.stop, lambda: store.start() and None),
        sheets // 2: lambda: _away(store.stop, lambda: store.start() and None),
        3 * sheets // 4: lambda: _away(lambda: database.stop(signal.SIGKILL), database.start),
    }
    with watching(home) as watcher:
        memory: list[float] = []
        scanning = threading.Thread(target=_scan, args=(printed, sheets, inbox, place), daemon=True)
        began_s = time.monotonic()
        scanning.start()
        done, cpu_s = 0, 0.0
        while done < sheets:
            time.sleep(1)
            memory.append(memory_mib(watcher.process.pid))
            done = len(watcher.log.read_bytes().splitlines())
            print(f"\r{done} of {sheets} are filed", end="", file=sys.stderr)
            for at in [n for n in troubles if n <= done]:
                troubles.pop(at)()
            assert watcher.process.poll() is None, watcher.said()
        seconds = time.monotonic() - began_s
        scanning.join()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        complaints = watcher.said().count("Problem: ")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    _check(home, watcher.answers(), sheets)
    fifth = max(1, len(memory) // 5)
    by_fifth = tuple(round(statistics.median(memory[i * fifth : (i + 1) * fifth])) for i in range(5))
    return Day(sheets, seconds, by_fifth, round(max(memory)), 1000 * cpu_s / sheets, complaints)


def _installation(printed: Printed, database: PostgresqlServer, store: S3Process) -> Installation:
    """What was printed, with its ledger moved to the server."""
    more = {
        "SCANPIPE__LEDGER__URL": database.new_database(),
        "SCANPIPE__STORE__KIND": "s3",
        "SCANPIPE__STORE__ENDPOINT_URL": store.endpoint_url,
        "SCANPIPE__STORE__BUCKET": BUCKET,
        "SCANPIPE__STORE__REGION": REGION,
    }
    Installation(printed.data_dir, printed.pdf, printed.sheets).run(
        "ledger", "copy", "-", more["SCANPIPE__LEDGER__URL"]
    )
    home = Installation(printed.data_dir, printed.pdf, printed.sheets, more)
    home.settings.inbox_path.mkdir(parents=True, exist_ok=True)
    return home


def _scan(printed: Printed, sheets: int, inbox: Path, place: Path) -> None:
    """Scans ahead of the watcher, a stack at a time; each scan goes to one of the scanners' folders."""
    folders = [inbox / f"scanner {n}" for n in range(1, STREAMS + 1)]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    out = place / "scans"
    script = "import sys; from tools.exam_day import scan_all; scan_all(*sys.argv[1:])"
    process = subprocess.Popen(
        ["nice", "-n", "5", sys.executable, "-c", script, str(printed.pdf), str(sheets), str(out)]
    )
    moved = 0
    while moved < sheets:
        ended = process.poll() is not None
        ready = sorted(out.glob(f"{KIND}/*.jpg"), key=lambda p: p.name)
        for scan in ready if ended else ready[:-4]:  # the last ones may still be written
            while sum(1 for f in folders for _ in f.iterdir()) > _READY_AHEAD:
                time.sleep(0.1)
            shutil.move(scan, folders[moved % STREAMS] / scan.name)
            moved += 1
        time.sleep(0.2)
    process.wait()


def scan_all(pdf: str, sheets: str, out: str) -> None:
    """In a process of its own, so that its memory and its time are not the watcher's."""
    scan_sheets(Path(pdf), int(sheets), [KIND], Path(out), 20261203, lambda _: None)


def _away(stop: Callable[[], object], start: Callable[[], object]) -> None:
    stop()
    time.sleep(_AWAY_S)
    start()


def _check(home: Installation, answers: dict[str, dict[str, object]], sheets: int) -> None:
    """Every sheet once, in the slot that it was printed for; the proof holds."""
    assert len(answers) == sheets
    verdicts = Counter(str(a["verdict"]) for a in answers.values())
    assert verdicts == {"filed": sheets}, verdicts
    where = {a["serial"]: (a["candidate"], a["question"]) for a in answers.values()}
    assert where == {s.serial: (s.candidate, s.question) for s in home.sheets}
    found = json.loads(home.run("verify", "--json"))
    assert found["holds"] and found["states"] == {"filed": sheets} and found["in_inbox"] == 0, found["problems"]


def table(day: Day) -> list[str]:
    """For the document."""
    fifths = ", ".join(map(str, day.mib_by_fifth))
    return [
        "| figure | this run |",
        "|---|---|",
        f"| sheets, in {STREAMS} streams; each filed once, none held, none misfiled | {day.sheets:,} |",
        "| store killed and started again, database killed and started again | 2 times, once |",
        f"| from the first file to the last page in its slot, the outages included | {day.seconds:.0f} s |",
        f"| pages a second; scanners, database and store on the same cores | {day.sheets / day.seconds:.1f} |",
        f"| CPU a page of the watcher and its workers | {day.cpu_ms_a_page:.0f} ms |",
        f"| memory of the watcher and its workers, median of each fifth | {fifths} MiB |",
        f"| most memory at any second | {day.most_mib} MiB |",
        f"| complaints that the operator read | {day.complaints} |",
        "| `scanpipe verify` afterwards | holds |",
    ]


if __name__ == "__main__":
    sys.exit(main())
