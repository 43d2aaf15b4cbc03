"""Sign-in, sign-out, language, static files, and the page that a role begins with."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
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
    "reading.js": ("scanpipe.web", "static/reading.js", "text/javascript"),
    "sending.js": ("scanpipe.web", "static/sending.js", "text/javascript"),
    "handing_in.js": ("scanpipe.web", "static/handing_in.js", "text/javascript"),
    "htmx.js": ("js_lib_htmx", "static/htmx/htmx.min.js", "text/javascript"),
}
_FIRST = ("queue", "tests", "grading", "rooms", "people", "overview", "receipts")


class Patience:
    """Slows down who guesses passwords: after some tries for a name, or from an address, the next must wait, longer each time.

    A try counts before the password is looked at, so that many at once gain nothing; one that succeeds is taken off again.
    """

    FREE, LONGEST_S = 5, 900.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: dict[str, tuple[int, float]] = {}

    def begin(self, *keys: str) -> bool:
        """May it be tried now? Then it counts as failed until `succeeded` says otherwise."""
        with self._lock:
            now_s = self._clock()
            if any(self._wait_s(*self._tries[k], now_s) > 0 for k in keys if k in self._tries):
                return False
            for key in keys:
                tries, _ = self._tries.pop(key, (0, 0.0))
                self._tries[key] = tries + 1, now_s
            while len(self._tries) > 10_000:
                self._tries.pop(next(iter(self._tries)))
            return True

    def succeeded(self, name: str, *others: str) -> None:
        """The name begins anew; what it shares with others (an address) loses this one try only."""
        with self._lock:
            self._tries.pop(name, None)
            for key in others:
                tries, at_s = self._tries.get(key, (1, 0.0))
                self._tries[key] = max(0, tries - 1), at_s

    def _wait_s(self, tries: int, at_s: float, now_s: float) -> float:
        if tries < self.FREE:
            return 0.0
        return max(0.0, min(self.LONGEST_S, 2.0 ** (tries - self.FREE + 1)) - (now_s - at_s))


def patience_of(request: Request) -> Patience:
    patience: Patience = request.app.state.patience
    return patience


def guessing(request: Request, name: str) -> tuple[str, str]:
    """By what tries of a password are counted: its name, and where they come from."""
    return f"name {name}", f"from {request.client.host if request.client else ''}"


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
    patience, keys = patience_of(request), guessing(request, name)
    if not patience.begin(*keys):
        return draw_sign_in(request, 429, to=own_path(to), problem="wait", name=name)
    cookie = sign_in(parts_of(request), name, password)
    if cookie is None:
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
    answer.headers["Clear-Site-Data"] = '"cache"'  # drawings stay on no disk
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
