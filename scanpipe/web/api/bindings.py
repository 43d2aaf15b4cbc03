"""`/tests/{test}/bindings/{serial}`: whose a sheet is that was printed for nobody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from scanpipe.desk import binding
from scanpipe.desk.tokens import may_see
from scanpipe.ledgers.accounts import Token
from scanpipe.web.api.door import PRINTABLE, TestId, needs, parts_of
from scanpipe.web.api.problems import ROOT, ApiProblem, answers

router = APIRouter(prefix=ROOT, tags=["bindings"])

Caller = Annotated[Token, Depends(needs("sheets:write"))]
Serial = Annotated[str, Path(pattern=r"^[0-9]{8}$", description="The serial printed on the sheet.")]
Id = Annotated[str, Field(min_length=1, max_length=20, pattern=PRINTABLE)]


class Binding(BaseModel):
    """`question` is needed where the sheet was printed for any question; else it must be the one on the sheet."""

    model_config = ConfigDict(extra="forbid")

    candidate: Id
    question: Id | None = None


class BindingAnswer(BaseModel):
    """`new` is false when it was bound just so before. `again`: so many held pages of the sheet are looked at anew."""

    serial: str
    candidate: str
    question: str
    new: bool
    again: int


@router.put(
    "/tests/{test}/bindings/{serial}",
    summary="Bind a spare sheet to a candidate",
    responses=answers("not_found", "refused", "bad_request"),
)
def put_binding(request: Request, test: TestId, serial: Serial, wanted: Binding, token: Caller) -> BindingAnswer:
    """From now on the sheet is as if it had been printed for the candidate. The same again changes nothing; a sheet that is
    somebody's already is refused to anybody else.
    """
    if not may_see(token, test):
        raise ApiProblem("not_found")
    wish = binding.Wish(serial, wanted.candidate, wanted.question, test)
    bound = binding.bind(parts_of(request), wish, token.who)
    request.app.state.resume({page.scan for page in bound.again})
    sheet = bound.sheet
    assert sheet.candidate is not None and sheet.question is not None
    known = {"serial": sheet.serial, "candidate": sheet.candidate, "question": sheet.question}
    return BindingAnswer(**known, new=bound.new, again=len(bound.again))
