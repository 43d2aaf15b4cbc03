"""Where the changes of a test are sent to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from scanpipe.desk.tokens import may_see
from scanpipe.desk.webhooks import add_webhook, find_webhook, remove_webhook, shown
from scanpipe.faults import UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.accounts import Token
from scanpipe.ledgers.webhooks import Webhook
from scanpipe.web.api import cursors
from scanpipe.web.api.cursors import After, Limit
from scanpipe.web.api.door import PRINTABLE, needs, parts_of, rules_of
from scanpipe.web.api.problems import ROOT, ApiProblem, answers
from scanpipe.web.api.written import NewWebhook, RegisteredWebhook, WebhookAnswer, WebhooksAnswer

router = APIRouter(prefix=ROOT, tags=["webhooks"])
_Caller = Annotated[Token, Depends(needs("webhooks:write"))]
_Id = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
_Test = Annotated[str | None, Query(max_length=40, pattern=PRINTABLE, description="Only those of this test.")]


@router.post(
    "/webhooks", status_code=201, summary="Have changes sent", responses=answers("not_found", "refused", "bad_request")
)
def post_webhook(request: Request, response: Response, wish: NewWebhook, token: _Caller) -> RegisteredWebhook:
    """Every change of the test's slots is sent there from now on, or from `after` on, in order within a slot. `secret` is what
    its signatures are made with: it is not shown again.
    """
    if not may_see(token, wish.test):
        raise ApiProblem("not_found")
    parts, private = parts_of(request), rules_of(request).private_webhooks
    try:
        webhook, secret = add_webhook(parts, wish.test, wish.url, token.who, private, wish.after)
    except UnknownThing:
        raise ApiProblem("not_found") from None
    response.headers["Location"] = f"{ROOT}/webhooks/{webhook.id}"
    told = WebhookAnswer(id=webhook.id, test=webhook.test, url=shown(webhook.url), made=webhook.made)
    return RegisteredWebhook(**told.model_dump(), secret=secret)


@router.get("/webhooks", summary="Where changes are sent to", responses=answers())
def get_webhooks(
    request: Request, token: _Caller, after: After = None, limit: Limit = 100, test: _Test = None
) -> WebhooksAnswer:
    """Of the tests that the token may see, by test and age, with how much waits, was taken, or was given up after three days."""
    behind = tuple(cursors.read(after, str, str, str)) if after is not None else ()
    with parts_of(request).ledger.read() as r:
        seen = [w for w in r.webhooks().all() if may_see(token, w.test) and _place(w) > behind]
        left = sorted((w for w in seen if test is None or w.test.upper() == test.upper()), key=_place)
        found = [_answer(r, w) for w in left[:limit]]
    return WebhooksAnswer(webhooks=found, next=cursors.told(*_place(left[limit - 1])) if len(left) > limit else None)


@router.get("/webhooks/{webhook}", summary="A webhook", responses=answers("not_found"))
def get_webhook(request: Request, token: _Caller, webhook: _Id) -> WebhookAnswer:
    found = _known(request, token, webhook)
    with parts_of(request).ledger.read() as r:
        return _answer(r, found)


@router.delete("/webhooks/{webhook}", status_code=204, summary="End a webhook", responses=answers("not_found"))
def delete_webhook(request: Request, token: _Caller, webhook: _Id) -> None:
    """With all that was still to be sent there."""
    remove_webhook(parts_of(request), _known(request, token, webhook).id, token.who)


def _known(request: Request, token: Token, id: str) -> Webhook:
    try:
        found = find_webhook(parts_of(request), id)
    except UnknownThing:
        raise ApiProblem("not_found") from None
    if not may_see(token, found.test):
        raise ApiProblem("not_found")
    return found


def _place(webhook: Webhook) -> tuple[str, ...]:
    """Where it stands in the list."""
    return webhook.test, webhook.made, webhook.id


def _answer(r: Transaction, webhook: Webhook) -> WebhookAnswer:
    counts = r.webhooks().counts(webhook.id)
    return WebhookAnswer(
        id=webhook.id,
        test=webhook.test,
        url=shown(webhook.url),
        made=webhook.made,
        rests_until=webhook.rests_until,
        waiting=counts.get("waiting", 0),
        delivered=counts.get("delivered", 0),
        dead=counts.get("dead", 0),
    )
