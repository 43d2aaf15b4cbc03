"""Test definitions: read, created, revised; and the lock that says that grading has begun."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.concurrency import run_in_threadpool

from scanpipe.definitions import Problem, check_text
from scanpipe.desk.defining import find_test, register
from scanpipe.desk.locking import lock, unlock
from scanpipe.desk.tokens import may_see
from scanpipe.faults import Overtaken, Refused, UnknownThing
from scanpipe.ledgers.accounts import Token
from scanpipe.model import TestDefinition
from scanpipe.web.api.answers import InvalidPart
from scanpipe.web.api.bodies import read_body
from scanpipe.web.api.door import TestId, needs, parts_of
from scanpipe.web.api.problems import ROOT, ApiProblem, answers
from scanpipe.web.api.written import (
    DefinitionAnswer,
    LockAnswer,
    RegisteredAnswer,
    definition_answer,
    registered_answer,
)

router = APIRouter(prefix=ROOT, tags=["tests"])
MOST_BYTES = 10_000_000
_TEST, _LOCK = "/tests/{test}", "/tests/{test}/lock"
_JSON, _YAML = ("application/json",), ("application/yaml", "application/x-yaml", "text/yaml")
_DEFINITION = {"schema": {"$ref": "#/components/schemas/TestDefinition"}}
_BODY = {"requestBody": {"required": True, "content": dict.fromkeys((*_JSON, *_YAML), _DEFINITION)}}
_NEW: dict[int | str, dict[str, Any]] = {201: {"model": RegisteredAnswer, "description": "The test is new"}}
_MOST_ERRORS = 50
_IfMatch = Annotated[str | None, Header(pattern=r'^(\*|"[0-9]{1,9}")$', description="The revision that is revised.")]
_Writer = Annotated[Token, Depends(needs("tests:write"))]
_Locker = Annotated[Token, Depends(needs("locks:write"))]


@router.get(_TEST, summary="A test and its definition", responses=answers("not_found"))
def get_test(request: Request, response: Response, test: TestId, token: _Writer) -> DefinitionAnswer:
    """The newest revision; its number is the ETag."""
    definition = _known(request, token, test)
    with parts_of(request).ledger.read() as r:
        locked = r.packs().locked(definition.id)
    response.headers["ETag"] = f'"{definition.revision}"'
    return definition_answer(definition, locked)


@router.put(
    _TEST,
    summary="Create or revise a test",
    openapi_extra=_BODY,
    responses=_NEW
    | answers(
        "not_found",
        "refused",
        "precondition_failed",
        "too_large",
        "unsupported_media_type",
        "definition_not_acceptable",
    ),
)
async def put_test(
    request: Request, response: Response, test: TestId, token: _Writer, if_match: _IfMatch = None
) -> RegisteredAnswer:
    """The definition as `config/schema/test-definition.schema.json` has it, in JSON or in YAML, candidates inline.

    The same definition again changes nothing. With `If-Match` it is registered only on top of the revision that is named there.
    A test whose slots hold pages does not become a rehearsal, nor a rehearsal a real test: that is refused.
    """
    if not may_see(token, test):
        raise ApiProblem("not_found")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in (*_JSON, *_YAML):
        raise ApiProblem("unsupported_media_type", f"Send {', '.join((*_JSON, _YAML[0]))}.")
    body = await read_body(request, MOST_BYTES)
    definition = await run_in_threadpool(_definition, body, media_type in _JSON, test)
    done = await run_in_threadpool(_register, request, definition, token, if_match)
    response.status_code = 201 if done.new else 200
    response.headers["ETag"] = f'"{done.revision}"'
    return done


@router.put(_LOCK, summary="Lock a test: grading begins", responses=answers("not_found", "refused"))
def lock_test(request: Request, test: TestId, token: _Locker) -> LockAnswer:
    """From now on no person's decision changes what lies in the slots. A test that is locked stays so."""
    return _set_lock(request, token, test, True)


@router.delete(_LOCK, summary="Unlock a test", responses=answers("not_found", "refused"))
def unlock_test(request: Request, test: TestId, token: _Locker) -> LockAnswer:
    """A test that is not locked stays so."""
    return _set_lock(request, token, test, False)


def _set_lock(request: Request, token: Token, test: str, to: bool) -> LockAnswer:
    parts, known = parts_of(request), _known(request, token, test).id
    try:
        (lock if to else unlock)(parts, known, token.who)
    except Refused:
        with parts.ledger.read() as r:
            if r.packs().locked(known) is not to:
                raise
    return LockAnswer(test=known, locked=to)


def _known(request: Request, token: Token, test: str) -> TestDefinition:
    """A test that the token may not see answers as one that does not exist."""
    try:
        if may_see(token, test):
            return find_test(parts_of(request), test)
    except UnknownThing:
        pass
    raise ApiProblem("not_found")


def _definition(body: bytes, is_json: bool, test: str) -> TestDefinition:
    """The checked definition of a body. JSON goes the way of YAML, which has the same values, without its lines."""
    definition, problems = check_text(_as_yaml(body) if is_json else body, "body")
    if definition is None:
        raise _not_acceptable([_place(p, is_json) for p in problems[:_MOST_ERRORS]])
    if definition.id.upper() != test.upper():
        raise _not_acceptable([InvalidPart(where="test", message="It is not the test that the address names.")])
    return definition


def _as_yaml(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body, object_pairs_hook=_once), ensure_ascii=False)
    except (ValueError, RecursionError) as e:
        told = str(e) if isinstance(e, json.JSONDecodeError | _Twice) else "It cannot be read."
        raise _not_acceptable([InvalidPart(where="body", message=f"Not JSON: {told}")]) from None


class _Twice(ValueError):
    """A key stands twice in an object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice("a key stands twice in one object")
    return found


def _place(p: Problem, is_json: bool) -> InvalidPart:
    told = f"found {p.found}; allowed: {p.allowed}. {p.hint}".rstrip()
    return InvalidPart(where=p.field or "body", message=told, line=None if is_json else p.line)


def _not_acceptable(errors: list[InvalidPart]) -> ApiProblem:
    return ApiProblem("definition_not_acceptable", errors=errors)


def _register(request: Request, definition: TestDefinition, token: Token, if_match: str | None) -> RegisteredAnswer:
    parts, seen = parts_of(request), None
    if if_match == "*":
        with parts.ledger.read() as r:
            if r.definition(definition.id) is None:
                raise ApiProblem("precondition_failed")
    elif if_match is not None:
        seen = int(if_match.strip('"'))
    try:
        return registered_answer(register(parts, definition, token.who, seen))
    except Overtaken as e:
        raise ApiProblem("precondition_failed", f"{e.message}. {e.hint}") from e
