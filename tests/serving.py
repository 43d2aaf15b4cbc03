"""`scanpipe serve` or `scanpipe up` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.installation import Installation
from tests.loaded import Running, start
from tests.s3_server import free_ports


@contextmanager
def serving(home: Installation, command: str = "serve", **settings: str) -> Iterator[str]:
    """Yields the URL; asserts that it ends as it should."""
    with tempfile.NamedTemporaryFile("ab") as log:
        process = start((command, "--port", "0"), {**os.environ, **home.environ, **settings}, log, log)
        try:
            yield _address(process, Path(log.name))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        assert process.returncode == 0, Path(log.name).read_text()


def _address(process: Running | subprocess.Popen[bytes], log: Path) -> str:
    while not (url := re.search(r"Serving (http://[^/]+)", log.read_text())):
        assert process.poll() is None, log.read_text()
        time.sleep(0.02)
    return url[1]


class MortalServer:
    """`scanpipe serve` or `up` on a port of its own, which is killed and started again there. What it says is in `log`.

    As a context it is over at the end, whatever happened; `stop` asserts that it ends as it should.
    """

    def __init__(self, home: Installation, command: str = "serve", **settings: str) -> None:
        (self._port,) = free_ports(1)
        self._command = (command, "--port", str(self._port))
        self._env = {**os.environ, **home.environ, **settings}
        self.log = home.data_dir.parent / f"{command}-{self._port}.log"
        self.url = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Begins; does not wait until it serves."""
        with self.log.open("ab") as log:
            self._told = log.tell()
            self.process = start(self._command, self._env, log, log)

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
