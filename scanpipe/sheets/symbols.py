"""Text in, the black rectangles of its QR symbol out. The question it answers: what is to be inked?"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from scanpipe.layout import ERROR_CORRECTION

Matrix = NDArray[np.bool_]
Rectangle = tuple[int, int, int, int]
"""Left, top, width, height in modules."""


def matrix(text: str) -> Matrix:
    """The modules of the QR symbol of `text`, without quiet zone: (rows, columns), True is black.

    Raises ValueError for a text that no QR symbol holds.
    """
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=ERROR_CORRECTION)
    black: Matrix = np.asarray(symbol.to_image(scale=1, add_quiet_zones=False)) == 0
    return black


def rectangles(modules: Matrix) -> list[Rectangle]:
    """Disjoint rectangles that cover the black modules: runs of a row, grown down as long as the same run follows."""
    done: list[Rectangle] = []
    growing: dict[tuple[int, int], int] = {}
    for y, runs in enumerate([*_runs(modules), []]):
        following = {run: growing.pop(run, y) for run in runs}
        done += [(start, top, end - start, y - top) for (start, end), top in growing.items()]
        growing = following
    return done


def _runs(modules: Matrix) -> list[list[tuple[int, int]]]:
    """For each row the (start, end) of its black runs."""
    padded = np.pad(modules.astype(np.int8), ((0, 0), (1, 1)))
    rows, columns = np.nonzero(np.diff(padded, axis=1))
    edges: list[list[int]] = [[] for _ in range(len(modules))]
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        edges[row].append(column)
    return [list(pairwise(e))[::2] for e in edges]
