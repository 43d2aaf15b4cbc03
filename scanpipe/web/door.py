"""The door of the pages: who comes in, what guards forms, and what every answer carries along."""

from __future__ import annotations

import hmac
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Form, Header, HTTPException, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scanpipe.desk.parts import Parts
from scanpipe.desk.signing_in import SessionRules, Visitor, visitor
from scanpipe.identity import IdentityProvider
from scanpipe.web.rules import may

COOKIE = "scanpipe"
_YEAR_S = 365 * 24 * 3600
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


BY_ITSELF = frozenset({"here", "queue_changes", "completeness_live", "notices_count"})
"""Routes that an open page asks for while nobody is there. Of others it says so: `X-By-Itself`."""


class NobodyIsSignedIn(Exception):
    """The page needs a session: the answer leads to the sign-in."""


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def provider_of(request: Request) -> IdentityProvider | None:
    provider: IdentityProvider | None = request.app.state.provider
    return provider


def session_rules(request: Request) -> SessionRules:
    rules: SessionRules = request.app.state.session_rules
    return rules


def caller(request: Request) -> Visitor | None:
    """Who is signed in, if anybody is."""
    cookie = request.cookies.get(COOKIE)
    by_itself = getattr(request.scope.get("route"), "name", None) in BY_ITSELF or "x-by-itself" in request.headers
    found = (parts_of(request), cookie or "", session_rules(request), provider_of(request), by_itself)
    return visitor(*found) if cookie else None


def admitted(request: Request) -> Visitor:
    """The visitor, if their role may use this route. One that they may not see answers as one that does not exist."""
    person = caller(request)
    if person is None:
        raise NobodyIsSignedIn
    if not may(person.role, request.scope["route"].name):
        raise HTTPException(404)
    request.state.visitor = person
    return person


Person = Annotated[Visitor, Depends(admitted)]


def guarded(
    request: Request,
    person: Person,
    token: Annotated[str, Form()] = "",
    x_csrf_token: Annotated[str, Header()] = "",
) -> Visitor:
    """The visitor of a request that changes something: from our own page, with the session's secret."""
    check_origin(request)
    if not hmac.compare_digest((token or x_csrf_token).encode(), person.secret.encode()):
        raise HTTPException(403)
    return person


Actor = Annotated[Visitor, Depends(guarded)]


def own_path(to: str) -> str:
    """A path of ours, never another site's address."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() else "/"


def check_origin(request: Request) -> None:
    """Refuses what another site sends. Browsers name the origin of every POST."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403)


def set_cookie(request: Request, response: Response, cookie: str) -> None:
    """The cookie of a session: no script reads it, no other site sends it, and only TLS carries it where there is TLS."""
    age_s = int(session_rules(request).absolute.total_seconds())
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, cookie, max_age=age_s, path="/", secure=secure, httponly=True, samesite="lax")


def keep_language(request: Request, response: Response, language: str) -> None:
    """For the page of the door, in this browser: whoever signs in has the language that they chose, wherever that was."""
    secure = request.url.scheme == "https"
    response.set_cookie("language", language, max_age=_YEAR_S, path="/", secure=secure, httponly=True, samesite="lax")


class WithHeaders:
    """What every answer carries; one that says more about itself keeps it. Streams stay streams."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (scope.get("state", {}).get("told", {}) | _HEADERS).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, tell if scope["type"] == "http" else send)
