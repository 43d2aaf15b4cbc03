"""What every object store keeps to, tried on each."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from scanpipe.faults import ConfigFault, StoreFault, UnknownThing
from scanpipe.stores import ObjectStore, Put, StoreOptions, names, open_store

KEY = "tests/MA0001-2026H/candidates/10001/questions/2a/1.jpg"
BODY = bytes(range(256)) * 40
OTHER = BODY[::-1]
METADATA = {
    "scan": hashlib.sha256(b"scan").hexdigest(),
    "serial": "K7Q2",
    "skew_deg": "-0.31",
    "test-revision": "3",
    "candidate": "Kari Åsmund Ærøskøbing",
    "odd": "  100 % søt + \n\t“sitat” \U0001f4dd \udcff ",
    "empty": "",
}


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def put(store: ObjectStore, key: str, body: bytes | Path, metadata: dict[str, str] | None = None) -> Put:
    digest = sha256(body if isinstance(body, bytes) else body.read_bytes())
    return store.put_new(key, body, sha256=digest, media_type="image/jpeg", metadata=metadata or {})


def copy(store: ObjectStore, source: str, key: str, body: bytes = BODY) -> Put:
    return store.copy_new(source, key, sha256=sha256(body), media_type="image/png", metadata={"copy": "ja"})


def own_keys(store: ObjectStore, prefix: str = "") -> list[str]:
    return sorted(k for k in store.keys(prefix) if not k.startswith("probe/"))


def test_a_key_is_given_once(store: ObjectStore) -> None:
    assert put(store, KEY, BODY, {"first": "1"}) is Put.CREATED
    assert put(store, KEY, BODY, {"second": "1"}) is Put.SAME
    assert put(store, KEY, OTHER, {"third": "1"}) is Put.TAKEN
    info = store.stat(KEY)
    assert info is not None
    assert (info.key, info.size, info.sha256) == (KEY, len(BODY), sha256(BODY))
    assert (info.media_type, dict(info.metadata)) == ("image/jpeg", {"first": "1"})
    assert store.read(KEY) == BODY
    assert store.digest(KEY) == sha256(BODY)
    assert own_keys(store) == [KEY]


def test_a_link_gives_the_bytes_to_whoever_has_it_or_there_is_none(store: ObjectStore) -> None:
    put(store, KEY, BODY)
    link = store.link(KEY, 30, "image/jpeg")
    if link is not None:
        with urllib.request.urlopen(link) as answer:
            assert answer.read() == BODY and answer.headers["Content-Type"] == "image/jpeg"
        with pytest.raises(urllib.error.HTTPError), urllib.request.urlopen(link.replace("Expires=30", "Expires=31")):
            pass
    with pytest.raises(ValueError):
        store.link("../up", 30, "image/jpeg")


def test_a_finished_file_is_put_like_bytes(store: ObjectStore, tmp_path: Path) -> None:
    file, other = tmp_path / "1.jpg", tmp_path / "2.jpg"
    file.write_bytes(BODY)
    other.write_bytes(OTHER)
    assert [put(store, KEY, file), put(store, KEY, file), put(store, KEY, other)] == [Put.CREATED, Put.SAME, Put.TAKEN]
    assert put(store, KEY, BODY) is Put.SAME
    file.unlink()
    assert store.read(KEY) == BODY


def test_an_empty_object_and_a_large_one(store: ObjectStore, tmp_path: Path) -> None:
    large = tmp_path / "large.tif"
    large.write_bytes(BODY * 500)
    assert put(store, "originals/empty", b"") is Put.CREATED
    assert put(store, "originals/large", large) is Put.CREATED
    assert store.read("originals/empty") == b""
    assert store.digest("originals/large") == sha256(BODY * 500)


def test_metadata_round_trips(store: ObjectStore) -> None:
    put(store, KEY, BODY, METADATA)
    info = store.stat(KEY)
    assert info is not None
    assert dict(info.metadata) == METADATA


def test_metadata_that_some_store_would_lose_is_a_bug(store: ObjectStore) -> None:
    bad: list[dict[str, str]] = [{"Scan": "1"}, {"sha256": "1"}, {"æ": "1"}, {"": "1"}, {"note": "ø" * 400}]
    for metadata in bad:
        with pytest.raises(ValueError, match="metadata"):
            put(store, KEY, BODY, metadata)
    assert own_keys(store) == []


def test_of_racing_puts_one_wins_and_all_of_it_is_kept(store: ObjectStore) -> None:
    bodies = [bytes([n]) * 20_000 for n in range(16)]
    for round in range(2):
        key, start = f"{KEY}-{round}", Barrier(16)

        def race(n: int, key: str = key, start: Barrier = start) -> Put:
            start.wait()
            return put(store, key, bodies[n], {"writer": str(n)})

        with ThreadPoolExecutor(16) as pool:
            puts = list(pool.map(race, range(16)))
        assert sorted(p.value for p in puts) == ["created"] + ["taken"] * 15
        winner = puts.index(Put.CREATED)
        info = store.stat(key)
        assert store.read(key) == bodies[winner]
        assert info is not None
        assert (info.sha256, dict(info.metadata)) == (sha256(bodies[winner]), {"writer": str(winner)})


def test_of_racing_puts_of_the_same_bytes_one_creates(store: ObjectStore) -> None:
    start = Barrier(6)

    def race(n: int) -> Put:
        start.wait()
        return put(store, KEY, BODY)

    with ThreadPoolExecutor(6) as pool:
        puts = list(pool.map(race, range(6)))
    assert sorted(p.value for p in puts) == ["created"] + ["same"] * 5


def test_bytes_with_another_digest_are_refused(store: ObjectStore) -> None:
    with pytest.raises(StoreFault) as refusal:
        store.put_new(KEY, BODY, sha256=sha256(OTHER), media_type="image/jpeg", metadata={})
    assert "nothing was put" in refusal.value.message
    assert refusal.value.hint
    assert store.stat(KEY) is None
    assert own_keys(store) == []
    assert put(store, KEY, BODY) is Put.CREATED


def test_copies_have_the_same_bytes_and_their_own_metadata(store: ObjectStore) -> None:
    put(store, "originals/a", BODY, {"first": "1"})
    put(store, "originals/b", OTHER)
    assert copy(store, "originals/a", KEY) is Put.CREATED
    assert copy(store, "originals/a", KEY) is Put.SAME
    assert copy(store, "originals/b", KEY, OTHER) is Put.TAKEN
    assert store.read(KEY) == BODY
    info, source = store.stat(KEY), store.stat("originals/a")
    assert info is not None
    assert source is not None
    assert (info.sha256, info.media_type, dict(info.metadata)) == (sha256(BODY), "image/png", {"copy": "ja"})
    assert (source.media_type, dict(source.metadata)) == ("image/jpeg", {"first": "1"})


def test_a_copy_of_nothing_or_of_other_bytes_is_refused(store: ObjectStore) -> None:
    put(store, "originals/a", BODY)
    with pytest.raises(UnknownThing):
        copy(store, "originals/absent", KEY)
    with pytest.raises(StoreFault):
        copy(store, "originals/a", KEY, OTHER)
    assert own_keys(store) == ["originals/a"]


def test_what_is_absent_is_said_to_be(store: ObjectStore) -> None:
    put(store, "held/1/2.jpg", BODY)
    for key in (KEY, "held/1", "held", "held/1/2.jpg/3"):
        assert store.stat(key) is None
        assert store.digest(key) is None
        with pytest.raises(UnknownThing):
            store.read(key)
        with pytest.raises(UnknownThing):
            store.open(key)


def test_objects_are_read_as_streams(store: ObjectStore) -> None:
    put(store, KEY, BODY * 100)
    with store.open(KEY) as stream:
        assert stream.read(3) == BODY[:3]
        assert stream.read() == (BODY * 100)[3:]
        assert stream.read(1) == b""
    with store.open(KEY) as stream:
        assert stream.read(1) == BODY[:1]  # and closed before its end
    assert store.read(KEY) == BODY * 100


ODD_KEYS = [
    "a b/c  d.jpg",
    "a+b.jpg",
    "tests/Ærø/Åse/ø.jpg",
    "a#b?c=d&e.jpg",
    "100%/a%20b%2Fc.jpg",
    "a;b:c,'d\"(e)[f]{g}*!@$^~`|<>.jpg",
    "日本/\U0001f4dd.jpg",
    "~/-/..a/a..",
    "held/.hidden",
]


def test_any_key_is_kept_as_it_is_spelled(store: ObjectStore) -> None:
    for key in ODD_KEYS:
        assert put(store, key, BODY) is Put.CREATED, key
        assert copy(store, key, f"copy/{key}") is Put.CREATED, key
        assert own_keys(store, key) == [key]
        assert store.read(f"copy/{key}") == BODY
        info = store.stat(key)
        assert info is not None, key
        assert info.key == key
    assert own_keys(store) == sorted([*ODD_KEYS, *(f"copy/{key}" for key in ODD_KEYS)])


def test_a_long_key(store: ObjectStore) -> None:
    key = "/".join(["x" * 255] * 3)
    assert put(store, key, BODY) is Put.CREATED
    assert own_keys(store) == [key]
    info = store.stat(key)
    assert info is not None
    assert info.media_type == "image/jpeg"


BAD_KEYS = ["", "/a", "a/", "a//b", "../a", "a/./b", "a\\b", "a\nb", "x" * 256, "a/" * 512 + "a", ".x/y"]


def test_what_no_store_can_keep_is_a_bug(store: ObjectStore) -> None:
    for key in BAD_KEYS:
        for ask in (store.read, store.stat, store.digest, store.open, lambda k: put(store, k, BODY)):
            with pytest.raises(ValueError, match="cannot be an object key"):
                ask(key)


def test_an_empty_store_lists_nothing(store: ObjectStore) -> None:
    assert list(store.keys()) == []
    assert list(store.keys("tests/")) == []


def test_keys_are_listed_by_any_prefix(store: ObjectStore) -> None:
    keys = ["held/1.jpg", "held/12.jpg", "held/2.jpg", "held.jpg", "tests/A/1", "tests/A/B/2", "tests/AB/3"]
    for key in keys:
        put(store, key, BODY)
    for prefix in (
        "",
        "h",
        "held",
        "held/",
        "held/1",
        "tests/A",
        "tests/A/",
        "tests/A/B",
        "x",
        "held/1.jpg/",
        "..",
        "/",
    ):
        assert own_keys(store, prefix) == sorted(k for k in keys if k.startswith(prefix)), prefix


def test_more_keys_than_a_page_of_an_s3_list(store: ObjectStore) -> None:
    keys = [f"originals/{n:04}" for n in range(1005)]
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda key: put(store, key, b"x"), keys)) == {Put.CREATED}
    assert own_keys(store) == keys
    assert own_keys(store, "originals/00") == keys[:100]


def test_what_must_go_goes_and_nothing_else(store: ObjectStore) -> None:
    put(store, "held/1.jpg", BODY)
    put(store, "held/1.jpg.more", BODY)
    store.erase("held/1.jpg", sha256(BODY))
    store.erase("held/1.jpg", sha256(BODY))
    assert store.digest("held/1.jpg") is None and store.stat("held/1.jpg") is None
    assert list(store.keys("held/")) == ["held/1.jpg.more"]
    with pytest.raises(StoreFault, match="other bytes"):
        store.erase("held/1.jpg.more", sha256(b"something else"))
    assert store.read("held/1.jpg.more") == BODY
    assert put(store, "held/1.jpg", b"new") is Put.CREATED


def test_the_probe_tries_everything_and_does_not_litter(store: ObjectStore) -> None:
    put(store, KEY, BODY)
    for _ in range(3):
        probes = store.probe()
        assert [p.message for p in probes if not p.ok] == []
        assert {"put", "read back", "refuse a second put", "copy", "list"} <= {p.name for p in probes}
    assert sorted(store.keys()) == ["probe/copy", "probe/object", KEY]


def test_a_store_is_found_by_its_name(tmp_path: Path) -> None:
    assert names() == ["directory", "s3"]
    for kind in ("floppy", "_disk", "os", "directory.x", ""):
        with pytest.raises(ConfigFault) as fault:
            open_store(kind, StoreOptions(tmp_path / "objects", tmp_path / "notes"))
        assert "directory, s3" in fault.value.hint
