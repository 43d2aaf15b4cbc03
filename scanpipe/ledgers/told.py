"""What the notes in the share ask: which files and stacks something happened to, and why pages of a stack are held."""

from __future__ import annotations

import json

import sqlalchemy as sa

from scanpipe.ledgers import tables as t

_p, _s, _e = t.page.c, t.scan.c, t.event.c


class ToldOfStacks:
    """Part of `Spans`. `inside` says of pages, joined with their scans, that they lie in a stack."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def scans_since(self, at: str) -> set[str]:
        """Files that were taken in since then, and those with a page that changed."""
        changed = sa.select(_p.scan).where(_p.at >= at)
        return set(self._c.execute(sa.union(sa.select(_s.scan).where(_s.at >= at), changed)).scalars())

    def scans_touched(self, after: int) -> set[str]:
        """Files that events above `after` are about."""
        query = sa.select(_e.scan).where(_e.id > after, _e.scan.is_not(None), _e.type != "drawing_viewed")
        return set(self._c.execute(query.distinct()).scalars())

    def stacks_counted(self, after: int) -> set[str]:
        """Stacks of which somebody said since then how many sheets they have: what they were fed in."""
        rows = self._c.execute(sa.select(_e.data).where(_e.id > after, _e.type == "stack_expected")).scalars()
        return {str(json.loads(data)["stack"]).partition(" / ")[0] for data in rows}

    def held_because(self, inside: sa.ColumnElement[bool]) -> dict[str, int]:
        """How many pages are held, by reason."""
        query = sa.select(_p.reason, sa.func.count()).join_from(t.page, t.scan, _p.scan == _s.scan)
        rows = self._c.execute(query.where(inside, _p.state == "held").group_by(_p.reason))
        return {row[0]: row[1] for row in rows}
