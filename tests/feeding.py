"""Stacks for the tests: sheets printed on one side or both, separators, and a scanner that takes them in, all in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pypdfium2

from scanpipe.desk.conveyor import Conveyor
from scanpipe.desk.defining import register
from scanpipe.desk.left_sides import LeftSides
from scanpipe.desk.printing import give_serials
from scanpipe.desk.separators import Opening, print_separators
from scanpipe.desk.working import ingest
from scanpipe.layout import A4
from scanpipe.model import PageRecord, PrintedSeparator, Sheet, TestDefinition
from scanpipe.sheets import Selection, draw, plan
from scanpipe.wiring import open_parts
from tests.crash.driver import InProcess
from tests.installation import Installation, install
from tools.scanner import faults, formats, pens
from tools.scanner.feeding import Fed, Leaf
from tools.scanner.paper import Picture

TEST, DPI = "MA0001-2026H", 100
SOURCES = "".join(f'[[source]]\nname = "{name}"\nduplex = true\n' for name in ("both", "files", "gap"))


@dataclass
class Hall:
    """An installation with a printer and a scanner; `both`, `files` and `gap` are folders of scanners of both sides."""

    home: Installation
    rng: np.random.Generator
    jobs: int = 0

    def sheets(
        self, count: int, first: int = 0, sides: int = 1, test: str = TEST, drawn: bool = True
    ) -> list[tuple[Sheet, list[Picture]]]:
        """Printed sheets, from the `first` one of the plan on, each with its sides, drawn on."""
        pdf = self.home.data_dir.with_name(f"{test}-{first}-{sides}.pdf")
        with open_parts(self.home.settings) as parts:
            with parts.ledger.read() as r:
                definition = r.definition(test)
            assert definition is not None
            planned = [replace(p, sides=sides) for p in plan(definition, Selection())[first : first + count]]
            given = give_serials(parts, definition, planned, "test")
            draw(given, definition, parts.keyring.active, pdf)
        pictures = rasters(pdf)
        for picture in pictures if drawn else []:
            pens.draw_answer(picture, DPI, self.rng)
        return [(s, pictures[n * sides : (n + 1) * sides]) for n, s in enumerate(given)]

    def revise(self, change: Callable[[TestDefinition], TestDefinition]) -> None:
        """Registers the test as it is once it was changed so."""
        with open_parts(self.home.settings) as parts:
            with parts.ledger.read() as r:
                definition = r.definition(TEST)
            assert definition is not None
            register(parts, change(definition))

    def leaves(self, count: int, first: int = 0, sides: int = 1, written: Iterable[int] = ()) -> list[Leaf]:
        """Sheets as pieces of paper; of those printed on one side, the backs of `written` are written on."""
        on_back = set(written)
        found = []
        for n, (sheet, pictures) in enumerate(self.sheets(count, first, sides)):
            back = pictures[1] if sides == 2 else self.paper(n in on_back)
            found.append(Leaf(pictures[0], back, sheet.serial, sides == 1 and n not in on_back))
        return found

    def paper(self, written: bool) -> Picture:
        """A side without print."""
        picture = np.full((1169, 827), 252, np.uint8)
        if written:
            pens.draw_answer(picture, DPI, self.rng)
        return picture

    def separator(self, count: int | None, test: str | None = None, room: str = "S4") -> tuple[PrintedSeparator, Leaf]:
        pdf = self.home.data_dir.with_name("separator.pdf")
        with open_parts(self.home.settings) as parts:
            (made,) = print_separators(parts, [Opening(room, "both", count, "Kari Åsmund")], pdf, "test", A4, test)
        return made, Leaf(rasters(pdf)[0], self.paper(False), made.serial, blank=True, separator=True)

    def scan(self, pages: Iterable[Fed]) -> list[Picture]:
        """Fed a little askew, each with its own noise."""
        found = []
        for page in pages:
            askew = faults.fed_askew(page.picture, float(np.clip(self.rng.normal(0, 0.6), -1.5, 1.5)))
            found.append(faults.scanned(askew, self.rng, noise=2.0))
        return found

    def feed(self, pages: Sequence[Fed], folder: str = "both") -> list[PageRecord]:
        """One file of several pages; answers what became of each."""
        return self.take_in({"scan.tif": formats.tiff(self.scan(pages), DPI, "jpeg")}, folder)

    def feed_singly(self, pages: Sequence[Fed], folder: str = "both", order: Sequence[int] = ()) -> list[PageRecord]:
        """A file for each page, numbered as they were scanned; they come in `order`. Answers in the order of the numbers."""
        bodies = {f"scan{n:04d}.jpg": formats.jpeg(p, DPI) for n, p in enumerate(self.scan(pages), 1)}
        names = list(bodies)
        return self.take_in(bodies, folder, [names[n] for n in order] or names)

    def take_in(self, bodies: Mapping[str, bytes], folder: str, order: Sequence[str] = ()) -> list[PageRecord]:
        self.jobs += 1
        place = self.home.data_dir.with_name(f"job{self.jobs}") / folder
        place.mkdir(parents=True)
        for name, body in bodies.items():
            (place / name).write_bytes(body)
        with open_parts(self.home.settings) as parts:
            conveyor = Conveyor(parts, InProcess())
            scans = {}
            for name in order or bodies:
                for carried in ingest(parts, conveyor, [place / name]):
                    scans[name] = carried.scan.scan
            LeftSides(parts).look(over=True)
            conveyor.close()
            with parts.ledger.read() as r:
                return [page for name in sorted(scans) for page in r.pages(scans[name])]


def open_hall(place: Path, seed: int, more: Mapping[str, str] | None = None) -> Hall:
    config = place / "sources.toml"
    config.write_text(SOURCES, encoding="utf-8")
    home = install(place / "data", more, sheets=1)
    home = replace(home, more={**(more or {}), "SCANPIPE_CONFIG": str(config)})
    return Hall(home, np.random.default_rng(seed))


def rasters(pdf: Path) -> list[Picture]:
    document = pypdfium2.PdfDocument(pdf)
    found = [page.render(scale=DPI / 72, grayscale=True).to_numpy().squeeze().copy() for page in document]
    document.close()
    return found
