"""What an S3 server or boto3 complains of, as faults with the next step. No message carries a secret, or what a server
wrote: some repeat parts of the request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

from scanpipe.faults import StoreFault, StoreUnavailable
from scanpipe.saying import say
from scanpipe.stores import StoreOptions

_CHAIN = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, for the user that runs scanpipe; "
    "boto3 looks in its usual places."
)
_KEY_PAIR = "Check the pair of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or the profile that AWS_PROFILE names)."
_RIGHTS = "Give this key the rights to get, put and list (s3:GetObject, s3:PutObject, s3:ListBucket) in the bucket."
_CLOCK = "Set the clock of this machine (`timedatectl status`; it should be synchronised by NTP)."
_REGION = "Set store.region to the region of the bucket."
_SIGN_IN_AGAIN = "Get new temporary credentials (sign in again), or use a key that does not expire."
_WAIT = "scanpipe tries again by itself; if it stays, see how the server is."
_ARRIVED = "Try again; if it comes back, a proxy on the way or this machine's memory damages data."

_LASTING = {
    "SignatureDoesNotMatch": (say("the secret key is wrong"), _KEY_PAIR),
    "InvalidAccessKeyId": (say("the server does not know this access key id"), _KEY_PAIR),
    "AccessDenied": (say("access denied"), _RIGHTS),
    "AllAccessDisabled": (say("access denied"), _RIGHTS),
    "403": (say("access denied"), _RIGHTS),
    "ExpiredToken": (say("the credentials have expired"), _SIGN_IN_AGAIN),
    "InvalidToken": (say("the session token is not valid"), _SIGN_IN_AGAIN),
    "NoSuchBucket": (say("there is no such bucket"), "Create it, or correct store.bucket; scanpipe makes no buckets."),
    "InvalidBucketName": (say("this cannot be the name of a bucket"), "Correct store.bucket."),
    "RequestTimeTooSkewed": (say("the clocks of this machine and of the server differ too much"), _CLOCK),
    "RequestExpired": (say("the clocks of this machine and of the server differ too much"), _CLOCK),
    "AuthorizationHeaderMalformed": (say("the request was signed for another region"), _REGION),
    "PermanentRedirect": (say("the bucket is in another region"), _REGION),
    "IllegalLocationConstraintException": (say("the bucket is in another region"), _REGION),
    "301": (say("the bucket is in another region"), _REGION),
    "BadDigest": (say("the bytes arrived other than they were announced; nothing was put"), _ARRIVED),
    "InvalidDigest": (say("the bytes arrived other than they were announced; nothing was put"), _ARRIVED),
    "XAmzContentChecksumMismatch": (say("the bytes arrived other than they were announced; nothing was put"), _ARRIVED),
    "EntityTooLarge": (
        say("the object is larger than the server takes"),
        "Raise the server's limit, or lower limits.file_mb.",
    ),
    "NotImplemented": (say("the server lacks something that is needed"), "Use an S3 server that knows If-None-Match."),
    "QuotaExceeded": (say("the quota is used up"), "Raise the quota of the bucket or of the user."),
    "InvalidObjectState": (
        say("the object is in an archive tier"),
        "Restore it, and keep the bucket out of archive tiers.",
    ),
}
_PASSING = {
    "SlowDown": say("the server asks to slow down"),
    "ServiceUnavailable": say("the server is not available"),
    "InternalError": say("the server has an internal error"),
    "RequestTimeout": say("the server waited too long for the request"),
    "ConditionalRequestConflict": say("the server is busy with another put under the same key"),
    "OperationAborted": say("the server is busy with another operation on the same thing"),
    "IncompleteBody": say("the request was cut off on its way"),
}
_TROUBLE = say("the server is in trouble")
_PASSING_STATUS = {408, 409, 429, 500, 502, 503, 504, 507, 509}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is, for messages."""

    bucket: str
    endpoint: str

    @classmethod
    def of(cls, options: StoreOptions) -> Place:
        """The place of these options; an endpoint's user and password are left out."""
        host = (options.endpoint_url or "").rpartition("//")[2].rpartition("@")[2]
        return cls(options.bucket, host or "AWS")

    def __str__(self) -> str:
        return f"bucket {self.bucket} at {self.endpoint}"


@contextmanager
def s3_faults(place: Place) -> Iterator[None]:
    """Errors of the server and of boto3 come out as StoreFault, or StoreUnavailable when they may pass."""
    try:
        yield
    except ClientError as e:
        raise _answered(e, place) from e
    except BotoCoreError as e:
        raise _unanswered(e, place) from e


def code_of(error: ClientError) -> str:
    """The server's code; an answer to HEAD has only the number."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status of the answer."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _answered(error: ClientError, place: Place) -> StoreFault:
    code, status = code_of(error), status_of(error)
    if code in _LASTING:
        what, hint = _LASTING[code]
        return StoreFault(say("S3 %(place)s: %(problem)s (%(code)s).", place=str(place), problem=what, code=code), hint)
    if code in _PASSING or status in _PASSING_STATUS:
        return StoreUnavailable(
            say(
                "S3 %(place)s: %(problem)s (%(code)s).",
                place=str(place),
                problem=_PASSING.get(code, _TROUBLE),
                code=code,
            ),
            _WAIT,
        )
    return StoreFault(
        f"S3 {place}: {error.operation_name} was answered with {status} {code}.",
        "Look the code up in the manual of the S3 server; `scanpipe doctor` tries the store out.",
    )


_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, TokenRetrievalError, SSOError)


def _unanswered(error: BotoCoreError, place: Place) -> StoreFault:
    if isinstance(error, _CREDENTIALS):
        return StoreFault(f"S3 {place}: no credentials were found, or they cannot be used.", _CHAIN)
    if isinstance(error, ProfileNotFound):
        return StoreFault(f"S3 {place}: there is no such profile.", "Correct AWS_PROFILE, or add it to ~/.aws/config.")
    if isinstance(error, NoRegionError | InvalidRegionError):
        return StoreFault(
            f"S3 {place}: the region is not set or not valid.", "Set store.region, for example eu-north-1."
        )
    if isinstance(error, ParamValidationError):
        return StoreFault(f"S3 {place}: this cannot be the name of a bucket.", "Correct store.bucket.")
    if isinstance(error, SSLError):
        return StoreFault(
            f"S3 {place}: the server's certificate is not trusted.",
            "Set store.ca to the certificate of its authority, or correct store.endpoint_url.",
        )
    if isinstance(error, FlexibleChecksumError):
        return StoreUnavailable(f"S3 {place}: the bytes that came back do not have their checksum.", _ARRIVED)
    if isinstance(error, IncompleteReadError | HTTPClientError | ConnectionError):
        return StoreUnavailable(
            say(
                "S3 %(place)s: the server cannot be reached, or the connection broke (%(error)s).",
                place=str(place),
                error=type(error).__name__,
            ),
            "Check store.endpoint_url, that the server runs, and the network between.",
        )
    return StoreFault(
        f"S3 {place}: boto3 gave up ({type(error).__name__}).", "Check the section [store] of the settings."
    )
