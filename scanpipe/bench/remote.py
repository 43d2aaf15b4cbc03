"""The same pages into the local directory and into an S3 server, in turn: what does the network store cost?"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scanpipe.bench.comparing import Ring
from scanpipe.bench.figures import Spread, spread
from scanpipe.bench.measure import Usage
from scanpipe.bench.pages import Stack
from scanpipe.bench.product import checked, ingest
from scanpipe.faults import UsageFault

STORES = ("directory", "S3")


@dataclass(frozen=True, slots=True)
class StoreCost:
    """A page, with the start taken off. The CPU of the S3 server itself, where it runs on the same machine, is not in it."""

    pages_s: Spread
    cpu_ms: Spread
    own_cpu_ms: Spread


def compare_stores(ring: Ring, stack: Stack, address: str) -> dict[str, StoreCost]:
    """By store. `address` is ENDPOINT/BUCKET; credentials come from the environment. Raises Fault."""
    source, count = ring.source("scanpipe", stack, ring.plan.pages), ring.plan.pages
    runs: dict[str, list[tuple[Usage, Usage]]] = {store: [] for store in STORES}
    for _ in range(ring.plan.repeat):
        for store, found in runs.items():
            start = _ingested(ring, ring.empty(), _settings(store, address))
            work = _ingested(ring, source, _settings(store, address))
            checked(work.out, ring.printed.sheets, count)
            found.append((start, work))
    return {store: _cost(found, count) for store, found in runs.items()}


def _ingested(ring: Ring, source: Path, settings: Mapping[str, str]) -> Usage:
    return ring.on_installation(partial(ingest, source, workers=ring.plan.workers, store=settings))


def _cost(runs: Sequence[tuple[Usage, Usage]], count: int) -> StoreCost:
    return StoreCost(
        spread([count / max(work.wall_s - start.wall_s, 0.001) for start, work in runs]),
        spread([1000 * (work.cpu_s - start.cpu_s) / count for start, work in runs]),
        spread([1000 * (work.own_cpu_s - start.own_cpu_s) / count for start, work in runs]),
    )


def _settings(store: str, address: str) -> Mapping[str, str]:
    """A prefix of its own for every run: nothing is there yet, and nothing is overwritten."""
    if store == "directory":
        return {}
    endpoint, _, bucket = address.rpartition("/")
    if not endpoint.startswith("http") or not bucket:
        raise UsageFault(f"{address} is no S3 address", "Give one like --s3 http://127.0.0.1:8333/bucket.")
    place = {"KIND": "s3", "ENDPOINT_URL": endpoint, "BUCKET": bucket, "PREFIX": f"bench-{secrets.token_hex(4)}/"}
    return {f"SCANPIPE__STORE__{key}": value for key, value in place.items()}
