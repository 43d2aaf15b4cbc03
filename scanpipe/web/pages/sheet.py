"""One page: looked at, and decided about. Every decision leads to the next sheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from scanpipe.desk import arranging, deciding, duplicates, splitting, turning
from scanpipe.desk.decisions import undo, undo_last
from scanpipe.desk.viewing import next_held, note_here, note_view, view_sheet
from scanpipe.faults import Overtaken, Refused, UnknownThing
from scanpipe.ledgers.queue import Filter
from scanpipe.model import Claims, PageId
from scanpipe.saying import say
from scanpipe.web.door import Actor, Person, parts_of
from scanpipe.web.drawing import draw
from scanpipe.web.outlines import missing, outlines, shaded_part
from scanpipe.web.pages.queue import Page, Wanted, looking, query_text

router = APIRouter(include_in_schema=False)
_MOST_CHOICES = 20
Seen = Annotated[int, Form(ge=0, le=2**53)]
Word = Annotated[str, Form(max_length=300)]
_AT = "/sheets/{scan}/{page}"


@router.get(_AT, name="sheet")
def sheet(request: Request, person: Person, id: Page, filter: Wanted) -> Response:
    return _draw(request, person.name, id, filter)


@router.post(f"{_AT}/here", name="here")
def here(request: Request, person: Actor, id: Page) -> Response:
    """The person still has the page open."""
    note_here(parts_of(request), id, person.name)
    return Response(status_code=204)


@router.get("/candidates", name="candidates")
def candidates(
    request: Request,
    person: Person,
    test: Annotated[str, Query(max_length=40)],
    candidate: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """Choices while a person types: number, name or room; and the test's questions."""
    with parts_of(request).ledger.read() as r:
        definition = r.definition(test)
    if definition is None:
        raise HTTPException(404)
    text = candidate.casefold()
    found = [c for c in definition.candidates if any(text in (v or "").casefold() for v in (c.number, c.name, c.room))]
    questions = [q for q in definition.questions if q.sketches != "none"]
    return draw(request, "candidates.html", candidates=found[:_MOST_CHOICES], questions=questions)


@router.post(f"{_AT}/assign", name="assign")
def assign(
    request: Request,
    person: Actor,
    id: Page,
    filter: Wanted,
    seen: Seen,
    candidate: Word = "",
    question: Word = "",
    test: Word = "",
    confirmed: Word = "",
    contradict: Word = "",
    twice: Word = "",
    serial: Word = "",
    ground: Word = "",
    late: Word = "",
) -> Response:
    parts = parts_of(request)
    chosen = deciding.Decision(
        candidate.strip(),
        question,
        test.strip() or None,
        person.name,
        contradict == "yes",
        twice == "yes",
        serial or None,
        ground or None,
        late or None,
    )
    if confirmed != "yes" or (not late and _comes_late(request, id, chosen)):
        return _confirm(request, id, filter, seen, chosen)
    return _decided(request, person.name, id, filter, seen, lambda: deciding.assign(parts, id, chosen, seen))


@router.post(f"{_AT}/discard", name="discard")
def discard(request: Request, person: Actor, id: Page, filter: Wanted, seen: Seen, why: Word) -> Response:
    act = lambda: deciding.discard(parts_of(request), id, person.name, why or "discarded", seen)  # noqa: E731
    return _decided(request, person.name, id, filter, seen, act)


@router.post(f"{_AT}/scan-again", name="rescan")
def rescan(request: Request, person: Actor, id: Page, filter: Wanted, seen: Seen) -> Response:
    act = lambda: deciding.scan_again(parts_of(request), id, person.name, "not readable", seen)  # noqa: E731
    return _decided(request, person.name, id, filter, seen, act)


@router.post(f"{_AT}/retry", name="retry")
def retry(request: Request, person: Actor, id: Page, filter: Wanted, seen: Seen) -> Response:
    def act() -> None:
        deciding.give_back(parts_of(request), [id], person.name, seen)
        request.app.state.resume({id.scan})

    return _decided(request, person.name, id, filter, seen, act)


@router.post(f"{_AT}/duplicate", name="duplicate")
def duplicate(
    request: Request, person: Actor, id: Page, filter: Wanted, seen: Seen, choice: Word, contradict: Word = ""
) -> Response:
    """Keep the first scan, take this one as the current version, or keep both."""
    parts, by, sure = parts_of(request), person.name, contradict == "yes"
    acts: dict[str, Callable[[], object]] = {
        "first": lambda: duplicates.keep_first(parts, id, by, seen),
        "new": lambda: duplicates.take_new(parts, id, by, seen, sure),
        "both": lambda: duplicates.keep_both(parts, id, by, seen, sure),
    }
    if choice not in acts:
        raise HTTPException(404)
    if choice != "first" and not sure:
        with parts.ledger.read() as r:
            record = r.page(id)
            slot = duplicates.slot_of_first(r, record) if record else None
            against = bool(slot and record and deciding.contradiction(r, record, slot))
        if slot is not None and against:
            chosen = deciding.Decision(slot.candidate or "", slot.question or "", slot.test, by)
            return _confirm(request, id, filter, seen, chosen, choice)
    return _decided(request, by, id, filter, seen, acts[choice])


@router.post(f"{_AT}/turn", name="turn")
def turn(
    request: Request, person: Actor, id: Page, filter: Wanted, seen: Seen, by_deg: Annotated[int, Form()]
) -> Response:
    """Turns the picture for good; the person stays at the page."""
    parts = parts_of(request)
    try:
        turning.turn(parts, id, by_deg, person.name, seen)
    except Refused as e:
        return _draw(request, person.name, id, filter, refused=e)
    return RedirectResponse(_link(id, filter), 303)


