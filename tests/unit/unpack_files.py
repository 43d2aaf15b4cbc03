"""Files for the tests of unpack, made from scratch: nothing is committed, everything is known about them."""

import io
import struct
import zlib
from collections.abc import Mapping

import numpy as np
import pillow_heif
from PIL import Image

from scanpipe.stages.unpack import DecodeError, Limits, Page, Problem, load_page, open_document

LIMITS = Limits()
Tags = Mapping[int, tuple[int, list[int]]]


def page(data: bytes, index: int = 1, limits: Limits = LIMITS) -> Page:
    loaded = load_page(data, index, limits)
    assert isinstance(loaded, Page), loaded
    return loaded


def problem(data: bytes, index: int = 1, limits: Limits = LIMITS) -> Problem:
    """What is wrong with the page, however late it comes out."""
    loaded = load_page(data, index, limits)
    if isinstance(loaded, Problem):
        return loaded
    problems = []
    for pixels in (lambda: loaded.gray(2), lambda: loaded.gray(1), loaded.colour):
        try:
            pixels()
        except DecodeError as e:
            problems.append(e.problem)
    assert len(problems) == 3, "every way to the pixels must find the damage"
    return problems[0]


def gray_or_problem(data: bytes) -> np.ndarray | Problem:
    """The gray pixels of the first page of whatever this is."""
    document = open_document(data, LIMITS)
    if isinstance(document, Problem):
        return document
    with document:
        loaded = document.page(1)
    if isinstance(loaded, Problem):
        return loaded
    try:
        return loaded.gray(1)
    except DecodeError as e:
        return e.problem


