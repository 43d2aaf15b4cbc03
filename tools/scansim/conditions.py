"""How one sheet is scanned: the settings of the scanner and how the sheet lies, before any fault is added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools.scansim.faults import Pose, sheet_size
from tools.scansim.raster import Image
from tools.scansim.render import Sheet


@dataclass(frozen=True, slots=True)
class Conditions:
    """`dpi` is that of the optics, `file_dpi` that of the file; `bed` and `white` are gray levels of the scanner's bed and of
    paper; `size_of` decides between a scan as large as the paper and one that shows all of it."""

    dpi: int
    file_dpi: int
    in_colour: bool
    style: str
    pose: Pose
    noise: float
    blur_mm: float
    quality: int
    white: int = 248
    bed: int = 255
    format: str = "jpeg"
    size_of: Callable[[Image, Pose], tuple[int, int]] = sheet_size


@dataclass(frozen=True, slots=True)
class Scene:
    """A sheet under its conditions, and another sheet for the faults that show one."""

    sheet: Sheet
    conditions: Conditions
    other: Sheet | None = None

    @property
    def dpi(self) -> int:
        return self.conditions.dpi

    def other_raster(self) -> Image:
        """The other sheet, printed. Raises ValueError when the scene has none."""
        if self.other is None:
            raise ValueError("this scene has no other sheet")
        return self.other.raster(self.dpi, self.conditions.in_colour)
