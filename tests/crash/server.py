"""`scanpipe serve` that kills itself before the n-th effect of one request. Used by test_served_decisions.py.

    DECIDING=/path/of/the/request FATAL_EFFECT=N python -m tests.crash.server serve --port 0

What it does beside the request is not counted until the request came in. With N = 0 it lives, and the request's answer has the
number of effects in the header `effects`.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scanpipe.cli import main
from scanpipe.web import app as pages
from tests.crash.driver import Countdown


class Armed:
    """The effects of one request are counted from when it comes in."""

    def __init__(self, app: ASGIApp, path: str, fatal: int) -> None:
        self._app, self._path, self._countdown = app, path, Countdown(fatal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != self._path:
            await self._app(scope, receive, send)
            return
        sys.addaudithook(self._countdown.audit)
        sa.event.listen(sa.Engine, "commit", self._countdown.step)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"effects", str(self._countdown.count).encode())]
            await send(message)

        await self._app(scope, receive, told)


_make_app = pages.make_app


def _armed(*args: Any) -> FastAPI:
    app = _make_app(*args)
    app.add_middleware(Armed, path=os.environ["DECIDING"], fatal=int(os.environ["FATAL_EFFECT"]))
    return app


if __name__ == "__main__":
    pages.make_app = _armed
    main()
