"""The options of a store in, a client of boto3 out, and what every put says beside the bytes."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from scanpipe.faults import StoreFault
from scanpipe.stores import StoreOptions
from scanpipe.stores._s3_faults import Place, s3_faults

_REGION_OF_NOBODY = "us-east-1"
"""What servers of one's own expect when no region is set."""


def open_client(options: StoreOptions, place: Place) -> Any:
    """Asks nothing of the server yet. Raises StoreFault for unusable settings."""
    with s3_faults(place):
        try:
            session = boto3.session.Session()
            region = options.region or session.region_name or (_REGION_OF_NOBODY if options.endpoint_url else None)
            return session.client(
                "s3",
                region_name=region,
                endpoint_url=options.endpoint_url,
                config=_config(options),
                verify=options.ca or None,
            )
        except ValueError as e:
            raise StoreFault(f"S3 {place}: store.endpoint_url is not a URL.", "Write it as https://host:port.") from e


def encryption(options: StoreOptions) -> dict[str, str]:
    """The words of a put that ask the server to encrypt."""
    if not options.encryption:
        return {}
    key = {"SSEKMSKeyId": options.encryption_key} if options.encryption_key else {}
    return {"ServerSideEncryption": options.encryption, **key}


def _config(options: StoreOptions) -> Config:
    # One loop of tries, ours: boto3's own inside it would multiply, and does not know a conflict of conditional puts.
    # The signature covers the SHA-256 in the checksum header, so the payload need not be hashed once more for it.
    style = options.addressing if options.addressing != "auto" else "path" if options.endpoint_url else ""
    return Config(
        signature_version="s3v4",
        s3={"payload_signing_enabled": False} | ({"addressing_style": style} if style else {}),
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=options.connections,
        connect_timeout=options.connect_timeout_s,
        read_timeout=options.read_timeout_s,
        tcp_keepalive=True,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        proxies={"http": options.proxy, "https": options.proxy} if options.proxy else None,
    )
