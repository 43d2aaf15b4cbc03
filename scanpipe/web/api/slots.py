"""Which tests there are, and what lies in their slots."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from scanpipe.desk.slots import Cursor, SlotView, State, Wanted, list_slots, view_slot
from scanpipe.desk.tokens import may_see
from scanpipe.ledgers.accounts import Token
from scanpipe.web.api import cursors
from scanpipe.web.api.answers import SlotAnswer, SlotsAnswer, TestsAnswer, slot_answer, test_answer
from scanpipe.web.api.cursors import After, Limit
from scanpipe.web.api.door import PRINTABLE, SomeId, TestId, needs, parts_of
from scanpipe.web.api.problems import ROOT, ApiProblem, answers

router = APIRouter(prefix=ROOT, tags=["slots"])
SLOT = "/tests/{test}/slots/{candidate}/{question}"

Caller = Annotated[Token, Depends(needs("slots:read"))]
SomeOne = Query(max_length=20, pattern=PRINTABLE)


@router.get("/tests", summary="The tests that the token may see", responses=answers())
def get_tests(request: Request, token: Caller, after: After = None, limit: Limit = 100) -> TestsAnswer:
    """By their ids."""
    behind = cursors.read(after, str)[0] if after is not None else ""
    with parts_of(request).ledger.read() as r:
        ids = [id for id in r.tests() if id > behind and may_see(token, id)]
        found = [(d, r.packs().locked(id)) for id in ids[:limit] if (d := r.definition(id)) is not None]
    told = [test_answer(definition, locked, ROOT) for definition, locked in found]
    return TestsAnswer(tests=told, next=cursors.told(ids[limit - 1]) if len(ids) > limit else None)


@router.get("/tests/{test}/slots", summary="The slots of a test", responses=answers("not_found"))
def get_slots(
    request: Request,
    test: TestId,
    token: Caller,
    after: After = None,
    limit: Limit = 100,
    state: Annotated[State | None, Query()] = None,
    candidate: Annotated[str | None, SomeOne] = None,
    question: Annotated[str | None, SomeOne] = None,
) -> SlotsAnswer:
    """In the order of the definition: candidate, then question. With a `state` an answer may have fewer slots than `limit`, also
    none, and still a `next`: ask on until it is null.
    """
    if not may_see(token, test):
        raise ApiProblem("not_found")
    found = list_slots(parts_of(request), test, Wanted(candidate, question, state), _behind(after), limit)
    behind = cursors.told(found.next.candidate, found.next.question, *found.next.at) if found.next else None
    return SlotsAnswer(slots=[slot_answer(view, ROOT) for view in found.slots], next=behind)


@router.get(SLOT, summary="What lies in a slot", responses=answers("not_found"))
def get_slot(request: Request, test: TestId, candidate: SomeId, question: SomeId, token: Caller) -> SlotAnswer:
    """Its state, and its pages in the order that a person gave, else in that of filing."""
    return slot_answer(slot_of(request, token, test, candidate, question), ROOT)


def slot_of(request: Request, token: Token, test: str, candidate: str, question: str) -> SlotView:
    """A slot of a test that the token may not see answers as one that does not exist."""
    view = view_slot(parts_of(request), test, candidate, question) if may_see(token, test) else None
    if view is None:
        raise ApiProblem("not_found")
    return view


def _behind(after: str | None) -> Cursor | None:
    if after is None:
        return None
    candidate, question, n, m = cursors.read(after, str, str, int, int)
    return Cursor(candidate, question, (n, m))
