"""A page taken with a phone in, the same with its light evened out: white paper, no shadows, every pencil line.

The light is told from the paper: in each cell of a few millimetres the brightest tenth is paper, unless somebody filled all of it
with ink or colour; there it is taken from the cells around. Dividing by it keeps how much darker than the paper a stroke is.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Field = NDArray[np.float32]

_CELL_MM, _CELL_PX = 4.0, 8
_PAPER_RANK = 0.85
_WHITE = 246.0
_MOST_GAIN = 3.5
_INK_LEVEL, _INK_CHROMA = 0.5, 0.16
_AROUND_CELLS = 4.0


def evened(page: Pixels, px_per_mm: float) -> Pixels:
    """The page in even light; gray stays gray."""
    colour = page if page.ndim == 3 else page[:, :, None]
    cells = _cells(colour, px_per_mm)
    light = _light(cells)
    usual: Any = np.median(cells.reshape(-1, cells.shape[2]), axis=0)
    tint: Any = np.clip(usual / max(float(usual.max()), 1.0), 0.7, 1.0) if cells.shape[2] == 3 else np.ones(1)
    full: Any = cv2.resize(light, page.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    gain = np.clip(_WHITE / np.maximum(full, 1.0), 1.0, _MOST_GAIN).astype(np.float32)
    planes: Any = [_times(np.ascontiguousarray(colour[:, :, n]), gain, float(tint[n])) for n in range(colour.shape[2])]
    return planes[0] if page.ndim == 2 else np.asarray(cv2.merge(planes), np.uint8)


def paper_levels(page: Pixels, px_per_mm: float) -> Field:
    """How bright the paper is, cell by cell: (rows, columns), 0 to 255."""
    colour = page if page.ndim == 3 else page[:, :, None]
    return _light(_cells(colour, px_per_mm))


def _times(plane: Pixels, gain: Field, tint: float) -> Any:
    return cv2.multiply(plane, gain, scale=1 / tint, dtype=cv2.CV_8U)


def _cells(colour: Any, px_per_mm: float) -> Field:
    """The colour of the paper in each cell: (rows, columns, channels)."""
    scale = _CELL_PX / (_CELL_MM * px_per_mm)
    rows, columns = (max(2, round(n * scale / _CELL_PX)) for n in colour.shape[:2])
    small: Any = cv2.resize(colour, (columns * _CELL_PX, rows * _CELL_PX), interpolation=cv2.INTER_AREA)
    small = small.reshape(rows, _CELL_PX, columns, _CELL_PX, -1).swapaxes(1, 2).reshape(rows, columns, _CELL_PX**2, -1)
    rank = int(_PAPER_RANK * _CELL_PX**2)
    order = np.argsort(small.sum(axis=3, dtype=np.int32), axis=2)[:, :, rank - 4 : rank + 5]
    return np.take_along_axis(small, order[..., None], axis=2).mean(axis=2).astype(np.float32)  # type: ignore[no-any-return]


def _light(cells: Field) -> Field:
    """How bright the paper is lit in each cell, ink and colour left out."""
    level: Any = cells.mean(axis=2) if cells.shape[2] == 3 else cells[:, :, 0]
    level = cv2.medianBlur(np.ascontiguousarray(level, np.float32), 3)
    around = cv2.GaussianBlur(cv2.dilate(level, np.ones((9, 9))), (0, 0), 3)
    paper = level > _INK_LEVEL * around
    if cells.shape[2] == 3:
        share = cells / np.maximum(cells.sum(axis=2, keepdims=True), 1)
        usual = np.median(share.reshape(-1, 3), axis=0)
        paper &= np.abs(share - usual).sum(axis=2) < _INK_CHROMA
    weight = paper.astype(np.float32)
    known = cv2.GaussianBlur(level * weight, (0, 0), 0.6), cv2.GaussianBlur(weight, (0, 0), 0.6)
    wide = cv2.GaussianBlur(level * weight, (0, 0), _AROUND_CELLS), cv2.GaussianBlur(weight, (0, 0), _AROUND_CELLS)
    far = wide[0] / np.maximum(wide[1], 1e-3)
    near = known[0] / np.maximum(known[1], 1e-3)
    light: Any = np.where(known[1] > 0.3, near, far)
    return np.asarray(np.where(light > 1, light, float(np.median(level))), np.float32)
