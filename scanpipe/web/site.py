"""The pages for people, put together: rooms, door, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from scanpipe.desk.camera import Camera
from scanpipe.desk.completeness import Monitor
from scanpipe.desk.drafting import Drafts
from scanpipe.desk.links import LinkRules
from scanpipe.desk.searching import HeldList
from scanpipe.desk.signing_in import SessionRules
from scanpipe.desk.submitting import Desk
from scanpipe.desk.uploads import Uploads
from scanpipe.faults import Fault, Refused, UnknownThing
from scanpipe.identity import IdentityProvider
from scanpipe.saying import say
from scanpipe.settings import SourceSettings
from scanpipe.stages.digest import DigestRules
from scanpipe.web.bounds import Bounds
from scanpipe.web.door import NobodyIsSignedIn, WithHeaders, caller, own_path
from scanpipe.web.drawing import draw, language_for, refusal
from scanpipe.web.link_door import LinkIsNotOpen
from scanpipe.web.news import News
from scanpipe.web.pages import (
    around,
    binding,
    completeness,
    entrance,
    grading,
    handing_in,
    history,
    notices,
    packs,
    people,
    pictures,
    provider,
    queue,
    rooms,
    sheet,
    slot,
    stacks,
    tests,
    uploads,
)

_ROOMS = (
    entrance,
    provider,
    queue,
    stacks,
    sheet,
    slot,
    packs,
    pictures,
    around,
    history,
    notices,
    uploads,
    tests,
    completeness,
    grading,
    rooms,
    binding,
    people,
    handing_in,
)


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages need beside the installation. `resume` works scans off that were sent on their journey again."""

    resume: Callable[[Iterable[str]], None]
    sessions: SessionRules = field(default_factory=SessionRules)
    provider: IdentityProvider | None = None
    uploads: Uploads | None = None
    drafts: Drafts | None = None
    sources: Sequence[SourceSettings] = ()
    mails: DigestRules = field(default_factory=DigestRules)
    desk: Desk | None = None
    links: LinkRules = field(default_factory=LinkRules)
    camera: Camera | None = None


def add_pages(app: FastAPI, site: Site) -> None:
    app.state.resume = site.resume
    app.state.session_rules = site.sessions
    app.state.provider = site.provider
    app.state.drafts = site.drafts
    app.state.monitor = Monitor()
    app.state.uploads = site.uploads
    app.state.sources = site.sources
    app.state.mail_rules = site.mails
    app.state.desk = site.desk
    app.state.link_rules = site.links
    app.state.camera = site.camera
    app.state.patience = entrance.Patience()
    app.state.news = News(app.state.parts)
    app.state.held_list = HeldList()
    for room in _ROOMS:
        app.router.routes.extend(room.router.routes)  # plainly in one list, which the test of the rules walks
    app.add_exception_handler(NobodyIsSignedIn, _to_the_door)
    app.add_exception_handler(LinkIsNotOpen, _to_the_link_door)
    app.add_middleware(Bounds, too_large=_too_large)
    app.add_middleware(WithHeaders)


def wrong(request: Request, status: int) -> Response:
    """What a page answers to a request that it cannot take. A wrong method, too: it would tell which pages there are."""
    if status in (404, 405):
        status, fault = 404, _MISSING
    else:
        fault = _WRONG.get(status, _WRONG[422])
    request.state.visitor = getattr(request.state, "visitor", None) or caller(request)
    if "x-csrf-token" in request.headers:  # a script of ours asks; it shows the sentence in its place
        return JSONResponse({"problem": refusal(fault, language_for(request))}, status)
    if status == 404:
        return draw(request, "missing.html", 404)
    return draw(request, "refused.html", status, fault=fault, back=_from(request))


def trouble(request: Request, fault: Fault) -> Response:
    """What a page answers when the desk cannot do what it was asked for."""
    if isinstance(fault, UnknownThing):
        return wrong(request, 404)
    return draw(request, "refused.html", 409 if isinstance(fault, Refused) else 503, fault=fault, back="/")


_MISSING = Refused(say("there is no such page"))
_WRONG: Mapping[int, Refused] = {
    403: Refused(
        say("this form is of a session that is over, or not a form of these pages"),
        say("Load the page again and do it once more."),
    ),
    413: Refused(say("that is more than may be sent at once"), say("Send less, or in parts.")),
    422: Refused(
        say("something in the form or in the address cannot be understood"), say("Go back and look what is filled in.")
    ),
}


def _from(request: Request) -> str:
    """The page that the request came from, where it is one of ours."""
    came = urlsplit(request.headers.get("referer", ""))
    if came.netloc != request.headers.get("host"):
        return "/"
    return own_path(came.path + (f"?{came.query}" if came.query else ""))


async def _too_large(scope: Scope) -> Response:
    return await run_in_threadpool(wrong, Request(scope), 413)


def _to_the_door(request: Request, error: Exception) -> Response:
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    to = wanted if request.method == "GET" else "/"
    return RedirectResponse(f"/sign-in?to={quote(to)}", 303)


def _to_the_link_door(request: Request, error: Exception) -> Response:
    return RedirectResponse("/hand-in?shut=1", 303)
