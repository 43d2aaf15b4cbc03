"""A server that can be run beside the watcher, and ended with it."""

from __future__ import annotations

import threading

import uvicorn
from fastapi import FastAPI

from scanpipe.faults import Fault

_LOOK_S = 0.1
_GRACE_S = 5
"""Browsers keep the stream of news open; it is cut then."""


class Server:
    """uvicorn in a thread of its own. The access log stays off: its lines carry candidate numbers."""

    def __init__(self, app: FastAPI, host: str, port: int, proxies: str) -> None:
        """`proxies` are the addresses, separated by commas, whose word about the caller and TLS is believed; none: nobody's."""
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            access_log=False,
            log_level="warning",
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies or None,
            timeout_graceful_shutdown=_GRACE_S,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="web")

    def start(self) -> str:
        """Answers the URL when requests are served. Raises Fault when they cannot be (the port is taken, say)."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                hint = "Is the port taken? Choose another with --port."
                raise Fault(f"cannot serve on {self._server.config.host}:{self._server.config.port}", hint)
            self._thread.join(_LOOK_S)
        host, port = self._server.servers[0].sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    def close(self) -> None:
        """Finishes the requests in flight, then ends."""
        self._server.should_exit = True
        self._thread.join()
