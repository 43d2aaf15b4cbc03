"""Print on a picture, as words: Tesseract, through pytesseract. Optional: `pip install 'scanpipe[ocr]'` and tesseract-ocr."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TextReader: TypeAlias = Callable[[NDArray[np.uint8]], str]
_SPARSE = "--psm 11"
"""Words wherever they stand: a line of print beside a code is no paragraph."""
_TIMEOUT_S = 30


def open_text_reader() -> TextReader | None:
    """A function from gray pixels (height, width) to the words on them; None where Tesseract is not installed."""
    if shutil.which("tesseract") is None:
        return None
    try:
        tesseract = import_module("pytesseract")
    except ImportError:
        return None
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # its threads would take the workers' cores, for little gain

    def read(gray: NDArray[np.uint8]) -> str:
        return _read(tesseract, gray)

    return read


def _read(tesseract: Any, gray: NDArray[np.uint8]) -> str:
    """Answers nothing for a picture that Tesseract cannot read in time: what it says is a hint, nobody waits for it."""
    try:
        return str(tesseract.image_to_string(Image.fromarray(gray), config=_SPARSE, timeout=_TIMEOUT_S))
    except (tesseract.TesseractError, RuntimeError):
        return ""
