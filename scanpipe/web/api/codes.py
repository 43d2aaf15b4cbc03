"""`/tests/{test}/codes`: the exam system gives out the codes that candidates shade, or fetches those that were made here."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from scanpipe.definitions.problems import Problem, Spot
from scanpipe.definitions.statements_csv import Row
from scanpipe.desk.coding import GivenOut, add_codes, list_codes
from scanpipe.desk.tokens import may_see
from scanpipe.ledgers.accounts import Token
from scanpipe.web.api import cursors
from scanpipe.web.api.cursors import After
from scanpipe.web.api.door import TestId, needs, parts_of
from scanpipe.web.api.problems import ROOT, ApiProblem, answers

router = APIRouter(prefix=ROOT, tags=["codes"])

Caller = Annotated[Token, Depends(needs("tests:write"))]
_CODES = "/tests/{test}/codes"
_MOST = 100_000
Id = Annotated[str, Field(min_length=1, max_length=20)]


class ShadedCode(BaseModel):
    """A number that candidates shade on generic sheets, and the place that it names."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(pattern=r"^[0-9]{4,12}$")]
    candidate: Id
    question: Id


class CodesGivenOut(BaseModel):
    codes: Annotated[list[ShadedCode], Field(max_length=_MOST)]


class ClosePair(BaseModel):
    """Two codes that differ in so few `places` (1 or 2) that a slip makes one the other."""

    one: str
    other: str
    places: int


class CodesAnswer(BaseModel):
    """`codes` are those that were added, or a stretch of the list where it was asked for it; `close` (10,000 pairs at the most,
    the closest first) and `elsewhere` (tests that have such a code as well, or had it before they retired: a sheet that names
    no test is held) are of these, or of all the test's where some were added. Of tests that the token may not see neither tells.
    `next` is what to ask for `after` next time; null: these were the last.
    """

    codes: list[ShadedCode]
    close: list[ClosePair]
    elsewhere: dict[str, list[str]]
    next: str | None = None


@router.get(_CODES, summary="The shaded codes of a test", responses=answers("not_found"))
def get_codes(
    request: Request,
    test: TestId,
    token: Caller,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> CodesAnswer:
    """The codes that were given out for a test, made here or imported, in their order as text, and what is risky about them."""
    if not may_see(token, test):
        raise ApiProblem("not_found")
    behind = cursors.read(after, str)[0] if after is not None else ""
    given, end = list_codes(parts_of(request), test, behind, limit, partial(may_see, token))
    return _answer(given, cursors.told(end) if end is not None else None)


@router.post(_CODES, summary="Give out shaded codes", responses=answers("not_found", "bad_request"))
def post_codes(request: Request, test: TestId, told: CodesGivenOut, token: Caller) -> CodesAnswer:
    """Adds codes, all or none. Those that are there already are left as they are; a code names one place for good."""
    if not may_see(token, test):
        raise ApiProblem("not_found")
    problems: list[Problem] = []
    rows = [Row(one.model_dump(), Spot("codes", problems, n), {}) for n, one in enumerate(told.codes, start=1)]
    return _answer(add_codes(parts_of(request), test, rows, problems, token.who, partial(may_see, token)))


def _answer(given: GivenOut, next: str | None = None) -> CodesAnswer:
    elsewhere: dict[str, list[str]] = {}
    for coded in given.elsewhere:
        elsewhere.setdefault(coded.code, []).append(coded.test)
    return CodesAnswer(
        codes=[ShadedCode(code=c.code, candidate=c.candidate, question=c.question) for c in given.codes],
        close=[ClosePair(one=one, other=other, places=places) for one, other, places in given.close],
        elsewhere=elsewhere,
        next=next,
    )
