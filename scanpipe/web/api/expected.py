"""`/tests/{test}/declared/…`: the exam system says what a candidate declared at hand-in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from scanpipe.desk import expecting
from scanpipe.desk.expecting import MOST_SHEETS, Entry
from scanpipe.desk.tokens import may_see
from scanpipe.ledgers.accounts import Token
from scanpipe.web.api.door import SomeId, TestId, needs, parts_of
from scanpipe.web.api.problems import ROOT, ApiProblem, answers

router = APIRouter(prefix=ROOT, tags=["expected"])

Caller = Annotated[Token, Depends(needs("expected:write"))]
Serial = Annotated[str, Field(pattern=r"^[0-9]{8}$")]


class Declaration(BaseModel):
    """How many sheets, or which, by the serials printed on them; both must agree. Neither: nothing is declared any more."""

    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=0, le=MOST_SHEETS, strict=True)] | None = None
    serials: Annotated[list[Serial], Field(max_length=MOST_SHEETS)] = []


class DeclarationAnswer(BaseModel):
    """`event` is the number under which it stands in the ledger. The last word of a candidate stands."""

    event: int
    count: int | None
    serials: list[str]


@router.put(
    "/tests/{test}/declared/{candidate}/{question}",
    summary="What a candidate declared at hand-in",
    responses=answers("not_found", "bad_request"),
)
def put_declared(
    request: Request, test: TestId, candidate: SomeId, question: SomeId, declared: Declaration, token: Caller
) -> DeclarationAnswer:
    """What the candidate handed in for a question, by their own word. The same again changes nothing."""
    if not may_see(token, test):
        raise ApiProblem("not_found")
    entry = Entry(candidate, declared.count, tuple(dict.fromkeys(declared.serials)))
    try:
        event = expecting.declare(parts_of(request), test, candidate, question, entry, token.who)
    except expecting.UnknownSheet as e:
        raise ApiProblem("invalid", f"{e.message}. {e.hint}") from None
    return DeclarationAnswer(event=event, count=entry.count, serials=list(entry.serials))
