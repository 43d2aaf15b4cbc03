"""Who comes in at the API: a token with the scope that a route asks for, and not more often than the settings allow."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from scanpipe.access import AccessTokens
from scanpipe.desk.limiting import Allowance, Limiter
from scanpipe.desk.parts import Parts
from scanpipe.desk.tokens import SCOPES, admit
from scanpipe.ledgers.accounts import Token
from scanpipe.web.api.problems import ApiProblem

TestId = Annotated[str, Path(max_length=40, description="The id of a test, without regard to case.")]
SomeId = Annotated[str, Path(max_length=20)]
_bearer = HTTPBearer(
    auto_error=False, description="A token of `scanpipe tokens add`, or an access token of the identity provider."
)
_FAILURES_PER_MINUTE = 30


@dataclass(frozen=True, slots=True)
class ApiRules:
    """How often a token may ask (0: as often as it likes), and whose access tokens open the API beside our own, and
    whether webhooks may lead to addresses that are not public.
    """

    requests_per_minute: int = 0
    burst: int = 1
    access: AccessTokens | None = None
    private_webhooks: bool = False


class Gate:
    """Lets tokens in, and counts: requests of each token, and failures of each address.

    A failure is counted after the look at the token: a good program is let in from an address that others guess from, since
    behind a proxy all may have the same one.
    """

    def __init__(self, rules: ApiRules) -> None:
        self.rules = rules
        self.requests = Limiter(rules.requests_per_minute, rules.burst)
        self.failures = Limiter(_FAILURES_PER_MINUTE, _FAILURES_PER_MINUTE)


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def gate_of(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


def secret_of(request: Request) -> str:
    """What stands behind `Bearer` in the request."""
    return request.headers.get("authorization", "").partition(" ")[2].strip()


def admitted(request: Request) -> Token | None:
    """Who comes in with what the request has, if anybody."""
    secret, access = secret_of(request), gate_of(request).rules.access
    if access is not None and access.looks_like_one(secret):
        return access.admit(secret, SCOPES)
    return admit(parts_of(request), secret) if secret else None


def needs(scope: str) -> Callable[..., Token]:
    """A dependency: the caller's token, if it may come in and has this scope."""

    def check(
        request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None
    ) -> Token:
        token = admitted(request) if bearer else None
        if token is None:
            raise _refused(request)
        _count(request, token)
        if scope not in token.scopes.split(","):
            raise ApiProblem("forbidden")
        return token

    check.__name__ = f"needs {scope}"
    return check


def _refused(request: Request) -> ApiProblem:
    allowance = gate_of(request).failures.take(request.client.host if request.client else "")
    if allowance.wait_s:
        return ApiProblem("too_many_requests", headers=_wait(allowance))
    return ApiProblem("unauthorized", headers={"WWW-Authenticate": "Bearer"})


def _count(request: Request, token: Token) -> None:
    """Says how many requests are left, as the draft of the IETF has it (draft-ietf-httpapi-ratelimit-headers)."""
    limiter = gate_of(request).requests
    if not limiter.per_minute:
        return
    allowance = limiter.take(token.who)
    window_s = math.ceil(60.0 * limiter.burst / limiter.per_minute)
    told = {
        "RateLimit-Policy": f'"token";q={limiter.burst};w={window_s}',
        "RateLimit": f'"token";r={allowance.left};t={math.ceil(allowance.wait_s)}',
    }
    request.state.told = told
    if allowance.wait_s:
        raise ApiProblem("too_many_requests", headers=told | _wait(allowance))


def _wait(allowance: Allowance) -> dict[str, str]:
    return {"Retry-After": str(max(1, math.ceil(allowance.wait_s)))}
