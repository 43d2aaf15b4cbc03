"""What an S3 store can be told: encryption, addresses, certificates, proxies, a lock; and buckets with versions and locks."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import trustme
from botocore.exceptions import ClientError

from scanpipe.faults import StoreFault
from scanpipe.ledgers import SqlLedger
from scanpipe.stores import ObjectStore, Put
from tests.contracts.conftest import OpenS3
from tests.contracts.s3_trouble import Troublemaker, forget_conditions, refuse, troublemaker
from tests.s3_server import ACCESS_KEY, REGION, SECRET_KEY, S3Server, admin

KEY = "tests/MA0001-2026H/candidates/10001/questions/2a/1.jpg"
BODY = bytes(range(256)) * 40


def put(store: ObjectStore, key: str = KEY, body: bytes = BODY) -> Put:
    return store.put_new(key, body, sha256=hashlib.sha256(body).hexdigest(), media_type="image/jpeg", metadata={})


@pytest.fixture
def between(s3_server: S3Server) -> Iterator[Troublemaker]:
    with troublemaker(s3_server.endpoint_url) as server:
        yield server


def test_a_bucket_with_versions_and_locks(open_s3: OpenS3, s3_server: S3Server) -> None:
    """Nothing is put twice, so there is one version of each object; and one that is locked stays."""
    client, bucket = admin(s3_server.endpoint_url), "scanpipe-locked"
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    client.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    store = open_s3(bucket=bucket, prefix="")
    assert (put(store), put(store), put(store, body=b"other")) == (Put.CREATED, Put.SAME, Put.TAKEN)
    digest = hashlib.sha256(BODY).hexdigest()
    assert store.copy_new(KEY, "held/1.jpg", sha256=digest, media_type="image/jpeg", metadata={}) is Put.CREATED
    versions = client.list_object_versions(Bucket=bucket)["Versions"]
    assert set(Counter(v["Key"] for v in versions).values()) == {1}
    version = next(v["VersionId"] for v in versions if v["Key"] == KEY)
    with pytest.raises(ClientError):
        client.delete_object(Bucket=bucket, Key=KEY, VersionId=version)
    client.delete_object(Bucket=bucket, Key=KEY)  # hides it behind a marker
    assert store.digest(KEY) is None and put(store) is Put.CREATED
    assert client.get_object(Bucket=bucket, Key=KEY, VersionId=version)["Body"].read() == BODY
    with pytest.raises(StoreFault):
        store.erase(KEY, digest)  # not before the lock lets it


def test_what_must_go_goes_with_all_its_versions(open_s3: OpenS3, s3_server: S3Server) -> None:
    client, bucket = admin(s3_server.endpoint_url), s3_server.new_bucket()
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    store = open_s3(bucket=bucket, prefix="")
    assert put(store) is Put.CREATED
    client.delete_object(Bucket=bucket, Key=KEY)
    assert put(store) is Put.CREATED
    store.erase(KEY, hashlib.sha256(BODY).hexdigest())
    left = client.list_object_versions(Bucket=bucket, Prefix=KEY)
    assert not left.get("Versions") and not left.get("DeleteMarkers")


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ({"encryption": "AES256"}, {"x-amz-server-side-encryption": "AES256"}),
        (
            {"encryption": "aws:kms", "encryption_key": "exam-key"},
            {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": "exam-key"},
        ),
    ],
)
def test_every_put_and_copy_asks_for_encryption(
    open_s3: OpenS3, between: Troublemaker, told: dict[str, str], asked: dict[str, str]
) -> None:
    """The server of the tests has no keys to encrypt with: what it is asked is what can be shown here."""
    heard: list[dict[str, str]] = []

    def note(request) -> None:  # type: ignore[no-untyped-def]
        if request.command == "PUT":
            heard.append({k.lower(): v for k, v in request.headers.items()})
        kept = {k: v for k, v in request.asked_headers().items() if "encryption" not in k.lower()}
        request.resign(kept)

    between.habit = note
    store = open_s3(endpoint_url=between.url, **told)
    assert put(store) is Put.CREATED
    store.copy_new(KEY, "held/1.jpg", sha256=hashlib.sha256(BODY).hexdigest(), media_type="image/jpeg", metadata={})
    assert len(heard) >= 4 and all(asked.items() <= headers.items() for headers in heard)


@pytest.mark.parametrize(
    ("addressing", "address"),
    [
        ("auto", "http://s3.example/scanpipe/"),
        ("path", "http://s3.example/scanpipe/"),
        ("virtual", "http://scanpipe.s3.example/"),
    ],
)
def test_the_bucket_in_the_path_or_in_the_host(
    open_s3: OpenS3, between: Troublemaker, monkeypatch: pytest.MonkeyPatch, addressing: str, address: str
) -> None:
    """A proxy hears whole addresses, of hosts that need not be there."""
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy")
    between.habit = refuse(404, "NoSuchBucket")
    with pytest.raises(StoreFault):
        put(open_s3(endpoint_url="http://s3.example", proxy=between.url, addressing=addressing))
    assert between.seen and all(line.split(" ")[1].startswith(address) for line in between.seen)


@pytest.fixture
def over_tls(s3_server: S3Server, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The server behind TLS, and the authority of its certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with troublemaker(s3_server.endpoint_url, context) as server:
        yield server.url.replace("http://", "https://"), str(tmp_path / "ca.pem")


def test_an_authority_of_ones_own(open_s3: OpenS3, over_tls: tuple[str, str]) -> None:
    url, ca = over_tls
    with pytest.raises(StoreFault, match="certificate is not trusted") as caught:
        put(open_s3(endpoint_url=url, attempts=1))
    assert "store.ca" in caught.value.hint
    assert put(open_s3(endpoint_url=url, ca=ca)) is Put.CREATED


def test_through_a_proxy(open_s3: OpenS3, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy is asked for whole addresses, and hands them on."""
    with troublemaker(s3_server.endpoint_url) as proxy:
        monkeypatch.delenv("NO_PROXY")
        monkeypatch.delenv("no_proxy")
        assert put(open_s3(proxy=proxy.url)) is Put.CREATED
        assert any(line.startswith(f"PUT {s3_server.endpoint_url}/") for line in proxy.seen)


