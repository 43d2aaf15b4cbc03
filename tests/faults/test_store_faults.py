"""The object store makes trouble while an evening's sheets arrive: they wait, and are filed when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contracts.s3_trouble import (
    Trouble,
    damage_the_answer,
    damage_the_request,
    hand_on,
    hang_up,
    lose_the_answer,
    refuse,
    troublemaker,
)
from tests.installation import install
from tests.s3_server import S3Server
from tests.watcher import watching

Settings = Callable[[str], dict[str, str]]


def slow(seconds: float) -> Trouble:
    """The server takes its time."""

    def serve(request: object) -> None:
        time.sleep(seconds)
        hand_on(request)  # type: ignore[arg-type]

    return serve


_ALIKE = ("answers-500", "wrong-checksum")
"""What looks to the program as another trouble does: in the proof."""
LASTING: dict[str, tuple[Trouble, str]] = {
    "down": (hang_up, "Trying again"),
    "answers-500": (refuse(500, "InternalError"), "Trying again"),
    "slow-down": (refuse(503, "SlowDown"), "Trying again"),
    "resets-in-a-body": (hand_on, "Trying again"),
    "answers-get-lost": (lose_the_answer, "Trying again"),
    "wrong-checksum": (damage_the_request, "Trying again"),
    "expired-credentials": (refuse(400, "ExpiredToken", "The provided token has expired."), "expired"),
    "bucket-gone": (refuse(404, "NoSuchBucket"), "bucket"),
}
"""The trouble, and a word of what the operator reads."""


@pytest.mark.parametrize(
    "trouble", [pytest.param(name, marks=[pytest.mark.proof] if name in _ALIKE else []) for name in LASTING]
)
def test_files_wait_for_a_store_in_trouble(
    tmp_path: Path, s3_server: S3Server, s3_settings: Settings, trouble: str
) -> None:
    habit, word = LASTING[trouble]
    with troublemaker(s3_server.endpoint_url) as proxy:
        home = install(tmp_path / "data", s3_settings(proxy.url), sheets=4)
        inbox = home.settings.inbox_path
        inbox.mkdir(parents=True, exist_ok=True)
        with watching(home) as watcher:
            (inbox / "before.jpg").write_bytes(home.scan(0))
            watcher.wait_for("before.jpg")
            proxy.habit, proxy.resets = habit, trouble == "resets-in-a-body"
            for i in (1, 2):
                (inbox / f"{i}.jpg").write_bytes(home.scan(i))
            watcher.wait_until(lambda: "Problem: " in watcher.said(), 90)
            assert set(watcher.answers()) == {"before.jpg"}
            proxy.habit, proxy.resets = hand_on, False
            (inbox / "3.jpg").write_bytes(home.scan(3, skew_deg=0))
            answers = watcher.wait_for("1.jpg", "2.jpg", "3.jpg", timeout_s=90)
            assert {a["verdict"] for a in answers.values()} == {"filed"}
            assert word in watcher.said() and "It works again." in watcher.said()
            assert watcher.said().count("Problem: ") <= 3  # said once, not for every file and try
        assert "4 filed" in home.run("verify")
        assert list((home.data_dir / "aside").iterdir()) == []


@pytest.mark.parametrize("seconds", [2, pytest.param(30, marks=pytest.mark.proof)])
def test_a_slow_store_only_takes_longer(
    tmp_path: Path, s3_server: S3Server, s3_settings: Settings, seconds: float
) -> None:
    with troublemaker(s3_server.endpoint_url) as proxy:
        home = install(tmp_path / "data", s3_settings(proxy.url), sheets=3)
        inbox = home.settings.inbox_path
        inbox.mkdir(parents=True, exist_ok=True)
        with watching(home) as watcher:
            (inbox / "before.jpg").write_bytes(home.scan(0))
            watcher.wait_for("before.jpg")
            proxy.habit = slow(seconds)
            for i in (1, 2):
                (inbox / f"{i}.jpg").write_bytes(home.scan(i))
            answers = watcher.wait_for("1.jpg", "2.jpg", timeout_s=20 + 8 * seconds)
            assert {a["verdict"] for a in answers.values()} == {"filed"} and "Problem" not in watcher.said()
            proxy.habit = hand_on
        assert "3 filed" in home.run("verify")


def test_a_body_damaged_on_its_way_back_is_seen(tmp_path: Path, s3_server: S3Server, s3_settings: Settings) -> None:
    """Nothing that a store answers is taken for the object unless its digest fits."""
    with troublemaker(s3_server.endpoint_url) as proxy:
        home = install(tmp_path / "data", s3_settings(proxy.url), sheets=1)
        scan = tmp_path / "scan.jpg"
        scan.write_bytes(home.scan(0))
        home.run("ingest", str(scan))
        proxy.habit = damage_the_answer
        assert home.call("verify").returncode in (7, 8)
        proxy.habit = hand_on
        home.run("verify")
