"""The engine of a process that carries pages for others: what takes too long, or all the memory, ends the process."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from scanpipe.engines._wire import OUT_OF_MEMORY
from tests.installation import ROOT

SCRIPT = """
import time
from scanpipe.station import InThisProcess
engine = InThisProcess(0.5)
assert [engine.submit("math:sqrt", n * n).result() for n in range(3)] == [0, 1, 2]
time.sleep(0.7)  # nothing is measured between tasks
try:
    engine.submit("math:sqrt", "no number").result()
except TypeError:
    print("heard", flush=True)
engine.submit({task}).result()
"""


@pytest.mark.parametrize(
    ("task", "code"),
    [
        ('"time:sleep", 60', -signal.SIGALRM),
        ('"builtins:bytes", 1 << 60', OUT_OF_MEMORY),
        ('"math:sqrt", 4', 0),
    ],
)
def test_what_becomes_of_the_process(task: str, code: int) -> None:
    command = [sys.executable, "-c", SCRIPT.replace("{task}", task)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (code, "heard\n"), done.stderr
