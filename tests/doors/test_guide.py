"""docs/operating.md, followed step by step: every command as it is written, with the machine's folders moved elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.installation import ROOT

ONLY_ON_A_MACHINE = ("apt-get ", "useradd ", "chown ", "systemctl ", "journalctl ")
INSTALLING = ("python3 -m venv ", "/opt/scanpipe/bin/pip ")


def test_every_command_of_the_guide(tmp_path: Path) -> None:
    text = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    followed = [line for line in lines if not line.startswith(ONLY_ON_A_MACHINE)]
    assert len(followed) >= 15 and sum(line.startswith("scanpipe ") for line in followed) >= 10
    machine = tmp_path / "machine"
    (machine / "opt/scanpipe").mkdir(parents=True)
    (machine / "etc/systemd/system").mkdir(parents=True)
    (machine / "tmp").mkdir()
    (machine / "opt/scanpipe/bin").symlink_to(Path(sys.executable).parent)  # installed already, from the same lock
    script = "set -eux\n" + "\n".join(moved(line, machine) for line in followed if not line.startswith(INSTALLING))
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=240
    )
    # Steps 1 and 4 as they are: the settings of the office, the folders of a real machine.
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing is missing, nothing was changed." in done.stdout
    assert (machine / "var/lib/scanpipe/backup/before-the-exam/ledger.db").exists()


def moved(line: str, machine: Path) -> str:
    """The line on the machine of the test; settings that name folders are moved as well."""
    here = re.sub(r"(?<![\w.])/(opt|etc|srv|var|tmp)/", rf"{machine}/\1/", line)
    if line.startswith("cp deploy/scanpipe.toml"):
        place = f"{machine}/etc/scanpipe/scanpipe.toml"
        here += f" && sed -i 's#\"/\\(var\\|srv\\)#\"{machine}/\\1#' {place}"
    return here


def clean_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("SCANPIPE")}
