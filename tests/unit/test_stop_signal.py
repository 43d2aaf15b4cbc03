"""SIGTERM in whatever moment: the main thread may be inside of the very event that the signal sets."""

from __future__ import annotations

import subprocess
import sys

from tests.installation import ROOT

SCRIPT = """
import os, signal
from scanpipe.cli.working import stop_signal
stop = stop_signal()
with stop._cond:  # as in the middle of stop.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    sum(range(1000))
print("came back", stop.wait(20), flush=True)
"""


def test_the_signal_finds_the_main_thread_inside_of_the_event() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.stdout == "came back True\n", done.stderr
