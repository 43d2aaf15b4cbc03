"""What the workers of test_engines.py are asked to do. Importable, small, and some of it deadly."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from scanpipe.faults import LibraryMissing

_SETUP: list[Any] = []


def double(n: int) -> int:
    return 2 * n


def nap(s: float) -> int:
    """Sleeps; the worker's process id."""
    time.sleep(s)
    return os.getpid()
