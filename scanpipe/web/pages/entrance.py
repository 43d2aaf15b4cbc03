"""Sign-in, sign-out, language, static files, and the page that a role begins with."""

from __future__ import annotations

import time
from collections import defaultdict
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from scanpipe.desk.signing_in import choose_language, sign_in, sign_out
from scanpipe.web.door import COOKIE, Actor, Person, caller, check_origin, keep_language, own_path, parts_of, set_cookie
from scanpipe.web.drawing import draw_sign_in
from scanpipe.web.rules import may
from scanpipe.web.words import LANGUAGES

router = APIRouter(include_in_schema=False)
_STATIC = {
    "scanpipe.css": ("scanpipe.web", "static/scanpipe.css", "text/css"),
    "icon.svg": ("scanpipe.web", "static/icon.svg", "image/svg+xml"),
    "scanpipe.js": ("scanpipe.web", "static/scanpipe.js", "text/javascript"),
    "sending.js": ("scanpipe.web", "static/sending.js", "text/javascript"),
    "htmx.js": ("js_lib_htmx", "static/htmx/htmx.min.js", "text/javascript"),
}
_FIRST = ("queue", "tests", "grading", "rooms", "people", "overview", "receipts")


class Patience:
    """Slows down who guesses passwords: after some failures of a name or an address the next try must wait, longer each time."""

    FREE, LONGEST_S = 5, 900.0

    def __init__(self) -> None:
        self._failures: dict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))

    def wait_s(self, *keys: str) -> float:
        """How long the next try must wait."""
        return max((self._wait_s(*self._failures[k]) for k in keys if k in self._failures), default=0.0)

    def failed(self, *keys: str) -> None:
        for key in keys:
            self._failures[key] = self._failures[key][0] + 1, time.monotonic()
        if len(self._failures) > 10_000:
            self._failures.pop(next(iter(self._failures)))

    def succeeded(self, *keys: str) -> None:
        for key in keys:
            self._failures.pop(key, None)

    def _wait_s(self, failures: int, at_s: float) -> float:
        if failures < self.FREE:
            return 0.0
        return max(0.0, min(self.LONGEST_S, 2.0 ** (failures - self.FREE + 1)) - (time.monotonic() - at_s))


@router.get("/sign-in", name="sign_in")
def sign_in_page(request: Request, to: str = "/") -> Response:
    if caller(request) is not None:
        return RedirectResponse(own_path(to), 303)
    return draw_sign_in(request, to=own_path(to), problem=None, name="")


@router.post("/sign-in", name="sign_in_post")
def sign_in_post(
    request: Request,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    to: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    check_origin(request)
    patience: Patience = request.app.state.patience
    keys = (f"name {name}", f"from {request.client.host if request.client else ''}")
    wait_s = patience.wait_s(*keys)
    if wait_s > 0:
        return draw_sign_in(request, 429, to=own_path(to), problem="wait", name=name)
    cookie = sign_in(parts_of(request), name, password)
    if cookie is None:
        patience.failed(*keys)
        return draw_sign_in(request, 401, to=own_path(to), problem="wrong", name=name)
    patience.succeeded(*keys)
    answer = RedirectResponse(own_path(to), 303)
    set_cookie(request, answer, cookie)
    return answer


@router.post("/sign-out", name="sign_out")
def sign_out_post(request: Request, person: Actor) -> Response:
    sign_out(parts_of(request), person)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.post("/language", name="language")
def language_post(
    request: Request, person: Actor, language: Annotated[str, Form()], to: Annotated[str, Form()] = "/"
) -> Response:
    if language not in LANGUAGES:
        raise HTTPException(404)
    choose_language(parts_of(request), person, language)
    answer = RedirectResponse(own_path(to), 303)
    keep_language(request, answer, language)
    return answer


@router.get("/", name="home")
def home(request: Request, person: Person) -> Response:
    first = next(route for route in _FIRST if may(person.role, route))
    return RedirectResponse(request.app.url_path_for(first), 303)


@router.get("/static/{name}", name="static")
def static(name: str) -> Response:
    if name not in _STATIC:
        raise HTTPException(404)
    package, path, media_type = _STATIC[name]
    body = (files(package) / path).read_bytes()
    return Response(body, media_type=media_type, headers={"Cache-Control": "max-age=3600"})
