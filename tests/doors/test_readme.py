"""The commands of the README, run as they are written, on a fresh installation."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

from scanpipe.wiring import open_parts
from tests.installation import ROOT, Installation


def test_the_commands_run_as_written(tmp_path: Path) -> None:
    home = Installation(tmp_path / "data", tmp_path / "none.pdf", ())
    commands = [shlex.split(line, comments=True) for line in _block("## Use it") if line.startswith("scanpipe ")]
    assert len(commands) >= 9
    for command in commands:
        _run(home, command, tmp_path)
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        assert [p.candidate for p in r.pages_in("filed")] == ["10001"]


def _run(home: Installation, command: list[str], place: Path) -> None:
    env = {**os.environ, **home.environ, "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"}
    args = [str(ROOT / a) if a.startswith(("config/", "fixtures/")) else a for a in command]
    process = subprocess.Popen(args, env=env, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if command[1] == "watch":
        assert process.stderr is not None and "Watching" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, f"{command}: {out}{err}"


def _block(heading: str) -> list[str]:
    """The lines of the first shell block below a heading of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split(heading)[1]
    found = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1].splitlines()
