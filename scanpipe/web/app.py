"""The application: the API, described by its own openapi.json, and the pages. The desk decides, this door checks the token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Protocol

from fastapi import Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from scanpipe import __version__
from scanpipe.desk.parts import Parts
from scanpipe.desk.readiness import look
from scanpipe.desk.slots import SlotView, changes, view_slot
from scanpipe.desk.tokens import admit, may_see
from scanpipe.faults import Fault
from scanpipe.ledgers.accounts import Token
from scanpipe.web import site as pages
from scanpipe.web.answers import (
    Events,
    Health,
    PartState,
    Problem,
    Readiness,
    SlotAnswer,
    event_answer,
    slot_answer,
)
from scanpipe.web.api import expected, receipts
from scanpipe.web.site import Site, add_pages

ROOT = "/api/v1"
_TITLES = {
    401: "No valid token",
    403: "The token lacks the scope",
    404: "There is no such thing",
    422: "The call's words are off",
}
_CODES = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    422: "invalid",
    503: "unavailable",
}
_FOR_PROGRAMS = ("/healthz", "/readyz", "/metrics")
_PROBLEMS: dict[int | str, dict[str, Any]] = {code: {"model": Problem} for code in (401, 403, 404, 422)}

TestId = Annotated[str, Path(max_length=40)]
SomeId = Annotated[str, Path(max_length=20)]


class Numbers(Protocol):
    """What `telling.meter.Meter` has for Prometheus."""

    def text(self) -> bytes: ...


def make_app(parts: Parts, numbers: Numbers, site: Site) -> FastAPI:
    """The application over an open installation: the API, and the pages for people (`site.py`)."""
    app = FastAPI(
        title="scanpipe", version=__version__, openapi_url=f"{ROOT}/openapi.json", docs_url=None, redoc_url=None
    )
    app.state.parts = parts
    app.state.numbers = numbers
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(RequestValidationError, lambda request, _: _problem(422))
    app.add_exception_handler(Fault, _fault)
    app.get("/healthz", response_model=Health, responses={503: {"model": Problem}})(healthz)
    app.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})(readyz)
    app.get("/metrics", response_class=PlainTextResponse, responses={503: {"model": Problem}})(get_metrics)
    slot = f"{ROOT}/tests/{{test}}/slots/{{candidate}}/{{question}}"
    app.get(slot, response_model=SlotAnswer, responses=_PROBLEMS)(get_slot)
    picture: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}, "image/png": {}}}, 304: {}}
    app.api_route(f"{slot}/pages/{{sha256}}", methods=["GET"], response_class=Response, responses=picture | _PROBLEMS)(
        get_content
    )
    app.get(f"{ROOT}/events", response_model=Events, responses=_PROBLEMS)(get_events)
    for subject in (receipts, expected):
        app.include_router(subject.make_router(_with_scope, _PROBLEMS), prefix=ROOT)
    add_pages(app, site)
    return app


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def _with_scope(scope: str) -> Callable[..., Token]:
    """A check that the caller's token has this scope."""

    def check(request: Request, authorization: Annotated[str | None, Header()] = None) -> Token:
        kind, _, secret = (authorization or "").partition(" ")
        token = admit(_parts(request), secret.strip()) if kind.lower() == "bearer" and secret.strip() else None
        if token is None:
            raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
        if scope not in token.scopes.split(","):
            raise HTTPException(403)
        return token

    return check


def healthz(request: Request) -> Health:
    """Does the ledger answer?"""
    with _parts(request).ledger.read() as r:
        r.counts()
    return Health(status="ok")


def readyz(request: Request, response: Response) -> Readiness:
    """Can sheets be taken in, filed and fetched? Each part was asked just now."""
    parts = [PartState(part=name, ready=not why, problem=why or None) for name, why in look(_parts(request))]
    ready = all(part.ready for part in parts)
    response.status_code = 200 if ready else 503
    return Readiness(ready=ready, parts=parts)


def get_metrics(request: Request) -> Response:
    """Numbers in the text format of Prometheus. No candidate is in them."""
    return Response(request.app.state.numbers.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def get_slot(
    request: Request,
    test: TestId,
    candidate: SomeId,
    question: SomeId,
    token: Annotated[Token, Depends(_with_scope("slots:read"))],
) -> SlotAnswer:
    """What lies in a slot: its state, and its pages in the order of filing."""
    return slot_answer(_slot(request, token, test, candidate, question), ROOT)


def get_content(
    request: Request,
    test: TestId,
    candidate: SomeId,
    question: SomeId,
    sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
    token: Annotated[Token, Depends(_with_scope("content:read"))],
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The bytes of a page's picture. Its digest is its ETag: what has it once never needs it again."""
    page = _slot(request, token, test, candidate, question).page(sha256)
    if page is None or page.key is None:
        raise HTTPException(404)
    headers = {
        "ETag": f'"{sha256}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(_parts(request).store.read(page.key), media_type=page.media_type, headers=headers)


def get_events(
    request: Request,
    token: Annotated[Token, Depends(_with_scope("events:read"))],
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> Events:
    """Changes to slots with a number above `after`, the oldest first; ask again with `next`."""
    found = changes(_parts(request), after, limit)
    seen = [event_answer(c) for c in found if may_see(token, c.slot.test)]
    return Events(events=seen, next=found[-1].id if found else after)


def _slot(request: Request, token: Token, test: str, candidate: str, question: str) -> SlotView:
    """A slot of a test that the token may not see answers as one that does not exist."""
    view = view_slot(_parts(request), test, candidate, question) if may_see(token, test) else None
    if view is None:
        raise HTTPException(404)
    return view


def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code in (404, 405) and not request.url.path.startswith(f"{ROOT}/"):
        return pages.missing(request, error.status_code)
    return _problem(error.status_code, dict(error.headers or {}))


def _fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, Fault)
    for_programs = request.url.path.startswith(f"{ROOT}/") or request.url.path in _FOR_PROGRAMS
    return _problem(503) if for_programs else pages.trouble(request, error)


def _problem(status: int, headers: dict[str, str] | None = None) -> Response:
    title = _TITLES.get(status, "The request cannot be served")
    problem = Problem(title=title, status=status, code=_CODES.get(status, "error"))
    return JSONResponse(problem.model_dump(), status, headers, media_type="application/problem+json")
