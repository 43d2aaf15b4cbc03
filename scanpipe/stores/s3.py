"""Objects in a bucket of any S3 server that honours conditional puts.

Every put says `If-None-Match: *`, so that the server itself refuses to overwrite; whether it does is tried once before the
first put. The digest of the bytes goes along as checksum, which the server verifies, and stays in the metadata.
"""

from __future__ import annotations

import base64
import hashlib
import io
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from scanpipe.faults import StoreFault, StoreUnavailable, UnknownThing
from scanpipe.stores import ObjectInfo, Probe, Put, StoreOptions
from scanpipe.stores._checks import check_key, check_put, from_header, to_header
from scanpipe.stores._patience import Patience
from scanpipe.stores._probing import COPY_KEY, FIRST, MEDIA_TYPE, OVERWRITES, PROBE_KEY, SECOND, probe_store
from scanpipe.stores._s3_bodies import Download, upload
from scanpipe.stores._s3_client import encryption, open_client
from scanpipe.stores._s3_faults import Place, code_of, s3_faults, status_of

_ABSENT = ("NoSuchKey", "404")
_CHECKED = {"ChecksumMode": "ENABLED"}
"""Bytes that come back are compared with the server's checksum at their end."""
_CHUNK_BYTES = 1 << 20
_NO_CONDITION = ("NotImplemented", "501")


def open_store(options: StoreOptions) -> S3Store:
    """The store in `options.bucket`; asks nothing of the server yet. Raises StoreFault for unusable settings."""
    return S3Store(options, Place.of(options))


