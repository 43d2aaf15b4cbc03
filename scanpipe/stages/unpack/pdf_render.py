"""A PDF page that is no scan in, its picture out: painted on white paper, but only when all of it can be."""

from __future__ import annotations

from itertools import islice

import pypdfium2 as pdfium
import pypdfium2.raw as raw
import simplejpeg

from scanpipe.saying import say
from scanpipe.stages.unpack import pdf_objects as objects
from scanpipe.stages.unpack.inflate import inflated_size
from scanpipe.stages.unpack.page import DecodeError, Pixels, decoding
from scanpipe.stages.unpack.pdf_objects import Handle
from scanpipe.stages.unpack.pdf_scan import resolution
from scanpipe.stages.unpack.problem import Limits, too_large

_POINTS = 72.0
_MAX_IMAGES = 5_000
_MOST = 0.8
_FINEST_DPI = 600.0
_COARSEST_DPI = 50.0
_CHANNELS = {raw.FPDF_COLORSPACE_DEVICERGB: 3, raw.FPDF_COLORSPACE_CALRGB: 3, raw.FPDF_COLORSPACE_DEVICECMYK: 4}
_MOST_BYTES = 8
"""Four colours of 16 bits."""
_SIZ = b"\xff\x4f\xff\x51"


def render(page: pdfium.PdfPage, limits: Limits) -> tuple[Pixels, float]:
    """(height, width, 3) RGB and its dpi. Raises DecodeError."""
    images = list(islice(objects.all_images(objects.top_objects(page)), _MAX_IMAGES + 1))
    _check_sizes(images, limits)
    dpi = _render_dpi(page, limits)
    width, height = (max(1, round(points * dpi / _POINTS)) for points in page.get_size())
    most = min(limits.max_render_pixels, limits.max_pixels)
    if width * height > most:
        told = say(
            "the page would have %(width)s by %(height)s pixels; %(most)s million are allowed",
            width=width,
            height=height,
            most=f"{most / 1e6:.0f}",
        )
        raise DecodeError(too_large(told))
    for image in images:
        check_image(page, image)
    with decoding(say("the PDF page")):
        return objects.paint(page, width, height), dpi


def check_image(page: pdfium.PdfPage, image: Handle) -> None:
    """PDFium paints what is left of a damaged image and says nothing. Raises DecodeError."""
    _check_data(page, image, 1)
    if not is_jpeg(image):
        with decoding(say("an image on the PDF page")):
            objects.bitmap_of(image)


def checked_bitmap(page: pdfium.PdfPage, image: Handle, component_bits: int) -> Pixels:
    """(height, width) or (height, width, 3) RGB of an image, without its mask. Raises DecodeError."""
    _check_data(page, image, component_bits)
    with decoding(say("an image on the PDF page")):
        return objects.bitmap_of(image)


def is_jpeg(image: Handle) -> bool:
    """Also one that was wrapped once more, in Flate or ASCII85."""
    return objects.filters(image)[-1:] == ("DCTDecode",)


def image_size(image: Handle) -> tuple[int, int]:
    """The larger of what the PDF says and, for JPEG 2000, what the data say."""
    width, height = objects.pixel_size(image)
    if "JPXDecode" in objects.filters(image):
        stream = objects.stream_of(image)
        at = stream.find(_SIZ)
        sides = [int.from_bytes(stream[at + n : at + n + 4], "big") for n in (8, 12)] if at >= 0 else [0, 0]
        return max(width, sides[0]), max(height, sides[1])
    return width, height


def _check_sizes(images: list[Handle], limits: Limits) -> None:
    if len(images) > _MAX_IMAGES:
        raise DecodeError(too_large(say("the page consists of more than %(most)s images", most=_MAX_IMAGES)))
    pixels = sum(width * height for width, height in map(image_size, images))
    if pixels > limits.max_pixels:
        told = say(
            "the images on the page have %(millions)s million pixels; %(most)s are allowed",
            millions=f"{pixels / 1e6:.0f}",
            most=f"{limits.max_pixels / 1e6:.0f}",
        )
        raise DecodeError(too_large(told))


def _check_data(page: pdfium.PdfPage, image: Handle, component_bits: int) -> None:
    """`component_bits` is what the image has at least: PDFium does not tell 4 from 8. Raises DecodeError."""
    with decoding(say("an image on the PDF page")):
        if is_jpeg(image):
            _check_jpeg(objects.unwrapped_stream_of(image))
        elif objects.filters(image) == ("FlateDecode",):
            _check_flate(page, image, component_bits)


def _check_jpeg(stream: bytes) -> None:
    """Raises ValueError."""
    inks = simplejpeg.decode_jpeg_header(stream)[2].upper() in ("CMYK", "YCCK")
    simplejpeg.decode_jpeg(stream, "CMYK" if inks else "GRAY", min_height=1, min_width=1, strict=True)


def _check_flate(page: pdfium.PdfPage, image: Handle, component_bits: int) -> None:
    """There must be enough for all rows, and the right checksum at the end. Raises ValueError or zlib.error."""
    width, height = objects.pixel_size(image)
    channels = _CHANNELS.get(objects.colour_space(page, image)[0], 1)
    least = -(-width * component_bits * channels // 8) * height
    if inflated_size(objects.stream_of(image), (width * _MOST_BYTES + 1) * height) < least:
        raise ValueError(say("its last rows are missing"))


def _render_dpi(page: pdfium.PdfPage, limits: Limits) -> float:
    """That of the finest image where images fill the page (a scan in strips or layers), else the one that is asked for."""
    width, height = page.get_size()
    images = [h for h in objects.top_objects(page) if objects.is_image(h)]
    placed = [(objects.pixel_size(h), resolution(h)) for h in images]
    areas = (w / x * h / y * _POINTS**2 for (w, h), (x, y) in placed if x and y)
    if not placed or sum(areas) < _MOST * width * height:
        return float(limits.render_dpi)
    finest = max(max(x, y) for _, (x, y) in placed)
    return min(max(finest, _COARSEST_DPI), _FINEST_DPI)
