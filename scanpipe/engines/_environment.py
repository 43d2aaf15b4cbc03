"""The parent's environment in, the environment of a worker out: what may a worker know?"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

_SECRET_NAME = re.compile(r"^(AWS|SCANPIPE|PG)|SECRET|TOKEN|PASS|KEY|CREDENTIAL|AUTH", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"://[^/\s@]*:[^/\s@]*@")
"""An address with a password in it, whatever the variable is called."""

_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
)
"""One process a core is the parallelism; threads of the libraries would only get into its way."""

_KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(128 << 20)}
"""Pages of A4 come and go by the ten megabytes: a worker that keeps what the last one took does not pay for fresh memory again
(GNU libc; 5 ms of a colour page). What is larger goes back to the system as ever."""


def worker_environment(parent: Mapping[str, str], import_path: Sequence[str], confined: bool) -> dict[str, str]:
    """A copy, if `confined` without anything that looks like a credential; modules are found where the parent finds them."""
    secret = {k for k, v in parent.items() if _SECRET_NAME.search(k) or _SECRET_VALUE.search(v)} if confined else set()
    kept = {k: v for k, v in parent.items() if k not in secret}
    found = os.pathsep.join(os.path.abspath(place) for place in import_path if os.path.exists(place or "."))
    return kept | _ONE_THREAD | _KEPT_MEMORY | {"PYTHONPATH": found}
