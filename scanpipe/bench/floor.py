"""What codecs alone cost: read a file, SHA-256, decode, encode at the product's quality, write. One process a worker.

    python -m scanpipe.bench.floor FOLDER OUT WORKERS QUALITY

A gray JPEG is decoded and encoded as gray, a colour one as RGB with its chroma at half size, by libjpeg-turbo. A bitonal
TIFF is decoded by Pillow's libtiff and encoded as gray.
"""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import sys
from functools import partial
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image


def copy_through_codec(path: Path, out: Path, quality: int) -> str:
    """Writes the picture anew into `out` and answers the digest of the file that it came from."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    pixels = _decoded(data)
    colours, chroma = ("GRAY", "Gray") if pixels.shape[2] == 1 else ("RGB", "420")
    body = simplejpeg.encode_jpeg(pixels, quality=quality, colorspace=colours, colorsubsampling=chroma)
    (out / path.name).write_bytes(body)
    return digest


def _decoded(data: bytes) -> NDArray[np.uint8]:
    """(height, width, 1 or 3)."""
    if simplejpeg.is_jpeg(data):
        gray = simplejpeg.decode_jpeg_header(data)[2] == "Gray"
        return np.asarray(simplejpeg.decode_jpeg(data, "GRAY" if gray else "RGB"))
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("L"))[:, :, np.newaxis]


def main(folder: str, out: str, workers: str, quality: str) -> None:
    """All files of a folder."""
    files = sorted(Path(folder).iterdir())
    work = partial(copy_through_codec, out=Path(out), quality=int(quality))
    with multiprocessing.Pool(int(workers)) as pool:
        print(len(list(pool.imap_unordered(work, files))))
        pool.close()
        pool.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
