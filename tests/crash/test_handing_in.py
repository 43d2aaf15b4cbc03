"""The power is cut before every effect of handing in by a link: what is on record comes whole into its slot, and once."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from scanpipe.desk import submitting
from scanpipe.desk.links import admit_link
from scanpipe.desk.verifying import verify
from scanpipe.wiring import open_parts
from tests.crash.driver import Countdown
from tests.home_exams import Home, picture
from tests.installation import Installation, install

pytestmark = pytest.mark.proof


def test_killed_before_every_effect_of_handing_in(tmp_path: Path) -> None:
    """A second version of three files: one is kept, one is new, one is gone."""
    place = install(tmp_path / "data", sheets=1)
    with open_parts(place.settings) as parts:
        home = Home(place, parts)
        secret = home.secret(most_pages=5)
        link = admit_link(parts, secret)
        assert link is not None
        home.hand_in(link, picture(1), picture(2))
        home.work_off()
        submitting.remove(home.desk, link, 2, submitting.draft(home.desk, link).ordered[0])
        home.add(link, "side 3.jpg", picture(3))
    effects, recorded, killed = 0, 0, 0
    while True:
        effects += 1
        copy = Installation(tmp_path / f"at-{effects}", place.pdf, place.sheets)
        shutil.copytree(place.data_dir, copy.data_dir)
        end = hand_in_until(copy, secret, effects)
        with open_parts(copy.settings) as parts:
            again = Home(copy, parts)
            submitting.finish_left(again.desk)
            done = [receipt.submission for receipt in submitting.receipts(again.desk, link)]
            again.work_off()
            lying = [page.scan for page in again.slot()]
            assert lying == [file.sha256 for file in done[0].files], f"killed before effect {effects}"
            recorded += len(done) == 2
            if len(done) == 1:
                again.send(link, 2)  # the candidate has no receipt, and tries again
                again.work_off()
            assert len(again.slot()) == 2 and len(again.pages("replaced")) == 1
            assert verify(parts).problems == [], f"killed before effect {effects}"
        shutil.rmtree(copy.data_dir)
        if end == 0:
            break
        assert end == -signal.SIGKILL
        killed += 1
    assert killed > 10 and 0 < recorded < effects


def hand_in_until(place: Installation, secret: str, fatal: int) -> int:
    """Hands in, in a process that kills itself before effect number `fatal`; answers how it ended."""
    child = os.fork()
    if child == 0:
        try:
            with open_parts(place.settings) as parts:
                home, link = Home(place, parts), admit_link(parts, secret)
                assert link is not None
                countdown = Countdown(fatal)
                sa.event.listen(sa.Engine, "commit", countdown.step)
                sys.addaudithook(countdown.audit)
                home.send(link, 2)
                os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