@router.post(f"{_AT}/split", name="split")
def split(request: Request, person: Actor, id: Page, filter: Wanted, seen: Seen, cut: Word) -> Response:
    """Cuts a scan that shows two sheets; each half takes the whole journey."""

    def act() -> None:
        how = splitting.cut_of(cut)
        request.app.state.resume(splitting.split(parts_of(request), id, how, person.name, seen))

    return _decided(request, person.name, id, filter, seen, act)


@router.post(f"{_AT}/also", name="also")
def also(request: Request, person: Actor, id: Page, filter: Wanted, seen: Seen, question: Word) -> Response:
    try:
        arranging.add_slot(parts_of(request), id, question, person.name, seen)
    except Refused as e:
        return _draw(request, person.name, id, filter, refused=e)
    return RedirectResponse(_link(id, filter), 303)


@router.post("/undo", name="undo")
def undo_my_last(request: Request, person: Actor, filter: Wanted) -> Response:
    """Takes the person's last decision back and shows its page."""
    try:
        _, pages = undo_last(parts_of(request), person.name)
    except Refused as e:
        return draw(request, "refused.html", 409, fault=e, back=f"/queue{query_text(filter)}")
    return _lead_to(request, person.name, pages[-1].id if pages else None, filter)


@router.post("/decisions/{decision}/undo", name="undo_one")
def undo_one(request: Request, person: Actor, decision: int, filter: Wanted) -> Response:
    try:
        pages = undo(parts_of(request), decision, person.name)
    except (Refused, UnknownThing) as e:
        return draw(request, "refused.html", 409, fault=e, back="/history")
    return RedirectResponse(_link(pages[-1].id, filter) if pages else "/history", 303)


def _decided(request: Request, by: str, id: PageId, filter: Filter, seen: int, act: Any) -> Response:
    """Carries a decision out and goes on to the next sheet; one that is refused stays, and says why."""
    try:
        act()
    except (Refused, UnknownThing) as e:
        return _draw(request, by, id, filter, refused=e)
    with parts_of(request).ledger.read() as r:
        following = next_held(r, filter, seen, set(looking(r, by)))
    return _lead_to(request, by, following.id if following else None, filter)


def _lead_to(request: Request, by: str, id: PageId | None, filter: Filter) -> Response:
    """The way to a sheet, or to the list where none is left. A page that only swaps its content gets the sheet at once."""
    to = _link(id, filter) if id else f"/queue{query_text(filter)}"
    if id is None or "hx-boosted" not in request.headers:
        return RedirectResponse(to, 303)
    answer = _draw(request, by, id, filter)
    answer.headers["HX-Push-Url"] = to
    return answer


def _link(id: PageId, filter: Filter) -> str:
    return f"/sheets/{id.scan}/{id.index}{query_text(filter)}"


def _draw(request: Request, by: str, id: PageId, filter: Filter, refused: Any = None) -> Response:
    with parts_of(request).ledger.read() as r:
        view = view_sheet(r, id)
        if view is None:
            raise HTTPException(404)
        busy = looking(r, by)
        following = next_held(r, filter, view.page.event, set(busy))
        left = r.queue().count(filter)
        previous = r.queue().held_before(filter, view.page.event)
        tests = r.tests()
    note_here(parts_of(request), id, by)
    for shown in (view.page, view.first):
        if shown is not None and shown.key:
            note_view(
                parts_of(request), shown.id, by
            )  # a browser that fetched the drawing ahead does not ask for it again
    values: dict[str, Any] = {
        "path": _link(id, filter),
        "view": view,
        "page": view.page,
        "filter": filter,
        "query": query_text(filter),
        "following": following,
        "previous": previous[0] if previous else None,
        "left": left,
        "tests": tests,
        "likely": next((p.test for p, _ in (*reversed(view.before), *view.after) if p.test), None),
        "busy": busy.get(id),
        "outlines": outlines(view),
        "missing": missing(view),
        "shaded": shaded_part(view),
        "refused": refused,
        "imprint": next((n for s in request.app.state.sources if (n := s.imprinted(view.scan.file))), None),
    }
    status = 409 if isinstance(refused, Overtaken) else 422 if refused else 200
    return draw(request, "sheet.html", status, **values)


def _comes_late(request: Request, id: PageId, chosen: deciding.Decision) -> bool:
    with parts_of(request).ledger.read() as r:
        record = r.page(id)
        return record is not None and deciding.comes_late(r, record, chosen.test)


def _confirm(
    request: Request, id: PageId, filter: Filter, seen: int, chosen: deciding.Decision, choice: str = ""
) -> Response:
    """What already lies in the slot, and what speaks against the choice, before it is made."""
    with parts_of(request).ledger.read() as r:
        record = r.page(id)
        test = chosen.test or (record.test if record else None)
        definition = r.definition(test) if test else None
        person = definition.candidate(chosen.candidate) if definition else None
        question = definition.question(chosen.question) if definition else None
        if record is None:
            raise HTTPException(404)
        if definition is None or person is None or question is None:
            fault = Refused(say("This test has no such candidate or question."), "")
            return _draw(request, chosen.by, id, filter, refused=fault)
        there = r.slot_pages(definition.id, person.number, question.id)
        against = deciding.contradiction(r, record, Claims(definition.id, person.number, question.id))
        locked = not choice and deciding.comes_late(r, record, definition.id)
    values: dict[str, Any] = {
        "page": record,
        "seen": seen,
        "candidate": person,
        "question": question,
        "test": definition,
        "chosen": chosen,
        "choice": choice,
    }
    values |= {"there": there, "against": against, "locked": locked, "query": query_text(filter)}
    return draw(request, "confirm.html", **values)
