"""`scanpipe serve` or `scanpipe up` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.installation import ROOT, Installation


@contextmanager
def serving(home: Installation, command: str = "serve", **settings: str) -> Iterator[str]:
    """Yields the URL; asserts that it ends as it should."""
    process = subprocess.Popen(
        [sys.executable, "-m", "scanpipe", command, "--port", "0"],
        env={**os.environ, **home.environ, **settings},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    url = re.search(r"http://[^/]+", line)
    assert url, line + process.stderr.read()
    try:
        yield url[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0
