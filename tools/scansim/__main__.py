"""`python -m tools.scansim sheets.pdf --manifest sheets.csv --out DIR`: scans of printed sheets, and truth.csv beside them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tools.scansim.corpora import FITTING, MIXED, Order, files, plan_files
from tools.scansim.profiles import PROFILES, Truth
from tools.scansim.render import read_manifest
from tools.scansim.writers import FORMATS

COLUMNS = (
    "file",
    "page",
    "serial",
    "test",
    "candidate",
    "question",
    "printed_page",
    "skew_deg",
    "turn_deg",
    "dpi",
    "profile",
    "effects",
    "other_serials",
)
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class _How:
    """What the options say beyond the order itself."""

    count: int | None
    format: str
    processes: int


@click.command()
@click.argument("pdf", type=EXISTING)
@click.option("--manifest", type=EXISTING, required=True, help="The CSV that was printed with the PDF.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="The folder to write to.")
@click.option("--profile", type=click.Choice(list(PROFILES)), default="office", metavar="NAME", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same files.")
@click.option("--count", type=click.IntRange(min=1), help="How many sheets.  [default: all]")
@click.option("--format", type=click.Choice([FITTING, "mixed", *FORMATS]), default=FITTING, show_default=True)
@click.option("--processes", type=click.IntRange(min=1), default=1, show_default=True)
def main(pdf: Path, manifest: Path, out: Path, profile: str, seed: int, **how: Any) -> None:
    """Turn printed sheets into scans with answers on them. Profiles: office, hard, brutal, clean, mixed_up, or any single
    effect by its name (an unknown name lists them).

    Example: python -m tools.scansim sheets.pdf --manifest sheets.csv --out scans --profile hard --seed 7
    """
    _write(Order(pdf, manifest, profile, seed), out, _How(**how))


def _write(order: Order, out: Path, how: _How) -> None:
    """The scans and truth.csv."""
    formats = MIXED if how.format == "mixed" else (how.format,)
    plans = plan_files(how.count or len(read_manifest(order.manifest)), formats, order.seed)
    out.mkdir(parents=True, exist_ok=True)
    with (out / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for number, made in enumerate(files(order, plans, how.processes), start=1):
            name = f"scan{number:05d}.{made.extension}"
            (out / name).write_bytes(made.data)
            rows.writerows(_row(name, page, truth) for page, truth in enumerate(made.truths, start=1))


def _row(name: str, page: int, truth: Truth) -> list[object]:
    """A line of truth.csv; what there are several of is joined by blanks."""
    values = {"file": name, "page": page, **truth}
    return [" ".join(v) if isinstance(v := values[c], tuple) else v for c in COLUMNS]


if __name__ == "__main__":
    main()
