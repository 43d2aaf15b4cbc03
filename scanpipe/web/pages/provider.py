"""Sign-in by an identity provider: out to it, and back."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from scanpipe.desk.signing_in import sign_in_by
from scanpipe.faults import Refused
from scanpipe.identity import Departure, IdentityProvider, ProviderUnavailable
from scanpipe.web.door import own_path, parts_of, provider_of, set_cookie
from scanpipe.web.drawing import draw_sign_in

router = APIRouter(include_in_schema=False)
_WAY, _PATH, _MINUTES = "scanpipe-way", "/sign-in", 10
"""The cookie of a sign-in on its way: it binds the way back to this browser."""


@router.get("/sign-in/provider", name="provider_out")
def provider_out(request: Request, to: str = "/") -> Response:
    provider = _provider(request)
    try:
        departure = provider.begin(_back(request))
    except ProviderUnavailable:
        return _failed(request, "away", 503)
    way = base64.urlsafe_b64encode(json.dumps(asdict(departure) | {"url": own_path(to)}).encode()).decode()
    answer = RedirectResponse(departure.url, 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(_WAY, way, 60 * _MINUTES, path=_PATH, secure=secure, httponly=True, samesite="lax")
    return answer


@router.get("/sign-in/back", name="provider_back")
def provider_back(request: Request) -> Response:
    provider, way = _provider(request), _way(request)
    if way is None:
        return _failed(request, "provider", 400)
    try:
        arrival = provider.arrive(_back(request), way, dict(request.query_params))
    except Refused:
        return _failed(request, "provider", 403)
    except ProviderUnavailable:
        return _failed(request, "away", 503)
    cookie = sign_in_by(parts_of(request), arrival)
    if cookie is None:
        return _failed(request, "role", 403)
    answer = RedirectResponse(own_path(way.url), 303)
    answer.delete_cookie(_WAY, path=_PATH)
    set_cookie(request, answer, cookie)
    return answer


def _provider(request: Request) -> IdentityProvider:
    provider = provider_of(request)
    if provider is None:
        raise HTTPException(404)
    return provider


def _back(request: Request) -> str:
    return str(request.url_for("provider_back"))


def _way(request: Request) -> Departure | None:
    """What was sent off from this browser; its `url` is where the person wanted to go."""
    try:
        said = json.loads(base64.urlsafe_b64decode(request.cookies.get(_WAY, "")))
        return Departure(**{name: str(said[name]) for name in ("url", "state", "nonce", "verifier")})
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None


def _failed(request: Request, problem: str, status: int) -> Response:
    answer = draw_sign_in(request, status, problem=problem)
    answer.delete_cookie(_WAY, path=_PATH)
    return answer
