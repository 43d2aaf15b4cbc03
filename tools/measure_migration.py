"""How long a large ledger in PostgreSQL takes from an early schema to that of this version.

python -m tools.measure_migration --pages 170000

The ledger is made as schema 0003 kept it (tests/earlier_postgresql.py); `scanpipe ledger migrate` brings it up to date in a
process of its own. Afterwards the chain and the state are proven from the events.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

from scanpipe.ledgers import open_ledger
from scanpipe.ledgers.chain import first_break
from tests.earlier_postgresql import SCHEMA, make_early_postgresql
from tests.postgresql_server import PostgresqlServer, find_programs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=170_000)
    args = parser.parse_args()
    programs = find_programs()
    if programs is None:
        print("PostgreSQL is needed: apt-get install postgresql", file=sys.stderr)
        return 1
    server = PostgresqlServer(programs)
    url = server.new_database()
    events = make_early_postgresql(url, args.pages)
    print(f"{args.pages} pages, {events} events, {size_mb(server, url):.0f} MB in schema {SCHEMA}")
    took_s, cpu_s, most_mib = migrate(url)
    print(f"migrated in {took_s:.0f} s ({cpu_s:.0f} s of CPU, {most_mib:.0f} MiB); {size_mb(server, url):.0f} MB then")
    return prove(url)


def migrate(url: str) -> tuple[float, float, float]:
    """Seconds, CPU seconds and most memory in MiB of `scanpipe ledger migrate`."""
    before, began_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"SCANPIPE__DATA_DIR": folder, "SCANPIPE__LEDGER__URL": url}
        command = [sys.executable, "-m", "scanpipe", "ledger", "migrate"]
        subprocess.run(command, env={**os.environ, **settings}, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began_s, cpu_s, after.ru_maxrss / 1024


def size_mb(server: PostgresqlServer, url: str) -> float:
    ((size,),) = server.run(url.rpartition("/")[2], "SELECT pg_database_size(current_database())")
    return int(size) / 1e6


def prove(url: str) -> int:
    began_s = time.monotonic()
    with open_ledger(url) as ledger:
        broken, different = first_break(ledger.events()), ledger.difference()
    print(f"proven in {time.monotonic() - began_s:.0f} s: {different or 'no difference'}, chain broken at {broken}")
    return 1 if different or broken is not None else 0


if __name__ == "__main__":
    sys.exit(main())
