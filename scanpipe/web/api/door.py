"""Who comes in at the API: a token with the scope that a route asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from scanpipe.desk.parts import Parts
from scanpipe.desk.tokens import admit
from scanpipe.ledgers.accounts import Token
from scanpipe.web.api.problems import ApiProblem

TestId = Annotated[str, Path(max_length=40, description="The id of a test, without regard to case.")]
SomeId = Annotated[str, Path(max_length=20)]
_bearer = HTTPBearer(auto_error=False, description="A token of `scanpipe tokens add`.")


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def secret_of(request: Request) -> str:
    """What stands behind `Bearer` in the request."""
    return request.headers.get("authorization", "").partition(" ")[2].strip()


def needs(scope: str) -> Callable[..., Token]:
    """A dependency: the caller's token, if it may come in and has this scope."""

    def check(
        request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None
    ) -> Token:
        secret = secret_of(request) if bearer else ""
        token = admit(parts_of(request), secret) if secret else None
        if token is None:
            raise ApiProblem("unauthorized", headers={"WWW-Authenticate": "Bearer"})
        if scope not in token.scopes.split(","):
            raise ApiProblem("forbidden")
        return token

    return check
