"""How much a request may carry, looked at before anything of it is read: forms are parsed before the door sees who sends them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FORM_BYTES = 2**20
_LARGER = {
    "/drafts": 11 * 2**20,
    "/import/": 9 * 2**20,
    "/hand-in/": 9 * 2**20,
    "/bind": 16 * 2**20,
    "/api/v1/": 2**40,
}
"""Starts of paths that take more: definitions with lists, pieces of scans, pictures; the API bounds what it takes by itself."""


class _TooLarge(Exception):
    pass


class Bounds:
    """ASGI middleware: answers `too_large` to a body above the bound of its path, also where its length was not said
    beforehand.
    """

    def __init__(self, app: ASGIApp, too_large: Callable[[Scope], Awaitable[Response]]) -> None:
        self._app = app
        self._too_large = too_large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most, came, began = _bound(scope["path"]), 0, False

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            if _told_length(scope) > most:
                raise _TooLarge
            await self._app(scope, counted, watched)
        except _TooLarge:
            if not began:
                answer = await self._too_large(scope)
                answer.headers["Connection"] = "close"
                await answer(scope, receive, send)


def _bound(path: str) -> int:
    return next((most for start, most in _LARGER.items() if path.startswith(start)), _FORM_BYTES)


def _told_length(scope: Scope) -> int:
    told = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(told) if told.isdigit() else 0
