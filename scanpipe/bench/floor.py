"""What codecs alone cost: read a file, SHA-256, decode, encode at the product's quality, write. One process a worker.

    python -m scanpipe.bench.floor FOLDER OUT WORKERS QUALITY

A gray JPEG is decoded and encoded as gray, a colour one as RGB with its chroma at half size, by libjpeg-turbo.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import sys
from functools import partial
from pathlib import Path

import simplejpeg


def copy_through_codec(path: Path, out: Path, quality: int) -> str:
    """Writes the picture anew into `out` and answers the digest of the file that it came from."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    gray = simplejpeg.decode_jpeg_header(data)[2] == "Gray"
    pixels = simplejpeg.decode_jpeg(data, "GRAY" if gray else "RGB")
    colours, chroma = ("GRAY", "Gray") if gray else ("RGB", "420")
    body = simplejpeg.encode_jpeg(pixels, quality=quality, colorspace=colours, colorsubsampling=chroma)
    (out / path.name).write_bytes(body)
    return digest


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
