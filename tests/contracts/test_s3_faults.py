"""What an S3 store makes of trouble: passing trouble is sat out, lasting trouble is told with the next step."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Iterator

import pytest

from scanpipe.faults import StoreFault, StoreUnavailable
from scanpipe.stores import ObjectStore, Put
from scanpipe.stores._patience import Patience
from tests.contracts.conftest import OpenS3
from tests.contracts.s3_trouble import (
    Trouble,
    Troublemaker,
    cut_the_answer,
    damage_the_answer,
    damage_the_request,
    forget_conditions,
    hand_on,
    hang_up,
    lose_the_answer,
    only_for_copies,
    refuse,
    troublemaker,
)
from tests.s3_server import (
    ACCESS_KEY,
    READ_ONLY_KEY,
    READ_ONLY_SECRET,
    SECRET_KEY,
    S3Server,
    admin,
)

KEY = "tests/MA0001-2026H/candidates/10001/questions/2a/1.jpg"
BODY = bytes(range(256)) * 400
OTHER = BODY[::-1]
SECRETS = (SECRET_KEY, READ_ONLY_SECRET, "another-secret", "hunter2")

Use = Callable[[ObjectStore], object]


def put(store: ObjectStore, key: str = KEY, body: bytes = BODY) -> Put:
    return store.put_new(key, body, sha256=hashlib.sha256(body).hexdigest(), media_type="image/jpeg", metadata={})


def copy(store: ObjectStore, source: str, key: str, body: bytes = BODY) -> Put:
    return store.copy_new(source, key, sha256=hashlib.sha256(body).hexdigest(), media_type="image/jpeg", metadata={})


USES: dict[str, Use] = {
    "put_new": put,
    "read": lambda store: store.read(KEY),
    "open": lambda store: store.open(KEY),
    "stat": lambda store: store.stat(KEY),
    "digest": lambda store: store.digest(KEY),
    "keys": lambda store: list(store.keys()),
    "copy_new": lambda store: copy(store, KEY, "held/1.jpg"),
}


def faults_of_every_use(store: ObjectStore) -> list[StoreFault]:
    return [fault_of(use, store) for use in USES.values()]


def fault_of(use: Use, store: ObjectStore) -> StoreFault:
    """The fault that comes of it; its words are for people and carry no secret."""
    with pytest.raises(StoreFault) as info:
        use(store)
    fault = info.value
    assert fault.hint
    assert fault.message.startswith("S3 bucket ")
    for secret in SECRETS:
        assert secret not in fault.message + fault.hint
    return fault


@pytest.fixture
def between(s3_server: S3Server) -> Iterator[Troublemaker]:
    with troublemaker(s3_server.endpoint_url) as server:
        yield server


@pytest.fixture
def calm(open_s3: OpenS3, between: Troublemaker) -> ObjectStore:
    """A store behind the troublemaker that was used before: what comes next is the use itself."""
    store = open_s3(endpoint_url=between.url, attempts=4)
    put(store, "held/warm-up", b"")
    copy(store, "held/warm-up", "held/warm-up-2", b"")
    between.seen.clear()
    return store


PASSING = {
    "slow down": refuse(503, "SlowDown"),
    "internal error": refuse(500, "InternalError"),
    "bad gateway": refuse(502, "", "<html>"),
    "too many requests": refuse(429, "TooManyRequests"),
    "timed out": refuse(400, "RequestTimeout"),
    "conflict": refuse(409, "OperationAborted"),
    "any conflict": refuse(409, "Conflict"),
    "hung up": hang_up,
}


def test_passing_trouble_is_sat_out(calm: ObjectStore, between: Troublemaker) -> None:
    for trouble_name, trouble in PASSING.items():
        key = f"originals/{trouble_name}"
        between.troubles.extend([trouble] * 3)
        assert put(calm, key) is Put.CREATED
        for name, use in USES.items():
            between.troubles.extend([trouble] * 3)
            use(calm)
            assert not between.troubles, (trouble_name, name)
        assert calm.read(key) == BODY


def test_trouble_that_stays_is_given_up_on(calm: ObjectStore, between: Troublemaker) -> None:
    put(calm)
    between.habit = refuse(503, "SlowDown")
    for name, use in USES.items():
        between.seen.clear()
        fault = fault_of(use, calm)
        assert fault.retry, name
        assert "SlowDown" in fault.message or "503" in fault.message
        assert len(between.seen) == 4, name


def test_a_conflict_of_conditional_puts_is_tried_again(calm: ObjectStore, between: Troublemaker) -> None:
    between.troubles.append(refuse(409, "ConditionalRequestConflict"))
    assert put(calm) is Put.CREATED


def test_a_put_whose_answer_was_lost_is_recognised_as_done(calm: ObjectStore, between: Troublemaker) -> None:
    between.troubles.append(lose_the_answer)
    assert put(calm) is Put.SAME
    assert calm.read(KEY) == BODY
    between.troubles.append(lose_the_answer)
    assert put(calm, KEY, OTHER) is Put.TAKEN
    assert calm.read(KEY) == BODY


def test_bytes_damaged_on_the_way_there_are_refused(calm: ObjectStore, between: Troublemaker) -> None:
    between.troubles.append(damage_the_request)
    fault = fault_of(put, calm)
    assert "nothing was put" in fault.message
    assert calm.stat(KEY) is None


@pytest.mark.parametrize("trouble", [cut_the_answer, damage_the_answer])
def test_bytes_damaged_on_the_way_back_are_fetched_again(
    calm: ObjectStore, between: Troublemaker, trouble: Trouble
) -> None:
    put(calm)
    between.troubles.append(trouble)
    assert calm.read(KEY) == BODY
    between.troubles.append(cut_the_answer)
    assert calm.digest(KEY) == hashlib.sha256(BODY).hexdigest()


@pytest.mark.parametrize("trouble", [cut_the_answer, damage_the_answer])
def test_a_stream_that_breaks_says_so(calm: ObjectStore, between: Troublemaker, trouble: Trouble) -> None:
    put(calm)
    between.troubles.append(trouble)
    with calm.open(KEY) as stream, pytest.raises(StoreUnavailable):
        stream.read()


def test_verify_sees_the_bytes_as_they_are(calm: ObjectStore, between: Troublemaker) -> None:
    put(calm)
    between.troubles.append(damage_the_answer)
    assert calm.digest(KEY) != hashlib.sha256(BODY).hexdigest()


def test_a_server_that_overwrites_is_not_used(open_s3: OpenS3, between: Troublemaker) -> None:
    between.habit = forget_conditions
    store = open_s3(endpoint_url=between.url)
    assert "overwrites" in fault_of(put, store).message
    assert [key for key in store.keys("") if not key.startswith("probe/")] == []
    assert [(p.name, p.ok) for p in store.probe()] == [("put", False)]


def test_a_server_that_learned_to_refuse_is_used(open_s3: OpenS3, between: Troublemaker) -> None:
    between.habit = forget_conditions
    store = open_s3(endpoint_url=between.url)
    fault_of(put, store)
    between.habit = hand_on
    assert put(store) is Put.CREATED
    assert all(p.ok for p in store.probe())


@pytest.mark.parametrize("copying", [forget_conditions, refuse(501, "NotImplemented")])
def test_where_copies_overwrite_the_bytes_are_put(open_s3: OpenS3, between: Troublemaker, copying: Trouble) -> None:
    between.habit = only_for_copies(copying)
    store = open_s3(endpoint_url=between.url)
    put(store, "originals/a", BODY)
    put(store, "originals/b", OTHER)
    assert copy(store, "originals/a", KEY) is Put.CREATED
    assert copy(store, "originals/b", KEY, OTHER) is Put.TAKEN
    assert store.read(KEY) == BODY


def test_a_wrong_secret(open_s3: OpenS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    for fault in faults_of_every_use(open_s3()):
        assert not fault.retry
        assert "SignatureDoesNotMatch" in fault.message
        assert "AWS_SECRET_ACCESS_KEY" in fault.hint


def test_an_unknown_key_id(open_s3: OpenS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    for fault in faults_of_every_use(open_s3()):
        assert not fault.retry
        assert "InvalidAccessKeyId" in fault.message
        assert "AWS_ACCESS_KEY_ID" in fault.hint


def test_a_key_that_may_not_put(open_s3: OpenS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", READ_ONLY_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", READ_ONLY_SECRET)
    store = open_s3()
    fault = fault_of(put, store)
    assert not fault.retry
    assert "AccessDenied" in fault.message
    assert "s3:PutObject" in fault.hint
    assert store.stat(KEY) is None
    assert [(p.name, p.ok, p.hint) for p in store.probe()] == [("put", False, fault.hint)]


def test_a_missing_bucket(open_s3: OpenS3) -> None:
    for fault in faults_of_every_use(open_s3(bucket="no-such-bucket")):
        assert not fault.retry
        assert "bucket no-such-bucket" in fault.message
        assert "store.bucket" in fault.hint


def test_an_impossible_bucket(open_s3: OpenS3) -> None:
    assert "store.bucket" in fault_of(put, open_s3(bucket="not a bucket")).hint


def test_a_server_that_is_not_there(open_s3: OpenS3) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        faults = faults_of_every_use(open_s3(endpoint_url=f"http://user:hunter2@127.0.0.1:{port}", attempts=2))
    for fault in faults:
        assert fault.retry
        assert f"127.0.0.1:{port}" in fault.message
        assert "store.endpoint_url" in fault.hint


def test_a_server_that_does_not_answer(open_s3: OpenS3) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert fault_of(USES["stat"], open_s3(endpoint_url=url, attempts=2, read_timeout_s=0.1)).retry


def test_a_server_whose_certificate_is_not_trusted(open_s3: OpenS3, s3_server: S3Server) -> None:
    fault = fault_of(put, open_s3(endpoint_url=s3_server.endpoint_url.replace("http:", "https:"), attempts=2))
    assert "store.endpoint_url" in fault.hint


@pytest.mark.parametrize("url", ["127.0.0.1:9000", "not a url", "http://[::1"])
def test_an_endpoint_that_is_no_url(open_s3: OpenS3, url: str) -> None:
    with pytest.raises(StoreFault) as info:
        open_s3(endpoint_url=url)
    assert "store.endpoint_url" in info.value.message
    assert "https://" in info.value.hint


def test_no_credentials(open_s3: OpenS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    fault = fault_of(put, open_s3())
    assert not fault.retry
    assert "AWS_ACCESS_KEY_ID" in fault.hint


def test_half_of_the_credentials(open_s3: OpenS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StoreFault) as info:
        put(open_s3())
    assert ACCESS_KEY not in info.value.message
    assert "AWS_SECRET_ACCESS_KEY" in info.value.hint


def test_an_unknown_profile(open_s3: OpenS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreFault) as info:
        open_s3()
    assert "AWS_PROFILE" in info.value.hint


SAYINGS = [
    (403, "RequestTimeTooSkewed", "clock"),
    (400, "ExpiredToken", "sign in again"),
    (400, "AuthorizationHeaderMalformed", "store.region"),
    (501, "NotImplemented", "If-None-Match"),
    (400, "EntityTooLarge", "limit"),
    (400, "SomethingElse", "manual"),
]


def test_what_servers_say_is_told_in_our_words(calm: ObjectStore, between: Troublemaker) -> None:
    for status, code, says in SAYINGS:
        between.habit = refuse(status, code, f"You signed with {SECRET_KEY}")
        fault = fault_of(put, calm)
        assert not fault.retry
        assert code in fault.message
        assert says in fault.hint


def test_a_copy_moves_no_bytes_through_here(calm: ObjectStore, between: Troublemaker) -> None:
    put(calm, "originals/a")
    between.seen.clear()
    assert copy(calm, "originals/a", KEY) is Put.CREATED
    assert [request.split()[0] for request in between.seen] == ["HEAD", "PUT"]


def test_a_bucket_used_without_prefix(open_s3: OpenS3, s3_server: S3Server) -> None:
    store = open_s3(bucket=s3_server.new_bucket(), prefix="")
    assert put(store) is Put.CREATED
    assert sorted(store.keys()) == ["probe/object", KEY]


def test_installations_in_one_bucket_do_not_see_each_other(open_s3: OpenS3) -> None:
    one, other = open_s3(prefix="/høst 2026"), open_s3(prefix="høst 2026-2/")
    assert put(one) is Put.CREATED
    assert put(other, KEY, OTHER) is Put.CREATED
    assert (one.read(KEY), other.read(KEY)) == (BODY, OTHER)
    assert sorted(one.keys()) == ["probe/object", KEY]


def test_an_object_that_somebody_else_put_is_compared_by_its_bytes(open_s3: OpenS3, s3_server: S3Server) -> None:
    store = open_s3(prefix="foreign")
    admin(s3_server.endpoint_url).put_object(Bucket=s3_server.bucket, Key=f"foreign/{KEY}", Body=BODY)
    assert put(store) is Put.SAME
    assert put(store, KEY, OTHER) is Put.TAKEN
    info = store.stat(KEY)
    assert info is not None
    assert info.sha256 == hashlib.sha256(BODY).hexdigest()


def test_waits_grow_are_random_and_end() -> None:
    waits: list[float] = []
    tries = 0

    def work() -> None:
        nonlocal tries
        tries += 1
        raise StoreUnavailable("not now")

    for _ in range(200):
        with pytest.raises(StoreUnavailable):
            Patience(6, 0.1, 0.5, waits.append).insist(work)
    assert tries == 200 * 6
    most = [max(waits[n::5]) for n in range(5)]
    assert most == pytest.approx([0.1, 0.2, 0.4, 0.5, 0.5], rel=0.1)
    assert min(waits) < 0.02
    assert len(set(waits)) == len(waits)


def test_lasting_trouble_is_not_tried_again() -> None:
    tries = 0

    def work() -> None:
        nonlocal tries
        tries += 1
        raise StoreFault("never")

    with pytest.raises(StoreFault):
        Patience(6, 0.1, 0.5, lambda wait_s: pytest.fail("waited")).insist(work)
    assert tries == 1
