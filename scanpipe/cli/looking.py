"""`scanpipe read` and `scanpipe straighten`: what the stages see and make, on any picture, without filing anything."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door
from scanpipe.engines import Engine, TaskLost
from scanpipe.faults import FolderFault, UsageFault
from scanpipe.hands import Errand, PageReport
from scanpipe.model import Code, Reason
from scanpipe.readers import SYMBOLOGIES
from scanpipe.saying import say
from scanpipe.sight import Sight
from scanpipe.stages.unpack import Problem
from scanpipe.wiring import errand, open_workers

_USUAL = "qr,datamatrix,code128"


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--symbologies", default=_USUAL, show_default=True, help=f"Comma-separated, of {', '.join(SYMBOLOGIES)}.")
@json_option
@pass_door
def read(door: Door, paths: tuple[Path, ...], symbologies: str, as_json: bool) -> None:
    """Say which codes are on any picture, and how it stands, without a test and without filing.

    skew_deg and turn_deg say how far the page stands turned clockwise from straight and upright.

    \b
    Example: scanpipe read scan.jpg --symbologies qr
    """
    wanted = frozenset(s.strip() for s in symbologies.split(",") if s.strip())
    if not wanted or not wanted <= set(SYMBOLOGIES):
        raise UsageFault(f"unknown symbology in {symbologies!r}", f"There are: {', '.join(SYMBOLOGIES)}.")
    told = errand(door.settings)
    with open_workers(door.settings) as engine:
        for path, index, answer in each_page(engine, paths, "scanpipe.hands:read_page", told, wanted):
            record = _sight_record(path, index, answer)
            if as_json:
                emit(record)
            else:
                _say(record)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the straight pages.")
@json_option
@pass_door
def straighten(door: Door, paths: tuple[Path, ...], out: Path, as_json: bool) -> None:
    """Write every page of the files upright and straight, as it would be filed.

    \b
    Example: scanpipe straighten scan.pdf --out straight/
    """
    told = errand(door.settings)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise FolderFault(f"{out}: {e.strerror}", "Name a folder that can be written.") from e
    with open_workers(door.settings) as engine, tempfile.TemporaryDirectory() as work:
        for path, index, answer in each_page(engine, paths, "scanpipe.hands:examine_page", told, work):
            record = _straight_record(path, index, answer, out)
            if as_json:
                emit(record)
            else:
                click.echo(record["error"] or f"{record['out']}  turned {record['turn_deg']}°, {record['skew_deg']}°")


def each_page(
    engine: Engine, paths: tuple[Path, ...], function: str, told: Errand, *more: Any
) -> Iterator[tuple[Path, int, Any]]:
    """Every page of every file with what the worker answers to `function(path, page, *more, told)`.

    A file that cannot be opened has one page, a Problem. Raises UsageFault for a path that is not there.
    """
    for path in _files(paths):
        counted = _ask(engine, "scanpipe.hands:count_pages", str(path), told)
        if isinstance(counted, Problem):
            yield path, 1, counted
            continue
        for index in range(1, counted + 1):
            yield path, index, _ask(engine, function, str(path), index, *more, told)


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise UsageFault(f"{path}: there is no such file or folder", "Check the path.")
        yield from sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def _ask(engine: Engine, function: str, *args: Any) -> Any:
    try:
        return engine.submit(function, *args).result()
    except TaskLost as e:
        return Problem(Reason.UNREADABLE_FILE, say("reading it failed twice: %(error)s", error=e.how))


def _sight_record(path: Path, index: int, answer: Sight | Problem) -> dict[str, Any]:
    record: dict[str, Any] = {"file": os.fsdecode(path), "page": index, "codes": [], "skew_deg": None, "turn_deg": None}
    if isinstance(answer, Problem):
        return record | {"error": f"{answer.reason}: {answer.detail}"}
    seen = {"codes": [_code(c) for c in answer.codes], "skew_deg": answer.skew_deg, "turn_deg": answer.turn_deg}
    shading = answer.shading
    shaded = None if shading is None else {"layout": shading.layout, "code": shading.code, "page": shading.page}
    return record | seen | {"skew_from": answer.skew_from, "dpi": answer.dpi, "shaded": shaded, "error": None}


def _code(code: Code) -> dict[str, Any]:
    corners = [[round(x, 1), round(y, 1)] for x, y in code.corners]
    return {
        "text": code.text,
        "symbology": code.symbology,
        "corners": corners,
        "reader": code.reader,
        "help": code.help,
    }


def _say(record: dict[str, Any]) -> None:
    click.echo(f"{record['file']} page {record['page']}: ", nl=False)
    if record["error"]:
        click.secho(record["error"], fg="red")
        return
    click.echo(f"{len(record['codes'])} codes, turned {record['turn_deg']}°, skew {record['skew_deg']}°")
    for code in record["codes"]:
        click.echo(f"  {code['symbology']:<10} {code['reader']:<6} {code['text'][:120]!r}")
    if record["shaded"]:
        click.echo(
            f"  shaded     {record['shaded']['code'] or 'nothing'}, page {record['shaded']['page'] or 'without number'}"
        )


def _straight_record(path: Path, index: int, answer: PageReport | Problem, out: Path) -> dict[str, Any]:
    record: dict[str, Any] = {"file": os.fsdecode(path), "page": index, "out": None, "skew_deg": None, "turn_deg": None}
    problem = answer if isinstance(answer, Problem) else answer.problem
    if problem is not None:
        return record | {"error": f"{path} page {index}: {problem.reason}: {problem.detail}"}
    assert isinstance(answer, PageReport) and answer.picture is not None and answer.sight is not None
    target = out / f"{path.stem}-{index}.{answer.picture.extension}"
    shutil.copyfile(answer.picture.path or path, target)
    sight = answer.sight
    return record | {"out": str(target), "skew_deg": sight.skew_deg, "turn_deg": sight.turn_deg, "error": None}


COMMANDS = (read, straighten)
