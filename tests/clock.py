"""A clock that is wrong, for processes: any test folder may use the fixture `shift` by importing it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

DAY_S = 86_400
_SHIFTED = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t which, struct timespec *told) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int answer = real(which, told);
  if (which == CLOCK_REALTIME) {
    FILE *f = fopen(getenv("SHIFT_FILE"), "r");
    long shift = 0;
    if (f) { if (fscanf(f, "%ld", &shift) != 1) shift = 0; fclose(f); }
    told->tv_sec += shift;
  }
  return answer;
}
"""


@pytest.fixture
def shift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the seconds by which the clock of the processes to come is wrong."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("CLOCK TESTS DO NOT RUN: there is no C compiler")
    source, library, shift = tmp_path / "shift.c", tmp_path / "shift.so", tmp_path / "shift"
    source.write_text(_SHIFTED)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    shift.write_text("0")
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("SHIFT_FILE", str(shift))
    return shift
