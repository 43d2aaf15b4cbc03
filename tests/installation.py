"""A small real installation for tests: a registered test, printed sheets, and scans of them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray

from scanpipe.definitions import load
from scanpipe.desk.defining import register
from scanpipe.desk.printing import give_serials
from scanpipe.model import Sheet
from scanpipe.settings import Settings, load_settings
from scanpipe.sheets import draw, plan
from scanpipe.stages.render import encode_jpeg, straightened_page
from scanpipe.wiring import open_parts
from tests import loaded

ROOT = Path(__file__).parent.parent
MATHEMATICS = ROOT / "config/tests/mathematics.yaml"
Gray = NDArray[np.uint8]


@dataclass(frozen=True)
class Installation:
    """`sheets` are the printed ones, in the order of the pages of `pdf`."""

    data_dir: Path
    pdf: Path
    sheets: tuple[Sheet, ...]
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return load_settings(None, self.environ)[0]

    @property
    def environ(self) -> dict[str, str]:
        return {"SCANPIPE__DATA_DIR": str(self.data_dir), "SCANPIPE__ENGINE__WORKERS": "2", **self.more}

    def picture(self, index: int, dpi: int = 150) -> Gray:
        """The printed sheet as gray pixels."""
        document = pypdfium2.PdfDocument(self.pdf)
        picture = document[index].render(scale=dpi / 72, grayscale=True).to_numpy().squeeze().copy()
        document.close()
        return picture

    def scan(self, index: int, skew_deg: float = 0.7, dpi: int = 150, stroke: int = 0) -> bytes:
        """The sheet as a scanner sends it: written on, fed `skew_deg` clockwise, JPEG."""
        picture = self.picture(index, dpi)
        h, w = picture.shape
        points = np.array([[w * 0.3, h * 0.4], [w * 0.6, h * (0.5 + stroke / 100)], [w * 0.4, h * 0.7]], np.int32)
        cv2.polylines(picture, [points], False, 60, 3, cv2.LINE_AA)
        if skew_deg:
            (picture,) = straightened_page((picture,), -skew_deg)
        return encode_jpeg((picture,), dpi, 85)

    def run(self, *args: str, ok: Iterable[int] = (0,), stdin: str | None = None) -> str:
        """`scanpipe …` in a process of its own; answers its standard output."""
        done = self.call(*args, stdin=stdin)
        assert done.returncode in ok, f"scanpipe {args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def call(self, *args: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """`scanpipe …` with whatever comes of it."""
        return loaded.call(args, {**os.environ, **self.environ}, stdin, 300)

    def lines(self, *args: str) -> list[dict[str, Any]]:
        """What a command answers with `--json`."""
        return [json.loads(line) for line in self.run(*args, "--json").splitlines()]


def install(data_dir: Path, more: Mapping[str, str] | None = None, sheets: int = 12) -> Installation:
    """A fresh installation in `data_dir` with a registered test and the first `sheets` of its sheets printed.

    `more` are settings as they stand in the environment.
    """
    pdf, more, definition = data_dir.with_suffix(".pdf"), dict(more or {}), MATHEMATICS
    settings, _ = load_settings(None, {"SCANPIPE__DATA_DIR": str(data_dir), **more})
    with open_parts(settings) as parts:
        register(parts, load(definition))
        with parts.ledger.read() as r:
            registered = r.definition(load(definition).id)
        assert registered is not None
        printed = give_serials(parts, registered, plan(registered)[:sheets], "test")
        draw(printed, registered, parts.keyring.active, pdf)
    return Installation(data_dir, pdf, tuple(printed), more)
