"""The bytes of a file in, its pages out: what is on each side of paper, pixel for pixel as it was scanned?

`open_document` looks at a file by its content, never its name, and says how many pages it has; each `Page` knows its size and
decodes when it is asked for pixels. What is wrong with a file or a page is a `Problem`; what is wrong with a picture that looked
right from outside comes as a `DecodeError`, which carries one. Dimensions are checked before any decoder sees the data.

    sniff.py     what a file is            jpeg.py, png.py, heic.py, tiff.py, pdf.py   one room for each format
    document.py  file → pages              page.py, raster.py                 page → pixels
"""

from scanpipe.stages.unpack.document import Document, count_pages, load_page, open_document
from scanpipe.stages.unpack.page import DecodeError, Page
from scanpipe.stages.unpack.problem import Limits, Problem
from scanpipe.stages.unpack.raster import page_of_pixels
from scanpipe.stages.unpack.sniff import HEAD_BYTES, sniff

__all__ = [
    "HEAD_BYTES",
    "DecodeError",
    "Document",
    "Limits",
    "Page",
    "Problem",
    "count_pages",
    "load_page",
    "open_document",
    "page_of_pixels",
    "sniff",
]
