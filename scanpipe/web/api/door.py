"""Who comes in at the API: a token with the scope that a route asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import HTTPBearer

from scanpipe.desk.parts import Parts
from scanpipe.desk.tokens import admit
from scanpipe.ledgers.accounts import Token
from scanpipe.web.api.problems import ApiProblem

PRINTABLE = r"^[^\x00-\x1f]+$"
"""No database takes all characters below the space."""
TestId = Annotated[str, Path(max_length=40, pattern=PRINTABLE, description="The id of a test, without regard to case.")]
SomeId = Annotated[str, Path(max_length=20, pattern=PRINTABLE)]
BEARER = HTTPBearer(auto_error=False, description="A token of `scanpipe tokens add`.")
"""For the description; `admitted` checks."""


@dataclass(frozen=True, slots=True)
class ApiRules:
    """What the settings say of the API. `presigned_s` is how long a link to the object store holds; 0: bytes pass here."""

    presigned_s: int = 0


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def rules_of(request: Request) -> ApiRules:
    rules: ApiRules = request.app.state.api_rules
    return rules


def admitted(request: Request, scope: str) -> Token:
    """The caller's token, if it may come in now and has this scope: asked of the ledger each time. Raises ApiProblem."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    token = admit(parts_of(request), secret.strip()) if kind.lower() == "bearer" and secret.strip() else None
    if token is None:
        raise ApiProblem("unauthorized", headers={"WWW-Authenticate": "Bearer"})
    if scope not in token.scopes.split(","):
        raise ApiProblem("forbidden")
    return token


def needs(scope: str) -> Callable[..., Token]:
    """A dependency: `admitted`."""

    def check(request: Request, _: Annotated[object, Depends(BEARER)]) -> Token:
        return admitted(request, scope)

    return check
