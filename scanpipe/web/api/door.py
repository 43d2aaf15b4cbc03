"""Who comes in at the API: a token with the scope that a route asks for, and not more often than the settings allow."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import HTTPBearer

from scanpipe.access import AccessTokens
from scanpipe.desk.limiting import Allowance, Limiter
from scanpipe.desk.links import admit_link
from scanpipe.desk.parts import Parts
from scanpipe.desk.tokens import SCOPES, admit
from scanpipe.ledgers.accounts import Token
from scanpipe.ledgers.links import Link
from scanpipe.web.api.problems import ApiProblem

PRINTABLE = r"^[^\x00-\x1f]+$"
"""No database takes all characters below the space."""
TestId = Annotated[str, Path(max_length=40, pattern=PRINTABLE, description="The id of a test, without regard to case.")]
SomeId = Annotated[str, Path(max_length=20, pattern=PRINTABLE)]
BEARER = HTTPBearer(
    auto_error=False, description="A token of `scanpipe tokens add`, or an access token of the identity provider."
)
"""For the description; `admitted` checks."""
LINK = HTTPBearer(
    scheme_name="LinkBearer",
    auto_error=False,
    description="The secret of a link: it opens one slot until its deadline.",
)
_FAILURES_PER_MINUTE = 30
_ASKED_PER_MINUTE = 20
"""Of one receipt code: whoever waits for a sheet need not ask more often."""
_WRONG_PER_MINUTE, _WRONG_AT_ONCE = 30, 100
"""Receipt codes of a client that are nobody's. Among 17,000 codes a guess hits one in 65 million: in four years at this pace."""


@dataclass(frozen=True, slots=True)
class ApiRules:
    """What the settings say of the API. `presigned_s` is how long a link to the object store holds; 0: bytes pass here. Then how
    often a token may ask (0: as often as it likes), whose access tokens open the API beside our own, and whether webhooks may
    lead to addresses that are not public.
    """

    presigned_s: int = 0
    requests_per_minute: int = 0
    burst: int = 1
    access: AccessTokens | None = None
    private_webhooks: bool = False


class Gate:
    """Lets tokens in, and counts: requests of each token, failures of each address, and receipt codes.

    A failure is counted after the look at the token: a good program is let in from an address that others guess from, since
    behind a proxy all may have the same one.
    """

    def __init__(self, rules: ApiRules) -> None:
        self.rules = rules
        self.requests = Limiter(rules.requests_per_minute, rules.burst)
        self.failures = Limiter(_FAILURES_PER_MINUTE, _FAILURES_PER_MINUTE)
        self.receipts = Limiter(_ASKED_PER_MINUTE, _ASKED_PER_MINUTE)
        self.wrong_receipts = Limiter(_WRONG_PER_MINUTE, _WRONG_AT_ONCE)


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def gate_of(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


def rules_of(request: Request) -> ApiRules:
    return gate_of(request).rules


def who(request: Request) -> Token | None:
    """Who comes in now with what the request has, if anybody: asked each time."""
    kind, _, rest = request.headers.get("authorization", "").partition(" ")
    secret, access = rest.strip(), rules_of(request).access
    if kind.lower() != "bearer" or not secret:
        return None
    if access is not None and access.looks_like_one(secret):
        return access.admit(secret, SCOPES)
    return admit(parts_of(request), secret)


def admitted(request: Request, scope: str) -> Token:
    """The caller's token, if it may come in now, has this scope, and does not ask too often. Raises ApiProblem."""
    token = who(request)
    if token is None:
        raise _refused(request)
    _count(request, token.who)
    if scope not in token.scopes.split(","):
        raise ApiProblem("forbidden")
    return token


def needs(scope: str) -> Callable[..., Token]:
    """A dependency: `admitted`."""

    def check(request: Request, _: Annotated[object, Depends(BEARER)]) -> Token:
        return admitted(request, scope)

    return check


def by_link(request: Request, _: Annotated[object, Depends(LINK)]) -> Link:
    """A dependency: the link whose secret the request brings. It opens what is handed in by it, and nothing else."""
    kind, _, rest = request.headers.get("authorization", "").partition(" ")
    link = admit_link(parts_of(request), rest.strip()) if kind.lower() == "bearer" else None
    if link is None:
        raise _refused(request)
    _count(request, link.who)
    return link


def counted(limiter: Limiter, name: str, count: int = 1) -> None:
    """Takes a request of this name. Raises ApiProblem where there is none left."""
    allowance = limiter.take(name, count)
    if allowance.wait_s:
        raise ApiProblem("too_many_requests", headers=_wait(allowance))


def _refused(request: Request) -> ApiProblem:
    allowance = gate_of(request).failures.take(request.client.host if request.client else "")
    if allowance.wait_s:
        return ApiProblem("too_many_requests", headers=_wait(allowance))
    return ApiProblem("unauthorized", headers={"WWW-Authenticate": "Bearer"})


def _count(request: Request, who: str) -> None:
    """Says how many requests are left, as the draft of the IETF has it (draft-ietf-httpapi-ratelimit-headers)."""
    limiter = gate_of(request).requests
    if not limiter.per_minute:
        return
    allowance = limiter.take(who)
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
