"""How long the server takes for each step at the queue. `python -m tools.measure_server --held 1000`.

So many sheets are held on record; those that the steps are done with have a drawing. Asks from outside, one request after the
other, as a browser would. Beside the time that passed stands the processor time of the server's process, which depends much less
on what else the machine is doing; the load of the machine is printed with it.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from scanpipe.desk.people import add_user
from scanpipe.wiring import open_parts
from tests.installation import install
from tests.serving import serving
from tests.web.test_many_held import hold
from tools.measure_queue import draw_held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held", type=int, default=1000)
    parser.add_argument("--sheets", type=int, default=40, help="how many sheets each step is done with")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        home, scans, password = install(Path(room) / "data", sheets=1), Path(room) / "scans", secrets.token_urlsafe(12)
        draw_held(scans, told.sheets)
        home.run("ingest", str(scans), ok=range(20))
        with open_parts(home.settings) as parts:
            add_user(parts, "kari", "exam_office", password, "measuring")
            with parts.ledger.read() as r:
                held = [f"/sheets/{p.scan}/{p.page}" for p in r.pages_in("held")]
            rest = range(len(held), told.held)
            parts.ledger.write(lambda tx: [hold(tx, n, told.held) for n in rest])
        with serving(home) as url, httpx2.Client(base_url=url, timeout=60) as browser:
            let_in = browser.post("/sign-in", data={"name": "kari", "password": password})
            assert let_in.status_code == 303, let_in.text
            office = _Office(browser, _server())
            for sheet in held:
                office.work_on(sheet)
    print(f"{told.held} held, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| step | median ms | 95 of 100 within ms | processor ms |\n|---|---|---|---|")
    for step, took in office.took.items():
        wall_ms = sorted(wall for wall, _ in took)
        at_95, cpu_ms = wall_ms[int(len(wall_ms) * 0.95)], statistics.mean(cpu for _, cpu in took)
        print(f"| {step} | {statistics.median(wall_ms):.0f} | {at_95:.0f} | {cpu_ms:.0f} |")


@dataclass
class _Office:
    """Does every step with a sheet; `took` are the times that passed and the processor times in ms, by step."""

    browser: httpx2.Client
    server: int
    took: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def work_on(self, sheet: str) -> None:
        ask, send = self.browser.get, self.browser.post
        self._timed("the list", lambda: ask("/queue"))
        page = self._timed("a sheet", lambda: ask(sheet)).text
        drawing, form = _found(r'src="(/sheets/[^"]+/large-[^"]+)"', page), _form(page)
        shown = self._timed("its drawing, the first time", lambda: ask(drawing))
        again = {"if-none-match": shown.headers["etag"]}
        self._timed("its drawing, which the browser has", lambda: ask(drawing, headers=again))
        self._timed("a small picture", lambda: ask(drawing.replace("/large-", "/small-")))
        chosen = {"test": "MA0001-2026H", "candidate": "10001", "question": "3"}
        self._timed(
            "candidates while one types",
            lambda: ask("/candidates", params={"test": chosen["test"], "candidate": "100"}),
        )
        self._timed("what lies in a slot", lambda: send(f"{sheet}/assign", data=form | chosen))
        self._timed("a discard", lambda: send(f"{sheet}/discard", data=form | {"why": "cover sheet"}))
        self._timed("an undo", lambda: send("/undo", data={"token": form["token"]}))
        form = _form(ask(sheet).text)
        sure = chosen | {"question": "4", "confirmed": "yes"}
        filed = self._timed("filing in a slot", lambda: send(f"{sheet}/assign", data=form | sure))
        assert filed.status_code in (303, 422), filed.text  # a slot takes so many sheets and no more

    def _timed(self, step: str, act: Callable[[], httpx2.Response]) -> httpx2.Response:
        cpu_ms, began_s = _cpu_ms(self.server), time.perf_counter()
        answer = act()
        wall_ms = 1000 * (time.perf_counter() - began_s)
        self.took.setdefault(step, []).append((wall_ms, _cpu_ms(self.server) - cpu_ms))
        return answer


def _form(page: str) -> dict[str, str]:
    return {name: _found(rf'name="{name}" value="([^"]+)"', page) for name in ("token", "seen")}


def _found(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    assert found, pattern
    return found[1]


def _server() -> int:
    """The process that serves: the only child that this one has."""
    children = [n for task in Path("/proc/self/task").iterdir() for n in (task / "children").read_text().split()]
    return next(int(n) for n in children if b"serve" in Path(f"/proc/{n}/cmdline").read_bytes())


def _cpu_ms(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
