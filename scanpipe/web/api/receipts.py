"""`/receipts/{code}`: the exam system shows a candidate what was received, by the code on their sheets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from pydantic import BaseModel

from scanpipe.desk.receipts import Receipts
from scanpipe.desk.tokens import may_see
from scanpipe.ledgers.accounts import Token
from scanpipe.web.door import parts_of

_LONGEST = 40


class ReceivedOf(BaseModel):
    """How many sheets came for a question."""

    question: str
    received: int


class ReceiptAnswer(BaseModel):
    """No drawing, no name, no number of a candidate."""

    questions: list[ReceivedOf]


def make_router(
    with_scope: Callable[[str], Callable[..., Token]], problems: dict[int | str, dict[str, Any]]
) -> APIRouter:
    """`with_scope` makes the check that a caller's token has a scope, `problems` describes what the routes answer else."""
    router = APIRouter()
    receipts, reader = Receipts(), Depends(with_scope("receipts:read"))

    @router.get("/receipts/{code}", response_model=ReceiptAnswer, responses=problems)
    def get_receipt(
        request: Request, code: Annotated[str, Path(max_length=_LONGEST)], token: Token = reader
    ) -> ReceiptAnswer:
        """How many sheets were received for each question. A code that is nobody's answers 404, in the same time."""
        found = receipts.one(parts_of(request), code)
        if found is None or not may_see(token, found.test):
            raise HTTPException(404)
        return ReceiptAnswer(questions=[ReceivedOf(question=q, received=n) for q, n in found.received])

    return router
