"""The file of signing keys: private, made once, added to, never guessed at when damaged."""

import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from scanpipe.codes import Authentic, Kind, decode, encode
from scanpipe.faults import ConfigFault
from scanpipe.keyring import KeyFile
from tests.helpers import CLAIMS

FORK = multiprocessing.get_context("fork")
GOOD = {"id": "ABC", "secret": "00" * 32, "made": "2026-01-01T00:00:00+00:00"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys.json"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_use_makes_a_key_that_only_its_owner_can_read(path: Path) -> None:
    old_mask = os.umask(0)
    try:
        ring = KeyFile(path).keyring()
    finally:
        os.umask(old_mask)
    assert mode(path) == 0o600
    assert len(ring.keys) == 1 and len(ring.active.secret) == 32
    assert isinstance(decode(encode(Kind.SHEET, CLAIMS, ring.active), ring), Authentic)


def test_the_same_key_is_there_the_next_time(path: Path) -> None:
    first = KeyFile(path).keyring()
    assert KeyFile(path).keyring() == first
    assert KeyFile(path).keyring().active.secret == first.active.secret


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    secrets = {KeyFile(tmp_path / str(n) / "keys.json").keyring().active.secret for n in range(5)}
    assert len(secrets) == 5


def test_a_rotation_keeps_what_was_printed_readable(path: Path) -> None:
    file = KeyFile(path)
    first = file.keyring()
    printed = encode(Kind.SHEET, CLAIMS, first.active)
    new = file.rotate()
    ring = file.keyring()
    assert mode(path) == 0o600
    assert ring.active.id == new != first.active.id
    assert isinstance(decode(printed, ring), Authentic)
    infos = file.infos()
    assert [(i.id, i.active) for i in infos] == [(first.active.id, False), (new, True)]
    assert all(i.made.endswith("+00:00") for i in infos)


def test_a_rotation_on_a_fresh_folder_leaves_two_keys(path: Path) -> None:
    new = KeyFile(path).rotate()
    assert [i.id for i in KeyFile(path).infos()][1:] == [new]


def _first_key(path: Path, gate: "multiprocessing.synchronize.Barrier", answers: "multiprocessing.Queue[str]") -> None:
    gate.wait(10)
    answers.put(KeyFile(path).keyring().active.secret.hex())


def _rotate(path: Path, gate: "multiprocessing.synchronize.Barrier", answers: "multiprocessing.Queue[str]") -> None:
    gate.wait(10)
    answers.put(KeyFile(path).rotate())


def race(path: Path, deed: object, count: int = 8) -> list[str]:
    """What so many processes answer that do it at the same moment."""
    gate, answers = FORK.Barrier(count), FORK.Queue()
    processes = [FORK.Process(target=deed, args=(path, gate, answers)) for _ in range(count)]
    for p in processes:
        p.start()
    given = [answers.get(timeout=20) for _ in processes]
    for p in processes:
        p.join(20)
        assert p.exitcode == 0
    return given


def test_eight_processes_at_once_make_one_key(tmp_path: Path) -> None:
    for n in range(5):
        path = tmp_path / str(n) / "keys.json"
        secrets = race(path, _first_key)
        assert set(secrets) == {KeyFile(path).keyring().active.secret.hex()}
        assert len(KeyFile(path).infos()) == 1


def test_no_rotation_of_eight_at_once_is_lost(path: Path) -> None:
    KeyFile(path).keyring()
    ids = race(path, _rotate)
    assert sorted(ids) == sorted(i.id for i in KeyFile(path).infos()[1:])
    assert len(set(ids)) == 8


@pytest.mark.parametrize("wrong_mode", [0o644, 0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_may_read_is_refused(path: Path, wrong_mode: int) -> None:
    KeyFile(path).keyring()
    path.chmod(wrong_mode)
    with pytest.raises(ConfigFault, match="others may read") as refused:
        KeyFile(path).keyring()
    assert refused.value.hint == f"Run: chmod 600 {path}"
    path.chmod(0o600)
    assert KeyFile(path).keyring()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "not JSON",
        "null",
        "[]",
        "{}",
        '{"keys": null}',
        '{"keys": 5}',
        '{"keys": "ABC"}',
        '{"keys": []}',
        '{"keys": [{}]}',
        '{"keys": [null]}',
        json.dumps({"keys": [GOOD | {"secret": "00" * 15}]}),
        json.dumps({"keys": [GOOD | {"secret": "zz" * 32}]}),
        json.dumps({"keys": [GOOD | {"secret": 5}]}),
        json.dumps({"keys": [GOOD | {"id": ""}]}),
        json.dumps({"keys": [GOOD | {"id": "abc"}]}),
        json.dumps({"keys": [GOOD | {"id": "ABCD"}]}),
        json.dumps({"keys": [GOOD | {"id": 123}]}),
        json.dumps({"keys": [GOOD, GOOD | {"id": "A:C"}]}),
    ],
)
def test_a_damaged_file_is_said_to_be_damaged_and_left_alone(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    path.chmod(0o600)
    for use in (KeyFile(path).keyring, KeyFile(path).infos, KeyFile(path).rotate):
        with pytest.raises(ConfigFault, match="cannot be used") as refused:
            use()
        assert "backup" in refused.value.hint
        assert "00" * 15 not in str(refused.value)
    assert path.read_text() == content


def test_bytes_that_are_no_text_are_said_to_be_damaged(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe\x00")
    path.chmod(0o600)
    with pytest.raises(ConfigFault, match="cannot be used"):
        KeyFile(path).keyring()


def test_a_well_formed_file_of_an_earlier_year_is_read(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({"keys": [GOOD]}))
    path.chmod(0o600)
    assert KeyFile(path).keyring().active.secret == bytes(32)


def test_a_folder_that_cannot_be_made_is_a_fault_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigFault, match="cannot be written") as refused:
        KeyFile(tmp_path / "file" / "keys.json").keyring()
    assert "data_dir" in refused.value.hint
