"""What the events add up to, told anew: into an empty database in memory, by the same projections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import exc

from scanpipe.faults import LedgerFault
from scanpipe.ledgers import tables as t
from scanpipe.ledgers.events import project

_e = t.event.c


class CannotReplay(LedgerFault):
    """An event that does not fit to those before it; the text is a sentence."""


@contextmanager
def replayed(c: sa.Connection, until: int | None = None) -> Iterator[sa.Connection]:
    """A database with the state that the events of `c` add up to: all of them, or those up to a link. Raises CannotReplay."""
    with sa.create_engine("sqlite://", poolclass=sa.StaticPool).begin() as fresh:
        t.metadata.create_all(fresh)
        query = sa.select(_e.id, _e.at, _e.type, _e.scan, _e.page, _e.data)
        query = query.order_by(_e.link.is_(None), _e.link, _e.id).execution_options(yield_per=1000)
        query = query if until is None else query.where(_e.link <= until)
        for id, at, type, scan, page, data in c.execute(query):
            try:
                project(fresh, id, at, type, scan, page, json.loads(data))
            except (KeyError, ValueError, TypeError, AttributeError, exc.SQLAlchemyError) as error:
                told = f"event {id} ({type}) cannot be replayed: {error.__class__.__name__}: {error}"
                raise CannotReplay(told[:300], "Run `scanpipe verify`.") from error
        yield fresh
