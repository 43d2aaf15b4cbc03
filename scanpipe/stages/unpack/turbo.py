"""The planes of a colour JPEG as they are stored, through the system's TurboJPEG library where there is one.

Other decoders turn all pixels into RGB, of which the planes would have to be made again: twice the work (docs/decisions/0003).
Spoken to in the API of TurboJPEG 2.1, which later versions keep.
"""

from __future__ import annotations

import ctypes
from ctypes.util import find_library
from typing import Any

import numpy as np

from scanpipe.saying import say
from scanpipe.stages.unpack.planes import Planes

_STOP_ON_WARNING = 8192
_420, _YCBCR = 2, 1


def _load() -> Any:
    name = find_library("turbojpeg")
    try:
        library: Any = ctypes.CDLL(name or "libturbojpeg.so.0")
        library.tjInitDecompress.restype = ctypes.c_void_p
        library.tjGetErrorStr2.restype = ctypes.c_char_p
        number, numbers, place = ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.c_void_p
        library.tjDecompressHeader3.argtypes = (place, ctypes.c_char_p, ctypes.c_ulong, *[numbers] * 4)
        library.tjDecompressToYUVPlanes.argtypes = (
            *(place, ctypes.c_char_p, ctypes.c_ulong, ctypes.POINTER(place)),
            *(number, numbers, number, number),
        )
        library.tjDestroy.argtypes = library.tjGetErrorStr2.argtypes = (place,)
    except (OSError, AttributeError):
        return None
    return library


_LIBRARY = _load()
AVAILABLE = _LIBRARY is not None


def stored_planes(data: bytes, width_px: int, height_px: int) -> Planes:
    """Luma of even size and both colour differences at half size, of a YCbCr JPEG with chroma at half size (4:2:0).

    Strict: raises ValueError for damage of every kind, also what libjpeg only warns of, and for other JPEGs.
    """
    handle = _LIBRARY.tjInitDecompress()
    try:
        found = [ctypes.c_int() for _ in range(4)]
        _checked(handle, _LIBRARY.tjDecompressHeader3(handle, data, len(data), *found))
        if [n.value for n in found] != [width_px, height_px, _420, _YCBCR]:
            raise ValueError(say("the JPEG is of another kind than its header says"))
        halves = (height_px + 1) // 2, (width_px + 1) // 2
        luma = np.empty((2 * halves[0], 2 * halves[1]), np.uint8)
        planes = luma, np.empty(halves, np.uint8), np.empty(halves, np.uint8)
        places = (ctypes.c_void_p * 3)(*(p.ctypes.data for p in planes))
        rest = width_px, None, height_px, _STOP_ON_WARNING
        _checked(handle, _LIBRARY.tjDecompressToYUVPlanes(handle, data, len(data), places, *rest))
    finally:
        _LIBRARY.tjDestroy(handle)
    return planes


def _checked(handle: Any, answer: int) -> None:
    if answer != 0:
        raise ValueError(_LIBRARY.tjGetErrorStr2(handle).decode("ascii", "replace"))
