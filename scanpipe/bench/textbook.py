"""The script of an afternoon, as a competent student would write it with OpenCV and pyzbar. One process a worker.

    python -m scanpipe.bench.textbook FOLDER_OR_PDF OUT WORKERS QUALITY

For every page: `cv2.imread` in colour (a page of a PDF is rendered at 300 dpi by pdfium, as pdf2image does by poppler), gray,
a quarter of the size, Otsu's threshold; 101 angles from −5° to 5° in steps of 0.1°, each turned by `cv2.warpAffine`, the
one with the sharpest row profile (sum of squared differences of neighbouring rows) wins; the colour page is turned by it with
`cv2.warpAffine`, linear; `pyzbar.decode` of the full page in gray, all symbologies; `cv2.imwrite` as JPEG, named by the
text that was read. It checks nothing, keeps no record and sends nothing anywhere: it only has to be fast.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import sys
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
from pyzbar import pyzbar

_ANGLES_DEG = np.arange(-50, 51) / 10
_PDF_DPI = 300


def straighten_and_read(job: tuple[Path, int | None], out: Path, quality: int) -> bool:
    """One page: (file, None) or (PDF, page from 0). Says whether any code was read."""
    path, page = job
    picture = load(path, page)
    upright = rotate(picture, find_skew(picture))
    texts = read(upright)
    name = hashlib.sha1(texts[0]).hexdigest()[:16] if texts else "unread"
    cv2.imwrite(str(out / f"{name}-{path.stem}-{page or 0}.jpg"), upright, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bool(texts)


def load(path: Path, page: int | None) -> Any:
    """BGR pixels."""
    if page is None:
        return cv2.imread(str(path))
    document = pypdfium2.PdfDocument(path)
    picture = document[page].render(scale=_PDF_DPI / 72).to_numpy().copy()
    document.close()
    return picture


def find_skew(picture: Any) -> float:
    """The angle in degrees by which the page must be turned to stand straight."""
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(gray, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    _, ink = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    return float(max(_ANGLES_DEG, key=lambda angle: _sharpness(ink, angle)))


def _sharpness(ink: Any, angle: float) -> float:
    h, w = ink.shape
    turned = cv2.warpAffine(ink, cv2.getRotationMatrix2D((w / 2, h / 2), angle, 1.0), (w, h), flags=cv2.INTER_NEAREST)
    profile = cv2.reduce(turned, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel().astype(np.float64)
    return float(np.sum(np.diff(profile) ** 2))


def rotate(picture: Any, angle: float) -> Any:
    h, w = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), angle, 1.0)
    return cv2.warpAffine(picture, matrix, (w, h), flags=cv2.INTER_LINEAR, borderValue=(255, 255, 255))


def read(picture: Any) -> list[bytes]:
    """The contents of all codes on the page."""
    return [code.data for code in pyzbar.decode(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))]


def jobs(source: Path) -> list[tuple[Path, int | None]]:
    if source.is_dir():
        return [(path, None) for path in sorted(source.iterdir())]
    with pypdfium2.PdfDocument(source) as document:
        return [(source, page) for page in range(len(document))]


def main(source: str, out: str, workers: str, quality: str) -> None:
    """All files of a folder, or all pages of a PDF."""
    cv2.setNumThreads(1)  # one process a core is the parallelism; more threads would only cost
    work = partial(straighten_and_read, out=Path(out), quality=int(quality))
    with multiprocessing.Pool(int(workers)) as pool:
        print(sum(pool.imap_unordered(work, jobs(Path(source)))))
        pool.close()
        pool.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
