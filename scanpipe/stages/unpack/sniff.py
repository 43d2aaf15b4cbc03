"""The first bytes of a file in, what it is out: by magic, never by name."""

from __future__ import annotations

import re
from typing import Literal

from scanpipe.saying import say
from scanpipe.stages.unpack.heic import is_heic
from scanpipe.stages.unpack.problem import Problem, unreadable, unsupported

Format = Literal["jpeg", "png", "heic", "tiff", "pdf"]

HEAD_BYTES = 1024
"""How much of a file `sniff` and `refuse` look at; a PDF may have so much of something else before it (ISO 32000, annex I)."""

_PICTURES: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
)

_OTHERS = (
    (rb".{4}ftyp(avi[fs]|mif1|msf1)", say("the file is an AVIF picture; save it as JPEG or PDF")),
    (rb".{4}ftyp", say("the file is a video; scans are JPEG, PNG, HEIC, TIFF or PDF")),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", say("the file is a JPEG 2000 picture; save it as JPEG, TIFF or PDF")),
    (rb"\0\0\0\x0cJXL |\xff\x0a", say("the file is a JPEG XL picture; save it as JPEG or PDF")),
    (rb"RIFF.{4}WEBP", say("the file is a WebP picture; save it as JPEG or PNG")),
    (rb"GIF8[79]a", say("the file is a GIF picture; save it as PNG")),
    (rb"BM.{4}\0\0\0\0", say("the file is a BMP picture; save it as PNG")),
    (rb"\x97JB2\r\n", say("the file is a JBIG2 picture; save it as TIFF or PDF")),
    (rb"AT&TFORM", say("the file is a DjVu document; save it as PDF")),
    (rb"8BPS", say("the file is a Photoshop document; save it as PNG or PDF")),
    (rb"%!PS", say("the file is a PostScript document; save it as PDF")),
    (rb"\{\\rtf", say("the file is a text document (RTF); save it as PDF")),
    (
        rb"PK\x03\x04.{26}(\[Content_Types\]|_rels/|word/|xl/|ppt/)",
        say("the file is an Office document; save it as PDF"),
    ),
    (rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis", say("the file is an OpenDocument file; save it as PDF")),
    (
        rb"PK\x03\x04|7z\xbc\xaf|Rar!|\x1f\x8b",
        say("the file is an archive; unpack it and put the files in by themselves"),
    ),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", say("the file is an old Office document; save it as PDF")),
    (rb"\s*<(!doctype html|html)", say("the file is a web page; save it as PDF")),
)


def sniff(head: bytes) -> Format | None:
    """The format of a file that begins with `head` (1,024 bytes are enough), or None."""
    for magic, name in _PICTURES:
        if head.startswith(magic):
            return name
    if is_heic(head):
        return "heic"
    return "pdf" if b"%PDF-" in head[:HEAD_BYTES] else None


def refuse(head: bytes) -> Problem:
    """Why a file that is none of these formats cannot be taken, with its name where that can be told."""
    if not head:
        return unreadable(say("the file is empty"))
    if not head.strip(b"\0"):
        return unreadable(say("the file begins with nothing but zeros; its content never arrived"))
    for pattern, what in _OTHERS:
        if re.match(pattern, head, re.DOTALL | re.IGNORECASE):
            return unsupported(what)
    if _is_text(head):
        return unsupported(say("the file is plain text; scans are JPEG, PNG, HEIC, TIFF or PDF"))
    return unsupported(say("the file is of a kind that is not known here; scans are JPEG, PNG, HEIC, TIFF or PDF"))


def _is_text(head: bytes) -> bool:
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head)
