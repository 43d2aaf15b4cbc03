"""`scanpipe serve` or `scanpipe up` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.installation import ROOT, Installation
from tests.s3_server import free_ports


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


class MortalServer:
    """`scanpipe serve` or `up` on a port of its own, which is killed and started again there. What it says is in `log`.

    As a context it is over at the end, whatever happened; `stop` asserts that it ends as it should.
    """

    def __init__(self, home: Installation, command: str = "serve", **settings: str) -> None:
        (self._port,) = free_ports(1)
        self._command = [sys.executable, "-m", "scanpipe", command, "--port", str(self._port)]
        self._env = {**os.environ, **home.environ, **settings}
        self.log = home.data_dir.parent / f"{command}-{self._port}.log"
        self.url = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Begins; does not wait until it serves."""
        with self.log.open("ab") as log:
            self._told = log.tell()
            self.process = subprocess.Popen(self._command, env=self._env, cwd=ROOT, stdout=log, stderr=log)

    def wait_until_up(self) -> None:
        while "Serving http" not in (said := self.log.read_text()[self._told :]):
            assert self.process.poll() is None, said
            time.sleep(0.05)

    def kill(self) -> bool:
        """Answers whether it was alive until then."""
        self.process.kill()
        return self.process.wait() == -signal.SIGKILL

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(120) == 0, self.log.read_text()[-2000:]

    def __enter__(self) -> MortalServer:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