def test_a_profile(open_s3: OpenS3, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials from a profile of the usual chain, nothing in the environment."""
    words = s3_server.environ
    (tmp_path / "credentials").write_text(
        f"[exam]\naws_access_key_id={words['AWS_ACCESS_KEY_ID']}\naws_secret_access_key={words['AWS_SECRET_ACCESS_KEY']}\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "exam")
    assert put(open_s3(region=REGION)) is Put.CREATED


class TokenService(BaseHTTPRequestHandler):
    """Gives the key of the tests to whoever shows a token, as AssumeRoleWithWebIdentity does."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        keys = f"<AccessKeyId>{ACCESS_KEY}</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>"
        more = "<SessionToken></SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
        result = f"<AssumeRoleWithWebIdentityResult><Credentials>{keys}{more}</Credentials></AssumeRoleWithWebIdentityResult>"
        body = f"<AssumeRoleWithWebIdentityResponse>{result}</AssumeRoleWithWebIdentityResponse>".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


def test_a_web_identity(open_s3: OpenS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token in a file is given to the token service for keys, as in a cluster of containers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), TokenService)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    (tmp_path / "token").write_text("a-token-of-the-cluster")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/scanpipe")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
    try:
        assert put(open_s3(region=REGION)) is Put.CREATED
        assert "WebIdentityToken=a-token-of-the-cluster" in TokenService.asked[0]
    finally:
        server.shutdown()
        thread.join()


def test_where_the_server_overwrites_the_ledger_keeps_the_lock(
    open_s3: OpenS3, s3_server: S3Server, between: Troublemaker, ledger: SqlLedger
) -> None:
    between.habit = forget_conditions
    with pytest.raises(StoreFault, match="overwrites") as caught:
        put(open_s3(endpoint_url=between.url))
    assert 'store.lock = "ledger"' in caught.value.hint
    prefix = s3_server.new_prefix()
    stores = [open_s3(endpoint_url=between.url, lock=ledger.exclusive, prefix=prefix) for _ in range(2)]
    bodies = [bytes([n]) * 1000 for n in range(12)]
    with ThreadPoolExecutor(6) as threads:
        became = list(threads.map(lambda n: put(stores[n % 2], body=bodies[n]), range(12)))
    assert Counter(became) == {Put.CREATED: 1, Put.TAKEN: 11}
    assert stores[0].read(KEY) == bodies[became.index(Put.CREATED)]
    digest = stores[0].digest(KEY)
    copies = [
        stores[1].copy_new(KEY, "held/1.jpg", sha256=str(digest), media_type="image/jpeg", metadata={})
        for _ in range(2)
    ]
    assert copies == [Put.CREATED, Put.SAME]
