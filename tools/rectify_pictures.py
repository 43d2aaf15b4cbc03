"""What becomes of pictures that somebody really took: each is rectified, and shown beside itself with the outline that was found.

python -m tools.rectify_pictures PICTURE… --out FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from scanpipe.stages.phone import Rectified, rectify
from scanpipe.stages.unpack import Page, load_page
from tools.measure_phones import eyes
from tools.proof_reading import LIMITS

_HEIGHT_PX = 900


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="where the pictures beside each other go")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for path in args.pictures:
        page = load_page(path.read_bytes(), 1, LIMITS)
        if not isinstance(page, Page):
            print(f"{path.name}: {page.reason}")
            continue
        picture = page.colour()
        found = rectify(picture, eyes())
        print(f"{path.name}: {found.how.value}", found.why or "", *(advice.what.value for advice in found.advice))
        cv2.imwrite(str(args.out / f"{path.stem}.jpg"), beside(picture, found))


def beside(picture: Any, found: Rectified) -> Any:
    """The picture with the outline, and the page; BGR."""
    told = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    if found.corners is not None:
        line = max(3, picture.shape[1] // 300)
        cv2.polylines(told, [np.array(found.corners, np.int32)], True, (0, 0, 255), line)
    made = found.page
    page = cv2.cvtColor(made, cv2.COLOR_RGB2BGR) if made.ndim == 3 else cv2.cvtColor(made, cv2.COLOR_GRAY2BGR)
    return np.hstack([_high(told), _high(page)])


def _high(picture: Any) -> Any:
    share = _HEIGHT_PX / picture.shape[0]
    return cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    main()
