"""What goes wrong at the API, as RFC 9457 has it: every code with its status and its title, in one table. Add, never rename."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from scanpipe.desk.receiving import KeyUsedBefore, TooLarge
from scanpipe.faults import Fault, Overtaken, Refused, UnknownThing, UsageFault
from scanpipe.web.api.answers import InvalidPart, Problem

ROOT = "/api/v1"
MEDIA_TYPE = "application/problem+json"
_FOR_PROGRAMS = ("/healthz", "/readyz", "/metrics")

PROBLEMS: Mapping[str, tuple[int, str]] = {
    "bad_request": (400, "The request cannot be understood"),
    "unauthorized": (401, "No valid token"),
    "forbidden": (403, "The token lacks the scope"),
    "not_found": (404, "There is no such thing"),
    "method_not_allowed": (405, "The address does not take this method"),
    "refused": (409, "The rules do not allow this"),
    "overtaken": (409, "Somebody else decided meanwhile"),
    "key_used_before": (409, "Other bytes were sent under this Idempotency-Key"),
    "precondition_failed": (412, "The definition has another revision than the request was made for"),
    "too_large": (413, "The body is too large"),
    "unsupported_media_type": (415, "The body is not of a kind that is taken"),
    "range_not_satisfiable": (416, "The content does not reach that far"),
    "invalid": (422, "The call's words are off"),
    "definition_not_acceptable": (422, "The test definition has problems"),
    "too_many_requests": (429, "Too many requests: wait as long as Retry-After says"),
    "error": (500, "Something of the machine is wrong"),
    "unavailable": (503, "The ledger or the store cannot be used at the moment"),
}
_BY_STATUS = {status: code for code, (status, _) in reversed(list(PROBLEMS.items()))}
_BY_FAULT: tuple[tuple[type[Fault], str], ...] = (
    (UnknownThing, "not_found"),
    (TooLarge, "too_large"),
    (KeyUsedBefore, "key_used_before"),
    (Overtaken, "overtaken"),
    (Refused, "refused"),
    (UsageFault, "invalid"),
    (Fault, "unavailable"),
)


class ApiProblem(Exception):
    """What a route answers instead of what it was asked for. `code` is one of PROBLEMS, `detail` a sentence about this case."""

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
        errors: list[InvalidPart] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.headers = headers
        self.errors = errors


def answers(*codes: str) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: the problems that it answers with, and those of every route that asks for a token."""
    return only(*codes, "unauthorized", "forbidden", "invalid", "too_many_requests", "unavailable")


def only(*codes: str) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: these problems."""
    told: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        status, title = PROBLEMS[code]
        titles = told.get(status, {}).get("description")
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        told[status] = {"description": f"{titles}; {title}" if titles else title, "content": content}
    return told


def problem(
    code: str,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    errors: list[InvalidPart] | None = None,
) -> Response:
    """The answer for a problem of the table."""
    status, title = PROBLEMS[code]
    told = Problem(
        type=f"urn:scanpipe:problem:{code}", title=title, status=status, code=code, detail=detail, errors=errors
    )
    return JSONResponse(told.model_dump(exclude_none=True), status, dict(headers or {}), media_type=MEDIA_TYPE)


def is_for_programs(request: Request) -> bool:
    """Does a program ask, and not a person in a browser?"""
    return is_of_api(request) or request.url.path in _FOR_PROGRAMS


def is_of_api(request: Request) -> bool:
    """Is it an address of the API, whether there is one or not?"""
    path = request.url.path
    return path == ROOT or path.startswith(f"{ROOT}/")


def of_api(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiProblem)
    return problem(error.code, error.detail, error.headers, error.errors)


def of_http(error: HTTPException) -> Response:
    """What the framework found: no such route, another method."""
    code = _BY_STATUS.get(error.status_code, "bad_request" if error.status_code < 500 else "error")
    return problem(code, headers=error.headers)


def of_words(request: Request, error: Exception) -> Response:
    """Where in the request something is off. What was given is not repeated: it may be a candidate's number."""
    assert isinstance(error, RequestValidationError)
    errors = [InvalidPart(where=".".join(map(str, e["loc"])), message=str(e["msg"])) for e in error.errors()]
    return problem("invalid", errors=errors)


def of_fault(error: Fault) -> Response:
    """What the desk raised: its sentence goes along where the caller can do something about it. What may not be seen and what
    there is not answer alike.
    """
    code = next(code for kind, code in _BY_FAULT if isinstance(error, kind))
    told = " ".join(s for s in (error.message.rstrip(".") + ".", error.hint) if s)
    return problem(code, told if code not in ("unavailable", "not_found") else None)