def drawing(width: int = 200, height: int = 280, seed: int = 1) -> np.ndarray:
    """A gray page with lines, a ramp and some noise; no two corners look alike."""
    rng = np.random.default_rng(seed)
    pixels = np.full((height, width), 235, np.uint8)
    pixels[10:40, 10:60] = 20
    pixels[-30:-10, 10:30] = 120
    pixels[::16, :] = 90
    pixels[:, width // 2] = np.linspace(0, 255, height).astype(np.uint8)
    return np.clip(pixels + rng.integers(-6, 7, pixels.shape), 0, 255).astype(np.uint8)


def colourful(width: int = 200, height: int = 280) -> np.ndarray:
    gray = drawing(width, height)
    return np.dstack([gray, gray // 2 + 60, 255 - gray])


def heic(pixels, **options) -> bytes:
    """As phones write them; gray pixels become RGB."""
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(pixels).convert("RGB")).save(out, quality=80, **options)
    return out.getvalue()


def saved(pixels: np.ndarray | Image.Image, format: str, **options: object) -> bytes:
    image = Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def rgb_jpeg(pixels: np.ndarray) -> bytes:
    """A JPEG of red, green and blue that does not say so: its components are 1, 2 and 3, as those of YCbCr."""
    data = bytearray(saved(pixels, "JPEG", quality=95, keep_rgb=True))
    del data[data.index(b"\xff\xee") : data.index(b"\xff\xdb")]
    frame, scan = data.index(b"\xff\xc0") + 10, data.index(b"\xff\xda") + 5
    for i in range(3):
        data[frame + 3 * i] = data[scan + 2 * i] = i + 1
    return bytes(data)


def exif(orientation: int | None = None, dpi: float | None = None) -> bytes:
    tags = Image.Exif()
    if orientation is not None:
        tags[274] = orientation
    if dpi is not None:
        tags[282], tags[283], tags[296] = dpi, dpi, 2
    return tags.tobytes()


def tiff(*pages: tuple[Tags, list[bytes]], order: str = "<", big: bool = False) -> bytes:
    """A TIFF of pages, each with its tags {tag: (type, values)} and strips (tiles); where they lie is filled in."""
    word, head = ("Q", 16) if big else ("I", 8)
    mark = {"<": b"II", ">": b"MM"}[order]
    out = bytearray(mark + (struct.pack(order + "HHHQ", 43, 8, 0, 0) if big else struct.pack(order + "HI", 42, 0)))
    link = head - (8 if big else 4)
    for tags, strips in pages:
        starts = []
        for strip in strips:
            starts.append(len(out))
            out += strip
        out += b"\0" * (len(out) % 2)
        at, sizes = (324, 325) if 322 in tags else (273, 279)
        full = {at: (4, starts), sizes: (4, [len(s) for s in strips]), **tags}
        struct.pack_into(order + word, out, link, len(out))
        link = _append_directory(out, {t: v for t, v in full.items() if v[1]}, order, big)
    return bytes(out)


_LETTERS = {1: "B", 3: "H", 4: "I", 7: "B", 16: "Q"}


def _append_directory(out: bytearray, tags: Tags, order: str, big: bool) -> int:
    """Returns where the offset of the next directory stands."""
    word, room = ("Q", 8) if big else ("I", 4)
    entry = 12 + (8 if big else 0)
    far_at = len(out) + (8 if big else 2) + len(tags) * entry + room
    rows, far = b"", b""
    for tag, (kind, values) in sorted(tags.items()):
        if kind == 5:
            count, raw = 1, struct.pack(order + "II", *values)
        else:
            count, raw = len(values), struct.pack(f"{order}{len(values)}{_LETTERS[kind]}", *values)
        inside = raw.ljust(room, b"\0") if len(raw) <= room else struct.pack(order + word, far_at + len(far))
        far += raw if len(raw) > room else b""
        rows += struct.pack(order + "HH" + word, tag, kind, count) + inside
    out += struct.pack(order + ("Q" if big else "H"), len(tags)) + rows
    link = len(out)
    out += bytes(room) + far + b"\0" * (len(far) % 2)
    return link


def strip_of(data: bytes) -> bytes:
    """The first strip of a TIFF that Pillow wrote."""
    with Image.open(io.BytesIO(data)) as image:
        start, size = image.tag_v2[273][0], image.tag_v2[279][0]
    return data[start : start + size]


def plain_tags(pixels: np.ndarray, photometric: int, bits: int = 8) -> dict[int, tuple[int, list[int]]]:
    """What a TIFF of these uncompressed pixels must say."""
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    return {
        256: (3, [pixels.shape[1]]),
        257: (3, [pixels.shape[0]]),
        258: (3, [bits] * samples),
        259: (3, [1]),
        262: (3, [photometric]),
        277: (3, [samples]),
        278: (3, [pixels.shape[0]]),
    }


def pdf(*pages: tuple[str, str, Mapping[str, tuple[str, bytes]]], third: bytes = b"null") -> bytes:
    """A PDF of pages, each (entries of its dictionary, content, images by name as (entries, data)); `third` is object 3."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", third]
    kids = []
    for entries, content, images in pages:
        names = []
        for name, (about, data) in images.items():
            objects.append(pdf_stream(f"/Type /XObject /Subtype /Image {about}", data))
            names.append(f"/{name} {len(objects)} 0 R")
        objects.append(pdf_stream("", content.encode()))
        resources = f"/Resources << /XObject << {' '.join(names)} >> /Font << /F1 {_FONT} >> >>"
        media = "" if "/MediaBox" in entries else "/MediaBox [0 0 200 280]"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R {media} /Contents {len(objects)} 0 R {resources} {entries} >>".encode()
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] >>".encode()
    return pdf_of(objects)


_FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def pdf_of(objects: list[bytes]) -> bytes:
    """A PDF of numbered objects, the catalogue first."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    starts = []
    for number, body in enumerate(objects, 1):
        starts.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % s for s in starts)
    out += b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        table,
        len(objects) + 1,
        len(out),
    )
    return bytes(out)


def pdf_stream(entries: str, data: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries.encode(), len(data), data)


def image_entries(pixels: np.ndarray, filter: str, more: str = "") -> str:
    """The dictionary entries of an image of these 8-bit pixels."""
    space = "/DeviceGray" if pixels.ndim == 2 else "/DeviceRGB"
    height, width = pixels.shape[:2]
    return f"/Width {width} /Height {height} /BitsPerComponent 8 /ColorSpace {space} /Filter {filter} {more}"


FILL = "q 200 0 0 280 0 0 cm /Im0 Do Q"
"""Page content that paints image Im0 over a page of 200 by 280 points."""


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


GROUP4 = saved(Image.fromarray(drawing() > 128), "TIFF", compression="group4", dpi=(300, 300))
