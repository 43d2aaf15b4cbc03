"""Scans of a sheet that is filed already: which pictures were compared, and which show the same drawing."""

from __future__ import annotations

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.model import PageId, PageRecord, ScanRecord

_p, _first, _c = t.page.c, t.page.alias("first"), t.compared.c
_beside = sa.and_(
    _first.c.serial == _p.serial,
    sa.func.coalesce(_first.c.side, 1) == sa.func.coalesce(_p.side, 1),
    _first.c.state == "filed",
    sa.or_(_first.c.scan != _p.scan, _first.c.page != _p.page),
)
_both = sa.and_(_c.sha256 == _p.sha256, _c.other == _first.c.sha256)
_held = sa.and_(_p.state == "held", _p.reason == "sheet_seen_before", _p.sha256.is_not(None))
_COLUMNS = len(t.page.c)


class Copies:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def uncompared(self, limit: int) -> list[tuple[PageRecord, PageRecord]]:
        """Held scans of a sheet, each with one that is filed, whose pictures nobody laid over each other yet."""
        query = sa.select(t.page, _first).select_from(t.page.join(_first, _beside).outerjoin(t.compared, _both))
        query = query.where(_held, _c.same.is_(None)).order_by(_p.event).limit(limit)
        return [(PageRecord(*r[:_COLUMNS]), PageRecord(*r[_COLUMNS:])) for r in self._c.execute(query)]

    def known(self, sha256: str, other: str) -> bool:
        """Were these two pictures compared?"""
        query = sa.select(sa.func.count()).select_from(t.compared).where(_c.sha256 == sha256, _c.other == other)
        return bool(self._c.execute(query).scalar())

    def count(self) -> int:
        """How many held scans show the same drawing as one that is filed."""
        pages = t.page.join(_first, _beside).join(t.compared, _both)
        query = sa.select(_p.scan, _p.page).select_from(pages).where(_held, _c.same == 1).distinct()
        return int(self._c.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar() or 0)

    def same(self, page: PageId | None = None) -> list[tuple[PageRecord, ScanRecord, PageRecord]]:
        """Held scans that show the same drawing as one that is filed, as they lie in their stacks, each with that one."""
        pages = t.page.join(_first, _beside).join(t.compared, _both).join(t.scan, t.scan.c.scan == _p.scan)
        query = sa.select(t.page, _first, t.scan).select_from(pages).where(_held, _c.same == 1)
        if page is not None:
            query = query.where(_p.scan == page.scan, _p.page == page.index)
        found: dict[PageId, tuple[PageRecord, ScanRecord, PageRecord]] = {}
        for r in self._c.execute(query.order_by(t.scan.c.stack, t.scan.c.position, _p.page, _first.c.event)):
            record = PageRecord(*r[:_COLUMNS])
            first, scan = PageRecord(*r[_COLUMNS : 2 * _COLUMNS]), ScanRecord(*r[2 * _COLUMNS :])
            found.setdefault(record.id, (record, scan, first))
        return list(found.values())
