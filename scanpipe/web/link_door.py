"""The door for candidates who hand in from home: a link opens its own pages for one browser, and nothing else.

The secret stands behind the # of the address, which browsers keep to themselves. The page that is opened sends it once, in the
body of a form; from then on there is a cookie, that of this link alone, which no script reads.
"""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Form, Header, HTTPException, Path, Request
from fastapi.responses import Response

from scanpipe.desk.links import VISIT_HOURS, Guest, guest
from scanpipe.ledgers.links import Link
from scanpipe.web.door import check_origin, parts_of

COOKIE = "scanpipe-link"
LinkId = Annotated[str, Path(pattern="^[0-9a-f]{24}$")]


class LinkIsNotOpen(Exception):
    """No link was opened here, or another one: the answer leads to where one is opened."""


def admitted(request: Request, link: LinkId) -> Guest:
    """Who comes to the pages of a link. Those of a link that was not opened here, and of one that there is not, answer alike."""
    found = guest(parts_of(request), link, request.cookies.get(COOKIE, ""))
    if found is None:
        raise LinkIsNotOpen
    return found


ByLink = Annotated[Guest, Depends(admitted)]


def guarded(
    request: Request,
    who: ByLink,
    token: Annotated[str, Form()] = "",
    x_csrf_token: Annotated[str, Header()] = "",
) -> Guest:
    """Who changes something by a link: from our own page, with the secret of this browser."""
    check_origin(request)
    if not hmac.compare_digest((token or x_csrf_token).encode(), who.secret.encode()):
        raise HTTPException(403)
    return who


ActsByLink = Annotated[Guest, Depends(guarded)]


def set_cookie(request: Request, response: Response, link: Link, cookie: str) -> None:
    """It goes to the pages of this link alone: whoever opened two has both side by side."""
    secure, path = request.url.scheme == "https", f"/hand-in/{link.id}"
    response.set_cookie(
        COOKIE, cookie, max_age=VISIT_HOURS * 3600, path=path, secure=secure, httponly=True, samesite="strict"
    )
