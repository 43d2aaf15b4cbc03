"""What stands on a PDF page, as PDFium has read it: thin reading functions over its raw interface, no decisions.

A handle is valid as long as its page is open.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray

Handle = Any
Matrix = tuple[float, float, float, float, float, float]
Rectangle = tuple[float, float, float, float]
"""Left, bottom, right, top, in points."""

MAX_DEPTH = 10


def top_objects(page: pdfium.PdfPage) -> Iterator[Handle]:
    """The objects of the page in the order of painting; what is inside a form counts as one."""
    for i in range(raw.FPDFPage_CountObjects(page)):
        yield raw.FPDFPage_GetObject(page, i)


def all_images(objects: Iterator[Handle], depth: int = 0) -> Iterator[Handle]:
    """The images among the objects, and those inside forms."""
    for handle in objects:
        kind = raw.FPDFPageObj_GetType(handle)
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            yield handle
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth < MAX_DEPTH:
            yield from all_images(_inside(handle), depth + 1)


def _inside(form: Handle) -> Iterator[Handle]:
    for i in range(max(0, raw.FPDFFormObj_CountObjects(form))):
        yield raw.FPDFFormObj_GetObject(form, i)


def is_image(handle: Handle) -> bool:
    return bool(raw.FPDFPageObj_GetType(handle) == raw.FPDF_PAGEOBJ_IMAGE)


def is_invisible_text(handle: Handle) -> bool:
    """The layer that text recognition lays over a scan."""
    if raw.FPDFPageObj_GetType(handle) != raw.FPDF_PAGEOBJ_TEXT:
        return False
    return bool(raw.FPDFTextObj_GetTextRenderMode(handle) == raw.FPDF_TEXTRENDERMODE_INVISIBLE)


def is_clipped_or_transparent(handle: Handle) -> bool:
    """PDFium leaves out a clip that takes nothing away from the object."""
    clip = raw.FPDFPageObj_GetClipPath(handle)
    return bool(raw.FPDFClipPath_CountPaths(clip) > 0 or raw.FPDFPageObj_HasTransparency(handle))


def matrix_of(handle: Handle) -> Matrix:
    """a b c d e f: where the unit square of an image lies on the page. Raises RuntimeError."""
    m = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(handle, m):
        raise RuntimeError("an object has no place on the page")
    return m.a, m.b, m.c, m.d, m.e, m.f


def visible_box(page: pdfium.PdfPage) -> Rectangle:
    """What is shown of the page, before it is turned. Raises RuntimeError."""
    box = raw.FS_RECTF()
    if not raw.FPDF_GetPageBoundingBox(page, box):
        raise RuntimeError("the page has no size")
    return box.left, box.bottom, box.right, box.top


def pixel_size(image: Handle) -> tuple[int, int]:
    """Width and height that the image claims; 0 where it does not say."""
    width, height = ctypes.c_uint(), ctypes.c_uint()
    raw.FPDFImageObj_GetImagePixelSize(image, width, height)
    return width.value, height.value


def colour_space(page: pdfium.PdfPage, image: Handle) -> tuple[int, int]:
    """PDFium's number of the colour space, and bits a pixel; zeros where it cannot tell."""
    about = raw.FPDF_IMAGEOBJ_METADATA()
    raw.FPDFImageObj_GetImageMetadata(image, page, about)
    return about.colorspace, about.bits_per_pixel


def filters(image: Handle) -> tuple[str, ...]:
    """The names of the filters, outermost first."""
    count = max(0, raw.FPDFImageObj_GetImageFilterCount(image))
    return tuple(_filter(image, i) for i in range(count))


def _filter(image: Handle, index: int) -> str:
    buffer = ctypes.create_string_buffer(64)
    raw.FPDFImageObj_GetImageFilter(image, index, buffer, len(buffer))
    return buffer.value.decode("latin-1")


def stream_of(image: Handle) -> bytes:
    """The data of the image as they stand in the file (decrypted)."""
    return _read(raw.FPDFImageObj_GetImageDataRaw, image)


def unwrapped_stream_of(image: Handle) -> bytes:
    """The same after the filters that are no picture format (Flate, ASCII85 …)."""
    return _read(raw.FPDFImageObj_GetImageDataDecoded, image)


def _read(read: Callable[[Handle, int | None, int], int], image: Handle) -> bytes:
    buffer: NDArray[np.uint8] = np.empty(read(image, None, 0), np.uint8)
    read(image, buffer.ctypes.data, len(buffer))
    return buffer.tobytes()


def bitmap_of(image: Handle) -> NDArray[np.uint8]:
    """The decoded image, (height, width) or (height, width, 3) RGB, without its mask. Raises RuntimeError."""
    handle = raw.FPDFImageObj_GetBitmap(image)
    if not handle:
        raise RuntimeError("an image on the page cannot be decoded")
    return pixels_of(pdfium.PdfBitmap.from_raw(handle))


def pixels_of(bitmap: pdfium.PdfBitmap) -> NDArray[np.uint8]:
    """A copy of the pixels as (height, width) or (height, width, 3) RGB; PDFium's memory goes with the bitmap."""
    pixels: NDArray[np.uint8] = bitmap.to_numpy()
    if pixels.ndim == 2:
        return pixels.copy()
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGB)  # type: ignore[return-value]


def count_annotations(page: pdfium.PdfPage) -> int:
    """How many notes, stamps, strokes … lie on the page."""
    return int(raw.FPDFPage_GetAnnotCount(page))


def paint(page: pdfium.PdfPage, width_px: int, height_px: int) -> NDArray[np.uint8]:
    """The whole page with its annotations on white, (height, width, 3) RGB."""
    bitmap = pdfium.PdfBitmap.new_native(width_px, height_px, raw.FPDFBitmap_BGR)
    raw.FPDFBitmap_FillRect(bitmap, 0, 0, width_px, height_px, 0xFFFFFFFF)
    raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width_px, height_px, 0, raw.FPDF_ANNOT)
    return pixels_of(bitmap)
