"""Held pages whose print was read, because no code says which sheet they are."""

from __future__ import annotations

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.model import PageRecord

_p, _r = t.page.c, t.print_read.c


class Prints:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def unread(self, limit: int) -> list[PageRecord]:
        """Held pages without a serial whose print nobody read yet, those held longest first."""
        query = sa.select(t.page).outerjoin(t.print_read, _r.sha256 == _p.sha256)
        query = query.where(_p.state == "held", _p.serial.is_(None), _p.key.is_not(None), _p.sha256.is_not(None))
        query = query.where(_r.sha256.is_(None)).order_by(_p.event).limit(limit)
        return [PageRecord(*row) for row in self._c.execute(query)]

    def known(self, sha256: str) -> bool:
        """Was the print on this picture read?"""
        return self._c.execute(sa.select(_r.sha256).where(_r.sha256 == sha256)).first() is not None

    def serial(self, sha256: str) -> str | None:
        """The serial of the sheet that the print on this picture names."""
        row = self._c.execute(sa.select(_r.serial).where(_r.sha256 == sha256)).first()
        return None if row is None else row[0]
