"""Memory over thousands of pages: it must not grow with their number."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scanpipe.bench.measure import clean_environment, family
from tests.installation import install

FILES, SHEETS = 5_000, 100
_COMMENT = b"\xff\xfe"


def pss_mib(pid: int) -> float:
    kib = 0
    for member in family(pid):
        try:
            lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        kib += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kib / 1024


def remarked(jpeg: bytes, number: int) -> bytes:
    """The same picture in other bytes: a comment after the first marker."""
    text = f"copy {number}".encode()
    return jpeg[:2] + _COMMENT + (len(text) + 2).to_bytes(2, "big") + text + jpeg[2:]


@pytest.mark.proof
def test_5000_files_take_no_more_memory_than_500(tmp_path: Path) -> None:
    """Each sheet comes fifty times, in other bytes: the first is filed, the others are held, with all the work of a page."""
    home = install(tmp_path / "data", sheets=SHEETS)
    folder = tmp_path / "scans"
    folder.mkdir()
    for sheet in range(SHEETS):
        scan = home.scan(sheet, dpi=300)
        for number in range(FILES // SHEETS):
            (folder / f"{number:03d}-{sheet:03d}.jpg").write_bytes(remarked(scan, number))
    command = [sys.executable, "-m", "scanpipe", "ingest", str(folder), "--json"]
    with open(tmp_path / "answers", "wb") as out:
        process = subprocess.Popen(command, env=clean_environment() | home.environ, stdout=out)
        used = []
        while process.poll() is None:
            used.append(pss_mib(process.pid))
            time.sleep(0.5)
    assert process.returncode == 0
    fifths = [statistics.median(used[i * len(used) // 5 : (i + 1) * len(used) // 5]) for i in range(5)]
    print(f"\nMiB by fifth of the run: {[round(f) for f in fifths]}, most {max(used):.0f}; {len(used) / 2:.0f} s")
    assert (tmp_path / "answers").read_bytes().count(b'"filed"') == SHEETS
    assert max(used) <= 700
    assert fifths[4] <= 1.1 * fifths[1]
