"""How many pages a second a PostgreSQL ledger takes by itself: every event of a page's life, no picture, no store.

python -m tools.ledger_rate --pages 2000 --processes 2
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from concurrent.futures import Future
from typing import Any

from scanpipe.ledgers import Transaction, open_ledger
from tests.postgresql_server import PostgresqlServer, find_programs

_EVIDENCE = "{" + " " * 700 + "}"
"""As long as that of a sheet with three codes."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000, help="of each process")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    programs = find_programs()
    if programs is None:
        print("PostgreSQL is needed: apt-get install postgresql", file=sys.stderr)
        return 1
    server = PostgresqlServer(programs)
    url = server.new_database()
    with open_ledger(url):
        pass
    starts = [1 + n * args.pages for n in range(args.processes)]
    began_s = time.monotonic()
    with multiprocessing.Pool(args.processes) as pool:
        cpu_s = pool.starmap(file_pages, [(url, start, args.pages) for start in starts])
    pages, seconds = args.pages * args.processes, time.monotonic() - began_s
    ((size,),) = server.run(url.rpartition("/")[2], "SELECT pg_database_size(current_database())")
    print(f"{pages / seconds:.0f} pages a second by {args.processes} processes, linked into the chain")
    print(
        f"{1000 * sum(cpu_s) / pages:.2f} ms CPU a page on their side; {size / pages / 1000:.1f} kB a page in the database"
    )
    return 0


def file_pages(url: str, first: int, count: int) -> float:
    """In a process of its own; answers its CPU seconds."""
    began_s = time.process_time()
    with open_ledger(url) as ledger:
        done: list[Future[Any]] = []
        for number in range(first, first + count):
            done += [ledger.hand_in(step) for step in _life(number)]
        for step in done:
            step.result()
        ledger.link()
    return time.process_time() - began_s


def _life(number: int) -> tuple[Any, ...]:
    scan, serial = f"{number:064x}", f"{number:08d}"

    def taken(tx: Transaction) -> None:
        where = {
            "file": f"{number}.jpg",
            "stack": "loose files",
            "position": number,
            "size": 700_000,
            "holder": "trial",
        }
        tx.append("scan_taken_in", scan=scan, key=f"originals/{scan}.jpg", **where)  # type: ignore[arg-type]
        tx.append("scan_unpacked", scan=scan, pages=1)

    def placed(tx: Transaction) -> None:
        slot = {"test": "TRIAL", "candidate": str(number), "question": "1", "serial": serial, "revision": 1}
        picture = {"key": f"tests/{scan}.jpg", "sha256": scan, "media_type": "image/jpeg", "dpi": 300.0}
        rest = {"skew_deg": 0.4, "turn_deg": 0, "evidence": _EVIDENCE, "reason": None, "decided_by": None}
        tx.append("page_placing", scan=scan, page=1, **slot, **picture, **rest)  # type: ignore[arg-type]

    def filed(tx: Transaction) -> None:
        tx.append("page_filed", scan=scan, page=1)

    return taken, placed, filed


if __name__ == "__main__":
    sys.exit(main())
