"""What lies in the slots."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from scanpipe.desk.slots import SlotView, view_slot
from scanpipe.desk.tokens import may_see
from scanpipe.ledgers.accounts import Token
from scanpipe.web.api.answers import SlotAnswer, slot_answer
from scanpipe.web.api.door import SomeId, TestId, needs, parts_of
from scanpipe.web.api.problems import ROOT, ApiProblem, answers

router = APIRouter(prefix=ROOT, tags=["slots"])
SLOT = "/tests/{test}/slots/{candidate}/{question}"


@router.get(SLOT, summary="What lies in a slot", responses=answers("not_found"))
def get_slot(
    request: Request,
    test: TestId,
    candidate: SomeId,
    question: SomeId,
    token: Annotated[Token, Depends(needs("slots:read"))],
) -> SlotAnswer:
    """Its state, and its pages in the order of filing."""
    return slot_answer(slot_of(request, token, test, candidate, question), ROOT)


def slot_of(request: Request, token: Token, test: str, candidate: str, question: str) -> SlotView:
    """A slot of a test that the token may not see answers as one that does not exist."""
    view = view_slot(parts_of(request), test, candidate, question) if may_see(token, test) else None
    if view is None:
        raise ApiProblem("not_found")
    return view
