"""The commands of the README, run as they are written, on a fresh installation."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
import time
from pathlib import Path
from tempfile import NamedTemporaryFile

from scanpipe.wiring import open_parts
from tests.installation import ROOT, Installation
from tests.loaded import call, start


def test_the_commands_run_as_written(tmp_path: Path) -> None:
    home = Installation(tmp_path / "data", tmp_path / "none.pdf", ())
    commands = [shlex.split(line, comments=True) for line in _block("## Use it") if line.startswith("scanpipe ")]
    assert len(commands) >= 9
    assert Path(sys.executable).with_name("scanpipe").exists()
    for command in commands:
        _run(home, command, tmp_path)
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        assert [p.candidate for p in r.pages_in("filed")] == ["10001"]


def _run(home: Installation, words: list[str], place: Path) -> None:
    args = [str(ROOT / a) if a.startswith(("config/", "fixtures/")) else a for a in words[1:]]
    env = {**os.environ, **home.environ}
    if args != ["watch"]:
        done = call(args, env, None, 60, cwd=place)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return
    with NamedTemporaryFile("ab") as log:
        watcher = start(args, env, log, log, cwd=place)
        while "Watching" not in (said := Path(log.name).read_text(encoding="utf-8")):
            assert watcher.poll() is None, said
            time.sleep(0.05)
        watcher.send_signal(signal.SIGINT)
        assert watcher.wait(60) == 0


def _block(heading: str) -> list[str]:
    """The lines of the first shell block below a heading of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split(heading)[1]
    found = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1].splitlines()
