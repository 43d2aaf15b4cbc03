"""`/tests/{test}/declared/…`: the exam system says what a candidate declared at hand-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from scanpipe.desk import expecting
from scanpipe.desk.expecting import MOST_SHEETS, Entry
from scanpipe.desk.tokens import may_see
from scanpipe.faults import UnknownThing, UsageFault
from scanpipe.ledgers.accounts import Token
from scanpipe.web.door import parts_of

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


def make_router(
    with_scope: Callable[[str], Callable[..., Token]], problems: dict[int | str, dict[str, Any]]
) -> APIRouter:
    """`with_scope` makes the check that a caller's token has a scope, `problems` describes what the routes answer else."""
    router, writer = APIRouter(), Depends(with_scope("expected:write"))

    @router.put("/tests/{test}/declared/{candidate}/{question}", response_model=DeclarationAnswer, responses=problems)
    def put_declared(
        request: Request,
        test: Annotated[str, Path(max_length=40)],
        candidate: Annotated[str, Path(max_length=20)],
        question: Annotated[str, Path(max_length=20)],
        declared: Declaration,
        token: Token = writer,
    ) -> DeclarationAnswer:
        """What the candidate handed in for a question, by their own word. The same again changes nothing."""
        if not may_see(token, test):
            raise HTTPException(404)
        entry = Entry(candidate, declared.count, tuple(dict.fromkeys(declared.serials)))
        try:
            event = expecting.declare(parts_of(request), test, candidate, question, entry, f"token {token.name}")
        except expecting.UnknownSheet:
            raise HTTPException(422) from None
        except UnknownThing:
            raise HTTPException(404) from None
        except UsageFault:
            raise HTTPException(422) from None
        return DeclarationAnswer(event=event, count=entry.count, serials=list(entry.serials))

    return router
