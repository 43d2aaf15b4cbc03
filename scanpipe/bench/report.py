"""Figures in, one object for programs and tables for people out: ratios first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scanpipe.bench.comparing import CONTENDERS, Plan, Runs
from scanpipe.bench.figures import Spread, costs, ratios, spread, start_of
from scanpipe.bench.latency import Latency
from scanpipe.bench.long_file import LongFile
from scanpipe.bench.measure import Usage
from scanpipe.bench.pages import INPUTS
from scanpipe.bench.remote import StoreCost

_COST_FIGURES = (
    "pages_s",
    "pages_s_with_start",
    "cpu_ms",
    "cpu_ms_with_start",
    "own_cpu_ms",
    "peak_mib",
    "written_per_byte",
)


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a run of the bench found.

    `profiles` is by input, program and stage, in milliseconds; `gain` is the rate with all workers against that with one,
    on the first input; `latencies` by how the files arrived. `stores` is empty where no S3 server was named.
    """

    machine: Mapping[str, Any]
    plan: Plan
    runs: Mapping[str, Runs]
    start_ups: Mapping[str, Sequence[Usage]]
    profiles: Mapping[str, Mapping[str, Mapping[str, float]]]
    gain: Spread
    latencies: Mapping[str, Latency]
    long_file: LongFile | None
    stores: Mapping[str, StoreCost]


def as_object(found: Findings) -> dict[str, Any]:
    """Plain values for JSON. Every measured figure has `median`, `low` and `high` over the repeats."""
    starts = {c: start_of(found.start_ups[c]) for c in CONTENDERS}
    return {
        "machine": dict(found.machine),
        "plan": asdict(found.plan) | {"textbook_pages": found.plan.pages_for("textbook")},
        "inputs": [_input(name, runs, starts, found) for name, runs in found.runs.items()],
        "gain_all_to_one_worker": asdict(found.gain),
        "drop_to_slot": {way: asdict(latency) for way, latency in found.latencies.items()},
        "long_file": asdict(found.long_file) if found.long_file else None,
        "stores": {store: asdict(cost) for store, cost in found.stores.items()},
        "start_up": {c: {"wall_s": u.wall_s, "cpu_s": u.cpu_s} for c, u in starts.items()},
    }


def _input(name: str, runs: Runs, starts: Mapping[str, Usage], found: Findings) -> dict[str, Any]:
    by_contender = {c: costs(runs, c, starts[c], found.plan) for c in CONTENDERS}
    figures = {
        c: {figure: asdict(spread([getattr(cost, figure) for cost in each])) for figure in _COST_FIGURES}
        for c, each in by_contender.items()
    }
    return {
        "input": name,
        "says": INPUTS[name].says,
        "page_bytes": round(runs.input_bytes / found.plan.pages),
        "ratios": asdict(ratios(by_contender)),
        **figures,
        "filed": min(o.filed for o in runs.outcomes),
        "held": max(o.held for o in runs.outcomes),
        "textbook_read": min(runs.textbook_read),
        "stages_ms": {program: dict(stages) for program, stages in found.profiles[name].items()},
    }


def lines(result: Mapping[str, Any]) -> Iterator[str]:
    """The tables, from what `as_object` answers; they are Markdown."""
    plan, machine = result["plan"], result["machine"]
    yield "## Ratios\n"
    yield from _table(
        ("input", "pages/s ÷ textbook", "… with the start", "CPU a page ÷ floor", "CPU textbook ÷ scanpipe", "filed"),
        (_ratio_row(i, plan["pages"]) for i in result["inputs"]),
    )
    yield "\n## A page\n"
    yield from _table(
        (
            "input",
            "program",
            "CPU ms",
            "pages/s",
            "parent's CPU ms",
            "pages/s with start",
            "peak MiB",
            "written ÷ read",
        ),
        (_cost_row(i, c) for i in result["inputs"] for c in CONTENDERS),
    )
    yield "\n## CPU by stage, ms a page\n"
    for i in result["inputs"]:
        for program, stages in i["stages_ms"].items():
            named = ", ".join(f"{stage} {ms:.1f}" for stage, ms in stages.items())
            yield f"- {i['input']}, {program}: {named}; together {sum(stages.values()):.1f}"
    if result["drop_to_slot"]:
        yield "\n## From drop to slot, seconds\n"
        yield from _table(
            ("files arrive", "files", "filed", "p50", "p95", "p99", "files/s"),
            (_latency_row(way, found) for way, found in result["drop_to_slot"].items()),
        )
    if result["long_file"]:
        f = result["long_file"]
        yield (
            f"\nA PDF of {f['pages']} pages, {f['mb']:.0f} MB, dropped whole: first page filed after {f['first_s']:.2f} s, "
            f"all after {f['all_s']:.1f} s ({f['pages'] / f['all_s']:.1f} a second)."
        )
    if result["stores"]:
        yield f"\n## Stores, on {result['inputs'][0]['input']}\n"
        yield from _table(
            ("store", "pages/s", "CPU ms", "parent's CPU ms"),
            (
                (store, _said(c["pages_s"], 1), _said(c["cpu_ms"], 1), _said(c["own_cpu_ms"], 1))
                for store, c in result["stores"].items()
            ),
        )
    gain = _said(result["gain_all_to_one_worker"], 2)
    yield f"\n{plan['workers']} workers against one, on {result['inputs'][0]['input']}: {gain} times the pages a second."
    starts = ", ".join(f"{c} {s['wall_s']:.2f} s ({s['cpu_s']:.2f} s CPU)" for c, s in result["start_up"].items())
    yield f"\nThe start, on an empty page a worker: {starts}."
    yield (
        f"{plan['pages']} pages an input ({plan['textbook_pages']} for the textbook script), {plan['workers']} workers, "
        f"{plan['repeat']} interleaved repeats: median (least to most)."
    )
    yield (
        f"{machine['cores']} cores, {machine['processor']}, {machine['memory_gib']} GiB, Python {machine['python']}, "
        f"load before the start {machine['load']}."
    )


def _ratio_row(i: Mapping[str, Any], pages: int) -> tuple[str, ...]:
    r = i["ratios"]
    figures = ("speed_to_textbook", "speed_to_textbook_with_start", "cpu_to_floor", "cpu_textbook_to_scanpipe")
    return (i["input"], *(_said(r[f], 2) for f in figures), f"{i['filed']} of {pages}")


def _cost_row(i: Mapping[str, Any], contender: str) -> tuple[str, ...]:
    c = i[contender]
    with_spread = _said(c["cpu_ms"], 1), _said(c["pages_s"], 1)
    single = (("own_cpu_ms", 1), ("pages_s_with_start", 1), ("peak_mib", 0), ("written_per_byte", 2))
    return (i["input"], contender, *with_spread, *(f"{c[f]['median']:.{digits}f}" for f, digits in single))


def _latency_row(way: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    seconds = (f"{found[f'{p}_s']:.2f}" for p in ("p50", "p95", "p99"))
    return (way, str(found["files"]), str(found["filed"]), *seconds, f"{found['files_per_s']:.1f}")


def _said(figure: Mapping[str, float], digits: int) -> str:
    return f"{figure['median']:.{digits}f} ({figure['low']:.{digits}f} to {figure['high']:.{digits}f})"


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    table = [head, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    for number, row in enumerate(table):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        if number == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"
