"""`/tests/{test}/links`: the exam system gives candidates links to hand in by, and ends them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from scanpipe.desk.links import LinkRules, Wish, end_link, give_out, links_of
from scanpipe.desk.tokens import may_see
from scanpipe.ledgers.accounts import Token
from scanpipe.web.api.door import TestId, needs, parts_of
from scanpipe.web.api.problems import ROOT, ApiProblem, answers

router = APIRouter(prefix=ROOT, tags=["links"])

Caller = Annotated[Token, Depends(needs("links:write"))]
_LINKS = "/tests/{test}/links"
_MOST = 20_000
Id = Annotated[str, Field(min_length=1, max_length=20)]
LinkId = Annotated[str, Path(pattern="^[0-9a-f]{24}$")]


class NewLink(BaseModel):
    """`closes` is the deadline, with its time zone. Without the other two the settings of the installation hold."""

    model_config = ConfigDict(extra="forbid")

    candidate: Id
    question: Id
    closes: AwareDatetime
    grace_minutes: Annotated[int | None, Field(ge=0, le=1440)] = None
    most_pages: Annotated[int | None, Field(ge=1, le=500)] = None


class NewLinks(BaseModel):
    model_config = ConfigDict(extra="forbid")

    links: Annotated[list[NewLink], Field(min_length=1, max_length=_MOST)]


class GivenLink(BaseModel):
    """`secret` is shown this once: the candidate opens `path` at the address of this installation, or the exam system hands in
    on their behalf with it as its bearer token.
    """

    id: str
    candidate: str
    question: str
    closes: str
    secret: str
    path: str = Field(examples=["/hand-in#spl_…"])


class GivenLinks(BaseModel):
    links: list[GivenLink]


class KnownLink(BaseModel):
    """A link without what opens it; `handed_in` counts what was handed in by it."""

    id: str
    candidate: str
    question: str
    closes: str
    grace_minutes: int
    most_pages: int
    ended: str | None
    handed_in: int


class KnownLinks(BaseModel):
    links: list[KnownLink]


@router.post(_LINKS, status_code=201, summary="Give out links", responses=answers("not_found", "bad_request"))
def post_links(request: Request, test: TestId, told: NewLinks, token: Caller) -> GivenLinks:
    """Makes links, all or none: each opens one slot until its deadline. More than one for a slot do no harm."""
    _check(token, test)
    rules: LinkRules = request.app.state.link_rules
    wishes = [Wish(n.candidate, n.question, n.closes, n.grace_minutes, n.most_pages) for n in told.links]
    given = give_out(parts_of(request), rules, test, wishes, token.who)
    return GivenLinks(
        links=[
            GivenLink(
                id=one.id,
                candidate=one.candidate,
                question=one.question,
                closes=one.closes,
                secret=one.secret,
                path=one.address(""),
            )
            for one in given
        ]
    )


@router.get(_LINKS, summary="The links of a test", responses=answers("not_found"))
def get_links(request: Request, test: TestId, token: Caller) -> KnownLinks:
    _check(token, test)
    found = links_of(parts_of(request), test)
    with parts_of(request).ledger.read() as r:
        versions = r.links().counts(test)
    return KnownLinks(
        links=[
            KnownLink(
                id=link.id,
                candidate=link.candidate,
                question=link.question,
                closes=link.closes,
                grace_minutes=link.grace_minutes,
                most_pages=link.most_pages,
                ended=link.ended,
                handed_in=versions[link.id],
            )
            for link in found
        ]
    )


@router.delete(f"{_LINKS}/{{link}}", status_code=204, summary="End a link", responses=answers("not_found"))
def delete_link(request: Request, test: TestId, link: LinkId, token: Caller) -> Response:
    """It opens nothing any more. What was handed in by it stays."""
    _check(token, test)
    end_link(parts_of(request), link, token.who, "by the API", lambda of: of.upper() == test.upper())
    return Response(status_code=204)


def _check(token: Token, test: str) -> None:
    if not may_see(token, test):
        raise ApiProblem("not_found")
