"""The part of `events.py` about links, by which candidates hand in from home.

links_given_out         test, grace_minutes, most_pages, most_bytes, links [[id, candidate, question, closes], …], by
link_ended              link, test, candidate, question, by, why
submission_handed_in    link, test, candidate, question, version, late, handed_in, stack, files [{name, size, sha256}, …] in their
                        order, by
test_retired            (also) its links open nothing any more, and what came by them is forgotten

What is secret about a link stands beside the ledger's events (`links.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.chain import canonical

Data = Mapping[str, Any]
_SLOT = ("test", "candidate", "question")


def _links_given_out(c: sa.Connection, e: Data, data: Data) -> None:
    limits = {name: data[name] for name in ("test", "grace_minutes", "most_pages", "most_bytes", "by")}
    common = limits | {"at": e["at"], "event": e["id"], "ended": None}
    names = ("id", "candidate", "question", "closes")
    rows = [common | dict(zip(names, row, strict=True)) for row in data["links"]]
    if rows:
        c.execute(sa.insert(t.link), rows)


def _link_ended(c: sa.Connection, e: Data, data: Data) -> None:
    c.execute(sa.update(t.link).filter_by(id=data["link"]).values(ended=e["at"]))


def _submission_handed_in(c: sa.Connection, e: Data, data: Data) -> None:
    """A file is of the last submission in time that has it; one that came late takes none away."""
    slot = {name: data[name] for name in _SLOT}
    row = {"id": e["id"], "at": data["handed_in"], "link": data["link"], "version": data["version"]}
    row |= {"late": int(data["late"])}
    c.execute(sa.insert(t.submission), row | slot | {"files": canonical(data["files"])})
    places = {file["sha256"]: n for n, file in reversed(list(enumerate(data["files"], 1)))}
    for scan, position in places.items():
        if data["late"] and _counts(c, scan):
            continue
        c.execute(sa.delete(t.submitted).filter_by(scan=scan))
        c.execute(sa.insert(t.submitted), {"scan": scan, "submission": e["id"], "position": position})


def _counts(c: sa.Connection, scan: str) -> bool:
    """Is a file in the submission of its slot that counts?"""
    of, newer = t.submission, t.submission.alias("newer")
    query = sa.select(of.c.id).join(t.submitted, t.submitted.c.submission == of.c.id)
    later = sa.select(newer.c.id).where(*(newer.c[n] == of.c[n] for n in _SLOT), newer.c.late == 0)
    later = later.where(newer.c.version > of.c.version)
    row = c.execute(query.where(t.submitted.c.scan == scan, of.c.late == 0, ~later.exists())).first()
    return row is not None


def forget_test(c: sa.Connection, data: Data) -> None:
    """A test was retired."""
    of = sa.func.upper(t.submission.c.test) == data["test"].upper()
    c.execute(sa.delete(t.submitted).where(t.submitted.c.submission.in_(sa.select(t.submission.c.id).where(of))))
    c.execute(sa.delete(t.submission).where(of))
    c.execute(sa.delete(t.link).where(sa.func.upper(t.link.c.test) == data["test"].upper()))


PROJECTIONS: Mapping[str, Callable[[sa.Connection, Data, Data], None]] = {
    "links_given_out": _links_given_out,
    "link_ended": _link_ended,
    "submission_handed_in": _submission_handed_in,
}
