"""Bodies of requests, as far as they may go."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from fastapi import Request

from scanpipe.web.api.problems import ApiProblem


async def read_body(request: Request, most_bytes: int) -> bytes:
    """The whole body; one that is larger is a problem, and not read on."""
    return b"".join([piece async for piece in pieces(request, most_bytes)])


async def pieces(request: Request, most_bytes: int) -> AsyncGenerator[bytes, None]:
    """The body as it comes."""
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > most_bytes:
            raise ApiProblem("too_large")
        yield piece
