"""People and their roles, for the user administrator; and everybody's own password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from scanpipe.desk import people
from scanpipe.desk.signing_in import is_right
from scanpipe.faults import Refused, UnknownThing, UsageFault
from scanpipe.web.door import Actor, Person, parts_of
from scanpipe.web.drawing import draw
from scanpipe.web.pages.entrance import guessing, patience_of

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Form(max_length=200)]
Words = Annotated[str, Form(max_length=2000)]


@router.get("/people", name="people")
def everybody(request: Request, person: Person) -> Response:
    return _draw(request, None)


@router.post("/people/add", name="add_person")
def add(
    request: Request,
    person: Actor,
    name: Name,
    role: Name,
    password: Name = "",
    tests: Words = "",
    rooms: Words = "",
) -> Response:
    def act() -> None:
        people.add_user(parts_of(request), name.strip(), role, password or None, person.name, tests, rooms)

    return _done(request, act)


@router.post("/people/change", name="change_person")
def change(request: Request, person: Actor, name: Name, role: Name, tests: Words = "", rooms: Words = "") -> Response:
    wish = people.Wish(role, tests, rooms)
    return _done(request, lambda: people.change_user(parts_of(request), name, wish, person.name))


@router.post("/people/password", name="give_password")
def give_password(request: Request, person: Actor, name: Name, password: Name) -> Response:
    return _done(request, lambda: people.set_password(parts_of(request), name, password, person.name))


@router.post("/people/end", name="end_person")
def end(request: Request, person: Actor, name: Name) -> Response:
    return _done(request, lambda: people.end_user(parts_of(request), name, person.name))


@router.get("/password", name="own_password")
def own_password(request: Request, person: Person) -> Response:
    if not person.local:
        raise HTTPException(404)  # the identity provider knows theirs
    return draw(request, "password.html", problem=None)


@router.post("/password", name="own_password_post")
def own_password_post(request: Request, person: Actor, old: Name, new: Name) -> Response:
    parts = parts_of(request)
    if not person.local:
        raise HTTPException(404)
    patience, keys = patience_of(request), guessing(request, person.name)
    if not patience.begin(*keys):
        return draw(request, "password.html", 429, problem="wait")
    if not is_right(parts, person.name, old):
        return draw(request, "password.html", 422, problem="old")
    patience.succeeded(*keys)
    try:
        people.set_password(parts, person.name, new, person.name, keep=person.session)
    except UsageFault:
        return draw(request, "password.html", 422, problem="short")
    return draw(request, "password.html", problem="done")


def _done(request: Request, act: Callable[[], None]) -> Response:
    try:
        act()
    except (Refused, UnknownThing, UsageFault) as e:
        return _draw(request, e)
    return RedirectResponse("/people", 303)


def _draw(request: Request, refused: Refused | UnknownThing | UsageFault | None) -> Response:
    with parts_of(request).ledger.read() as r:
        accounts = r.accounts().all_accounts()
    shortest = people.SHORTEST_PASSWORD
    values = {"accounts": accounts, "roles": people.ROLES, "refused": refused, "shortest": shortest}
    return draw(request, "people.html", 422 if refused else 200, **values)
