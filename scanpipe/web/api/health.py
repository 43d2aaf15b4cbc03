"""Does the process live, can it work, and what does it count: for machines that watch machines. No token is needed."""

from __future__ import annotations

from typing import Protocol

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from scanpipe.desk.readiness import look
from scanpipe.web.api.answers import Health, PartState, Readiness
from scanpipe.web.api.door import parts_of
from scanpipe.web.api.problems import only

router = APIRouter(tags=["health"])


class Numbers(Protocol):
    """What `telling.meter.Meter` has for Prometheus."""

    def text(self) -> bytes: ...


@router.get("/healthz", summary="Does the ledger answer?", responses=only("unavailable"))
def healthz(request: Request) -> Health:
    with parts_of(request).ledger.read() as r:
        r.counts()
    return Health(status="ok")


@router.get("/readyz", summary="Can sheets be taken in, filed and fetched?", responses={503: {"model": Readiness}})
def readyz(request: Request, response: Response) -> Readiness:
    """Each part is asked just now."""
    parts = [PartState(part=name, ready=not why, problem=why or None) for name, why in look(parts_of(request))]
    ready = all(part.ready for part in parts)
    response.status_code = 200 if ready else 503
    return Readiness(ready=ready, parts=parts)


@router.get(
    "/metrics",
    summary="Numbers for Prometheus",
    response_class=PlainTextResponse,
    responses=only("unavailable"),
)
def get_metrics(request: Request) -> Response:
    """In its text format. No candidate is in them."""
    return Response(request.app.state.numbers.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
