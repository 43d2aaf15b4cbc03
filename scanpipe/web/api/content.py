"""The bytes of what lies in the slots."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response

from scanpipe.ledgers.accounts import Token
from scanpipe.web.api.door import SomeId, TestId, needs, parts_of
from scanpipe.web.api.problems import ROOT, ApiProblem, answers
from scanpipe.web.api.slots import SLOT, slot_of

router = APIRouter(prefix=ROOT, tags=["content"])
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {}, "image/png": {}}},
    304: {"description": "It has not changed: it never does"},
}


@router.get(
    f"{SLOT}/pages/{{sha256}}",
    summary="A page's picture",
    response_class=Response,
    responses=_PICTURE | answers("not_found"),
)
def get_content(
    request: Request,
    test: TestId,
    candidate: SomeId,
    question: SomeId,
    sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
    token: Annotated[Token, Depends(needs("content:read"))],
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The bytes of a page's picture. Its digest is its ETag: what has it once never needs it again."""
    page = slot_of(request, token, test, candidate, question).page(sha256)
    if page is None or page.key is None:
        raise ApiProblem("not_found")
    headers = {
        "ETag": f'"{sha256}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(parts_of(request).store.read(page.key), media_type=page.media_type, headers=headers)
