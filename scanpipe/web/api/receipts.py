"""`/receipts/{code}`: the exam system shows a candidate what was received, by the code on their sheets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel

from scanpipe.desk.receipts import Receipts
from scanpipe.desk.tokens import may_see
from scanpipe.ledgers.accounts import Token
from scanpipe.seals import tidy_receipt
from scanpipe.web.api.door import counted, gate_of, needs, parts_of
from scanpipe.web.api.problems import ROOT, ApiProblem, answers

router = APIRouter(prefix=ROOT, tags=["receipts"])
_LONGEST = 40

Caller = Annotated[Token, Depends(needs("receipts:read"))]


class ReceivedOf(BaseModel):
    """How many sheets came for a question."""

    question: str
    received: int


class ReceiptAnswer(BaseModel):
    """No drawing, no name, no number of a candidate."""

    questions: list[ReceivedOf]


@router.get("/receipts/{code}", summary="What was received of a candidate", responses=answers("not_found"))
def get_receipt(request: Request, code: Annotated[str, Path(max_length=_LONGEST)], token: Caller) -> ReceiptAnswer:
    """How many sheets were received for each question, by the code on the candidate's sheets. A code that is nobody's answers
    404, in the same time; a caller with many of those is answered 429 for a while, whatever they ask for.
    """
    receipts: Receipts = request.app.state.receipts
    gate = gate_of(request)
    counted(gate.wrong_receipts, token.who, 0)
    counted(gate.receipts, f"{token.who} {tidy_receipt(code) or code}")
    found = receipts.one(parts_of(request), code)
    if found is None or not may_see(token, found.test):
        counted(gate.wrong_receipts, token.who)
        raise ApiProblem("not_found")
    return ReceiptAnswer(questions=[ReceivedOf(question=q, received=n) for q, n in found.received])
