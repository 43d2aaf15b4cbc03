"""A receiver of webhooks in a process of its own: what it does is its mood, what it took it keeps.

python -m tests.programs.receiver_process FOLDER PORT
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.installation import ROOT
from tests.programs.receiver import Handler, Receiver
from tests.s3_server import free_ports

MOODS: dict[str, Any] = {
    "well": 200,
    "fails": 500,
    "hangs": None,
    "garbage": b"HTTP/1.1 999999 no\r\n\r\n",
    "moved": "http://127.0.0.1:1/elsewhere",
}


class ReceiverProcess:
    """What it took outlives it."""

    def __init__(self, folder: Path, mood: str = "well") -> None:
        folder.mkdir()
        self._folder = folder
        self.feels(mood)
        self.moves()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/hook"

    def start(self) -> None:
        """On the port that it had."""
        command = [sys.executable, "-m", "tests.programs.receiver_process", str(self._folder), str(self._port)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None and self._process.stdout.readline() == "listening\n"

    def moves(self) -> None:
        """To another port, from the next start on."""
        (self._port,) = free_ports(1)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def feels(self, mood: str) -> None:
        part = self._folder / "mood.part"
        part.write_text(mood)
        part.rename(self._folder / "mood")

    def took(self) -> list[dict[str, Any]]:
        """What it answered 200 to, in its order."""
        kept = self._folder / "took.jsonl"
        return [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []


def main(folder: Path, port: int) -> None:
    lock = threading.Lock()

    def answer(change: dict[str, Any]) -> Any:
        mood = (folder / "mood").read_text()
        if mood == "well":
            with lock, (folder / "took.jsonl").open("a") as kept:
                kept.write(json.dumps(change) + "\n")
        return MOODS[mood]

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.receiver = Receiver(server, answer)  # type: ignore[attr-defined]
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    print("listening", flush=True)
    server.serve_forever()


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
