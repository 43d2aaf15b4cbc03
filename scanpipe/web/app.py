"""The application: the API, described by its own openapi.json, and the pages. The desk decides, the doors check who asks."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from scanpipe import __version__
from scanpipe.desk.feeding import Watch
from scanpipe.desk.parts import Parts
from scanpipe.desk.receipts import Receipts
from scanpipe.faults import Fault
from scanpipe.web import site as pages
from scanpipe.web.api import (
    bindings,
    codes,
    content,
    documents,
    expected,
    feed,
    hand_ins,
    health,
    links,
    problems,
    receipts,
    scans,
    slots,
    tests,
    webhooks,
)
from scanpipe.web.api.described import describe
from scanpipe.web.api.door import ApiRules, Gate
from scanpipe.web.api.problems import ROOT, ApiProblem
from scanpipe.web.site import Site, add_pages

_ROOMS = (
    health,
    slots,
    content,
    documents,
    feed,
    receipts,
    expected,
    bindings,
    codes,
    links,
    tests,
    scans,
    hand_ins,
    webhooks,
)
_USUAL = ApiRules()


def make_app(parts: Parts, numbers: health.Numbers, site: Site, rules: ApiRules = _USUAL) -> FastAPI:
    """The application over an open installation: the API (`api/`), and the pages for people (`site.py`)."""
    app = FastAPI(
        title="scanpipe", version=__version__, openapi_url=f"{ROOT}/openapi.json", docs_url=None, redoc_url=None
    )
    app.state.parts = parts
    app.state.numbers = numbers
    app.state.gate = Gate(rules)
    app.state.watch = Watch(parts)
    app.state.receipts = Receipts()
    app.add_exception_handler(ApiProblem, problems.of_api)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _words)
    app.add_exception_handler(Fault, _fault)
    for room in _ROOMS:
        app.router.routes.extend(room.router.routes)  # plainly in one list, as those of the pages
    add_pages(app, site)
    describe(app)
    return app


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problems.of_http(error) if problems.is_for_programs(request) else pages.wrong(request, error.status_code)


def _words(request: Request, error: Exception) -> Response:
    return problems.of_words(request, error) if problems.is_for_programs(request) else pages.wrong(request, 422)


def _fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, Fault)
    return problems.of_fault(error) if problems.is_for_programs(request) else pages.trouble(request, error)
