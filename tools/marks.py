"""Documents with places for tables that a command makes: `<!-- table: NAME -->` … `<!-- end -->`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path


def fill(document: Path, tables: Mapping[str, str]) -> None:
    """Puts each table into its place. Raises ValueError when there is no such place."""
    page = document.read_text(encoding="utf-8")
    for name, table in tables.items():
        place = re.compile(rf"(<!-- table: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
        page, count = place.subn(lambda m, t=table: f"{m[1]}{t.strip()}\n{m[2]}", page)
        if count != 1:
            raise ValueError(f"{document} has no place for the table {name}")
    document.write_text(page, encoding="utf-8")