class S3Store:
    """See `ObjectStore`."""

    def __init__(self, options: StoreOptions, place: Place) -> None:
        self._client = open_client(options, place)
        self._place = place
        prefix = options.prefix.strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._patience = Patience(options.attempts, options.backoff_s, options.backoff_max_s)
        self._more = encryption(options)
        self._lock = options.lock
        self._condition = {} if options.lock else {"IfNoneMatch": "*"}
        self._trying_out = threading.Lock()
        self._refuses = False
        self._copies: bool | None = None

    def put_new(
        self, key: str, body: bytes | Path, *, sha256: str, media_type: str, metadata: Mapping[str, str]
    ) -> Put:
        check_put(key, sha256, media_type, metadata)
        put = partial(self._put, key, body, sha256, _labels(sha256, media_type, metadata))
        return self._unless_taken(key, sha256, put)

    def copy_new(self, source_key: str, key: str, *, sha256: str, media_type: str, metadata: Mapping[str, str]) -> Put:
        check_put(key, sha256, media_type, metadata)
        source = self.stat(source_key)
        if source is None:
            raise self._absent(source_key)
        if source.sha256 != sha256:
            raise StoreFault(
                f"S3 {self._place}: `{source_key}` has other bytes than announced.", "Run `scanpipe verify`."
            )
        labels = _labels(sha256, media_type, metadata)
        return self._unless_taken(key, sha256, lambda: self._copy(source_key, key, sha256, labels))

    def _copy(self, source_key: str, key: str, sha256: str, labels: Mapping[str, Any]) -> Put:
        if self._lock or self._can_copy():
            return self._patience.insist(partial(self._copy_once, source_key, key, labels))
        return self._put(key, self.read(source_key), sha256, labels)

    def _unless_taken(self, key: str, sha256: str, put: Callable[[], Put]) -> Put:
        """Puts on the condition that nothing is there; or, where the server cannot say that, looks first, holding the lock."""
        if self._lock is None:
            self._be_sure_of_refusal()
            return put()
        with self._lock(self._prefix + key):
            there = self._patience.insist(partial(self._head, key)) is not None
            return self._patience.insist(partial(self._compare, key, sha256)) if there else put()

    def read(self, key: str) -> bytes:
        return self._patience.insist(partial(self._read_once, key))

    def open(self, key: str) -> BinaryIO:
        return io.BufferedReader(
            Download(self._patience.insist(partial(self._get, key, _CHECKED)), self._place), _CHUNK_BYTES
        )

    def link(self, key: str, seconds: int, media_type: str) -> str | None:
        check_key(key)
        told = {**self._address(key), "ResponseContentType": media_type}
        with s3_faults(self._place):
            url: str = self._client.generate_presigned_url("get_object", Params=told, ExpiresIn=seconds)
        return url

    def stat(self, key: str) -> ObjectInfo | None:
        head = self._patience.insist(partial(self._head, key))
        if head is None:
            return None
        metadata = {name: from_header(value) for name, value in head["Metadata"].items()}
        sha256 = metadata.pop("sha256", None) or self.digest(key)
        if sha256 is None:
            return None
        return ObjectInfo(key, head["ContentLength"], sha256, head.get("ContentType", ""), metadata)

    def digest(self, key: str) -> str | None:
        return self._patience.insist(partial(self._digest_once, key))

    def keys(self, prefix: str = "") -> Iterator[str]:
        position: dict[str, str] = {}
        while True:
            page = self._patience.insist(partial(self._list, prefix, position))
            for entry in page.get("Contents", ()):
                key = entry["Key"].removeprefix(self._prefix)
                # Some servers take `a//` for `a/`, and consoles mark folders by keys that end so.
                if key.startswith(prefix) and not key.endswith("/"):
                    yield key
            if not page.get("IsTruncated"):
                return
            position = {"ContinuationToken": page["NextContinuationToken"]}

    def erase(self, key: str, sha256: str) -> None:
        found = self.digest(key)
        if found is None:
            return
        if found != sha256:
            raise StoreFault(
                f"S3 {self._place}: `{key}` has other bytes than are to be erased.", "Run `scanpipe verify`."
            )
        self._patience.insist(partial(self._erase_once, key))

    def probe(self) -> list[Probe]:
        return probe_store(self)

    def _put(self, key: str, body: bytes | Path, sha256: str, labels: Mapping[str, Any]) -> Put:
        return self._patience.insist(partial(self._put_once, key, body, sha256, labels))

    def _put_once(self, key: str, body: bytes | Path, sha256: str, labels: Mapping[str, Any]) -> Put:
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        with upload(body) as stream, s3_faults(self._place):
            try:
                self._client.put_object(
                    **self._address(key),
                    Body=stream,
                    ChecksumSHA256=checksum,
                    **labels,
                    **self._condition,
                    **self._more,
                )
            except ClientError as e:
                if status_of(e) != 412:
                    raise
                return self._compare(key, sha256)
        return Put.CREATED

    def _copy_once(self, source_key: str, key: str, labels: Mapping[str, Any]) -> Put:
        with s3_faults(self._place):
            try:
                self._client.copy_object(
                    **self._address(key),
                    CopySource=self._address(source_key),
                    MetadataDirective="REPLACE",
                    **labels,
                    **self._condition,
                    **self._more,
                )
            except ClientError as e:
                if code_of(e) in _NO_CONDITION:
                    raise _NoConditionalCopy(f"S3 {self._place}: no conditional copies.") from e
                if status_of(e) != 412:
                    raise
                return self._compare(key, labels["Metadata"]["sha256"])
        return Put.CREATED

    def _compare(self, key: str, sha256: str) -> Put:
        """Whether the object that is in the way has the same bytes."""
        head = self._head(key)
        held = head and (head["Metadata"].get("sha256") or self._digest_once(key))
        if held is None:
            raise StoreUnavailable(
                f"S3 {self._place}: `{key}` was there and is gone.", "Find out who deletes objects there."
            )
        return Put.SAME if held == sha256 else Put.TAKEN

    def _be_sure_of_refusal(self) -> None:
        """Before the first put: a server that ignores the condition would overwrite student work without a word."""
        with self._trying_out:
            if not self._refuses:
                self._refuses = any(self._put_probe(body) is not Put.CREATED for body in (FIRST, SECOND))
            if not self._refuses:
                raise StoreFault(f"S3 {self._place}: the server overwrites objects despite If-None-Match.", OVERWRITES)

    def _put_probe(self, body: bytes) -> Put:
        sha256 = hashlib.sha256(body).hexdigest()
        return self._put(PROBE_KEY, body, sha256, _labels(sha256, MEDIA_TYPE, {}))

    def _can_copy(self) -> bool:
        """Whether the server refuses to copy onto an object that is there. If not, bytes go through here."""
        with self._trying_out:
            if self._copies is None:
                self._copies = self._try_copying()
            return self._copies

    def _try_copying(self) -> bool:
        labels = _labels(hashlib.sha256(FIRST).hexdigest(), MEDIA_TYPE, {})
        copy = partial(self._copy_once, PROBE_KEY, COPY_KEY, labels)
        try:
            return any(self._patience.insist(copy) is not Put.CREATED for _ in range(2))
        except _NoConditionalCopy:
            return False

    def _read_once(self, key: str) -> bytes:
        with s3_faults(self._place):
            body: bytes = self._get(key, _CHECKED).read()
            return body

    def _digest_once(self, key: str) -> str | None:
        hash = hashlib.sha256()
        try:
            with s3_faults(self._place):
                for chunk in self._get(key, {}).iter_chunks(_CHUNK_BYTES):
                    hash.update(chunk)
        except UnknownThing:
            return None
        return hash.hexdigest()

    def _get(self, key: str, more: Mapping[str, Any]) -> Any:
        """The body as it comes. Raises UnknownThing."""
        check_key(key)
        with s3_faults(self._place):
            try:
                return self._client.get_object(**self._address(key), **more)["Body"]
            except ClientError as e:
                if code_of(e) not in _ABSENT:
                    raise
                raise self._absent(key) from e

    def _head(self, key: str) -> Any:
        """The object's headers, None when it is absent."""
        check_key(key)
        with s3_faults(self._place):
            try:
                return self._client.head_object(**self._address(key))
            except ClientError as e:
                # An answer to HEAD has no words; a list says whether it is the bucket or the credentials.
                if status_of(e) < 500:
                    self._list(key, {"MaxKeys": 1})
                if status_of(e) != 404:
                    raise
                return None

    def _erase_once(self, key: str) -> None:
        """All versions: in a bucket that keeps them, deleting alone hides the object behind a marker."""
        with s3_faults(self._place):
            found = self._client.list_object_versions(Bucket=self._place.bucket, Prefix=self._prefix + key)
            versions = [v for kind in ("Versions", "DeleteMarkers") for v in found.get(kind, ())]
            for version in [v for v in versions if v["Key"] == self._prefix + key]:
                self._client.delete_object(**self._address(key), VersionId=version["VersionId"])
            if not versions:
                self._client.delete_object(**self._address(key))

    def _list(self, prefix: str, more: Mapping[str, Any]) -> Any:
        with s3_faults(self._place):
            return self._client.list_objects_v2(Bucket=self._place.bucket, Prefix=self._prefix + prefix, **more)

    def _address(self, key: str) -> dict[str, str]:
        return {"Bucket": self._place.bucket, "Key": self._prefix + key}

    def _absent(self, key: str) -> UnknownThing:
        return UnknownThing(f"S3 {self._place}: there is no object `{key}`.", "`scanpipe verify` says what is missing.")


class _NoConditionalCopy(StoreFault):
    """The server copies, but not on a condition."""


def _labels(sha256: str, media_type: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    encoded = {name: to_header(value) for name, value in metadata.items()}
    return {"ContentType": media_type, "Metadata": {"sha256": sha256, **encoded}}
