"""What lies in deploy/: units that systemd accepts and calls well sandboxed, settings that exist, packages that are the same."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scanpipe.settings import load_settings
from tests.installation import ROOT

DEPLOY = ROOT / "deploy"
SERVICES = sorted(p.name for p in (DEPLOY / "systemd").glob("*.service"))
MOST_EXPOSED = 25
"""Of 100, as `systemd-analyze security` counts; 50 is what it calls medium."""


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units with a scanpipe that is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("SYSTEMD UNITS ARE NOT CHECKED: there is no systemd-analyze (apt-get install systemd)")
    folder = tmp_path_factory.mktemp("units")
    for unit in (DEPLOY / "systemd").iterdir():
        here = unit.read_text().replace("/opt/scanpipe/bin/scanpipe", str(Path(sys.executable).parent / "scanpipe"))
        (folder / unit.name).write_text(here)
    return folder


def analyze(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *args], capture_output=True, text=True, timeout=60)


def test_systemd_accepts_the_units(units: Path) -> None:
    done = analyze("verify", "--man=no", *map(str, sorted(units.iterdir())))
    assert done.returncode == 0 and done.stderr == "", done.stderr
    broken = units / "broken.service"
    broken.write_text((units / "scanpipe.service").read_text().replace("KillMode=mixed", "KillMode=gently"))
    assert "kill mode" in analyze("verify", "--man=no", str(broken)).stderr
    broken.unlink()


@pytest.mark.parametrize("service", SERVICES)
def test_systemd_calls_the_services_well_sandboxed(units: Path, service: str) -> None:
    bound = f"--threshold={MOST_EXPOSED}"
    done = analyze("security", "--offline=true", "--no-pager", bound, str(units / service))
    assert done.returncode == 0, done.stdout


def test_services_that_carry_scans_end_their_workers_last() -> None:
    for name in ("scanpipe.service", "scanpipe-worker.service"):
        assert "KillMode=mixed" in (DEPLOY / "systemd" / name).read_text()


def test_the_settings_of_the_example_exist() -> None:
    settings, _ = load_settings(DEPLOY / "scanpipe.toml", {})
    assert settings.root == Path("/var/lib/scanpipe") and len(settings.sources) == 2


def test_the_settings_of_the_compose_file_exist(tmp_path: Path) -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    told = {k: str(v) for k, v in compose["services"]["scanpipe"]["environment"].items()}
    secret = tmp_path / "ledger-url"
    secret.write_text("postgresql://scanpipe:secret@database/scanpipe")
    assert told["SCANPIPE__LEDGER__URL_FILE"] == "/run/secrets/ledger-url"
    settings, _ = load_settings(None, told | {"SCANPIPE__LEDGER__URL_FILE": str(secret)})
    assert settings.store.kind == "s3" and settings.ledger.url.startswith("postgresql://")
    for service in compose["services"].values():
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
        assert {v.split(":")[0] for v in service["volumes"] if not v.startswith("/")} <= set(compose["volumes"])


def test_the_container_has_the_system_libraries_of_the_setup() -> None:
    needed = set(re.findall(r"\|\| (?:missing|faster)\+=\(([^)]*)\)", (ROOT / "tools/setup.sh").read_text()))
    packages = {p for group in needed for p in group.split()} - {"python3-venv", "python3-dev"}
    container = (DEPLOY / "Containerfile").read_text()
    assert {"libzbar0", "libgl1", "gcc"} <= packages
    assert all(package in container for package in packages)
    guide = (ROOT / "docs/operating.md").read_text()
    assert all(package in guide for package in packages)
