"""What has changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from scanpipe.desk.slots import changes
from scanpipe.desk.tokens import may_see
from scanpipe.ledgers.accounts import Token
from scanpipe.web.api.answers import Events, event_answer
from scanpipe.web.api.door import needs, parts_of
from scanpipe.web.api.problems import ROOT, answers

router = APIRouter(prefix=ROOT, tags=["feed"])


@router.get("/events", summary="What has changed in the slots", responses=answers())
def get_events(
    request: Request,
    token: Annotated[Token, Depends(needs("events:read"))],
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> Events:
    """Changes to slots with a number above `after`, the oldest first; ask again with `next`."""
    found = changes(parts_of(request), after, limit)
    seen = [event_answer(c) for c in found if may_see(token, c.slot.test)]
    return Events(events=seen, next=found[-1].id if found else after)
