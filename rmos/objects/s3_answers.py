"""What an error of the client library says about an object: it stands there, it does not, it is refused, or unknown.

    try:
        obstore.get(store, path)
    except ERRORS as error:
        raise read_error(error, path) from None         # S3Error(S3Answer.ABSENT, "NoSuchKey")

A missing bucket, a web server that is no S3 and a missing object all become `FileNotFoundError` in the library. Only a
response that says `NoSuchKey` means that the object is not there; everything else must never look like a run that was
never recorded. What the server said is read after the path, which is a caller's text.
"""

import re
from enum import StrEnum
from typing import Final

import obstore.exceptions

from rmos.errors.base import RmosError
from rmos.errors.store import (
    ObjectMissing,
    ObjectUnreadable,
    OutOfSpace,
    StorageUnavailable,
    StoreReadOnly,
)

ERRORS: Final = (obstore.exceptions.BaseError, FileNotFoundError, ValueError)
"""What the library raises: its own errors, FileNotFoundError, and ValueError for a key that it cannot send."""
NO_RESPONSE: Final = "no response"
BAD_NAME: Final = "The object storage takes no such key."

_RESPONSE: Final = re.compile(r"Server returned non-2xx status code: (\d{3})")
_OF_PLATFORM: Final = re.compile(r"Error performing [A-Z]+ http://(169\.254\.\d+\.\d+|\[fd00:ec2::\d+\])[:/]")
"""Where a cloud gives the hosts of a role their credentials, which are asked for when the environment has none."""
_CODE: Final = re.compile(r"<Code>([A-Za-z0-9]{1,64})</Code>")
_INVALID_KEY: Final = re.compile(r'Path "(.*?)"(?:: Encountered| contained)', re.DOTALL)
_FULL: Final = frozenset({"QuotaExceeded", "InsufficientStorage", "InsufficientCapacity", "XMinioStorageFull"})
_PASSING: Final = frozenset({"RequestTimeout", "BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody", "SlowDown"})
"""Refusals with status 400 that say that bytes were lost or altered on their way: the next try may pass."""
_KEYS: Final = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role of this host"
_LOOK_AT: Final = {
    "RequestTimeTooSkewed": "the clock of this host",
    "ExpiredToken": f"{_KEYS}: they have expired",
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": _KEYS,
    "AccessDenied": "what the policy of the bucket allows",
    "AuthorizationHeaderMalformed": "RMOS_S3_REGION",
}
_NO_LINE: Final = {
    "InvalidCertificate": "RMOS_S3_CA_FILE: the certificate of the endpoint is not trusted",
    "dns error": "RMOS_S3_ENDPOINT: the name of its host has no address",
}
"""How the library says why no connection was made, and what an operator should look at."""
_NAMES: Final = frozenset({"KeyTooLongError", "KeyTooLong", "InvalidObjectName", "InvalidURI"})


class S3Answer(StrEnum):
    """What came of one request."""

    OK = "ok"
    ABSENT = "absent"
    """The server says that there is no such object."""
    EXISTS = "exists"
    """A conditional PUT was refused (412), or is to be sent again (409)."""
    REFUSED = "refused"
    NO_BUCKET = "no_bucket"
    FULL = "full"
    BAD_NAME = "bad_name"
    """Not sent: the library or the server takes no such key."""
    AMBIGUOUS = "ambiguous"
    """An error of the server, or no whole response: it may have been done."""
    UNREACHABLE = "unreachable"
    """No connection was made: nothing was done."""
    NOT_S3 = "not_s3"
    """404 without a word of S3, so nothing is known."""


NO_ANSWER: Final = frozenset({S3Answer.AMBIGUOUS, S3Answer.UNREACHABLE})
"""What is worth another try."""


class S3Error(Exception):
    """One request ended otherwise than well; never leaves the object layer."""

    def __init__(self, answer: S3Answer, code: str) -> None:
        super().__init__(f"{answer}: {code}")
        self.answer = answer
        self.code = code
        """What the server called it, its status, or how the connection ended."""


def read_error(error: Exception, path: str) -> S3Error:
    """Return what an error of the library means.

    Args:
        path: the key that was asked for, which the library repeats in its text.
    """
    if isinstance(error, (ValueError, obstore.exceptions.InvalidPathError)):
        named = _INVALID_KEY.search(str(error))
        return S3Error(S3Answer.BAD_NAME, ascii(named[1]) if named else "a key that cannot be sent")
    text = str(error).partition("\n\nDebug source")[0].replace(path, "", 1) if path else str(error)
    response = _RESPONSE.search(text)
    if _OF_PLATFORM.search(text):  # nothing was sent to the object storage
        is_final = response is not None and response[1] < "500"
        return S3Error(S3Answer.REFUSED if is_final else S3Answer.UNREACHABLE, f"no credentials; look at {_KEYS}")
    if response is None:
        whole = str(error)
        why = next((f"{NO_RESPONSE}; look at {look}" for sign, look in _NO_LINE.items() if sign in whole), NO_RESPONSE)
        return S3Error(S3Answer.UNREACHABLE if "kind: Connect" in whole else S3Answer.AMBIGUOUS, why)
    found = _CODE.search(text, response.end())
    return _read_response(int(response[1]), found[1] if found else "")


def _read_response(status: int, code: str) -> S3Error:
    name = _explain(code or f"status {status}", status)
    if code in _FULL or status == 507:
        return S3Error(S3Answer.FULL, name)
    if status >= 500 or status in (408, 429) or code in _PASSING:
        return S3Error(S3Answer.AMBIGUOUS, name)
    if status in (409, 412):
        return S3Error(S3Answer.EXISTS, name)
    if code == "NoSuchBucket":
        return S3Error(S3Answer.NO_BUCKET, name)
    if status == 404:
        return S3Error(S3Answer.ABSENT if code == "NoSuchKey" else S3Answer.NOT_S3, name)
    return S3Error(S3Answer.BAD_NAME if code in _NAMES else S3Answer.REFUSED, name)


def _explain(name: str, status: int) -> str:
    """Return what the server called an error, and what an operator should look at."""
    where = _LOOK_AT.get(name)
    if where is None and 300 <= status < 400 and status != 304:
        where = "whether RMOS_S3_ENDPOINT and RMOS_S3_REGION are those of the bucket"
    return f"{name}; look at {where}" if where else name


def read_failed(error: S3Error) -> RmosError:
    """Return what a reader is told: only `NoSuchKey` is an object that is not there."""
    match error.answer:
        case S3Answer.ABSENT:
            return ObjectMissing("There is no such object.")
        case S3Answer.BAD_NAME:
            return ObjectUnreadable(BAD_NAME)
        case S3Answer.NO_BUCKET:
            return StorageUnavailable("The bucket of the store is not there.")
        case S3Answer.REFUSED:
            return StorageUnavailable(f"The object storage refused to give the object ({error.code}).")
        case S3Answer.NOT_S3:
            return StorageUnavailable(f"What answers at the endpoint is no object storage ({error.code}).")
        case _:
            return StorageUnavailable(f"The object storage did not give the object ({error.code}).")


def write_failed(error: S3Error) -> RmosError:
    """Return what a writer is told of a request that is not sent again."""
    match error.answer:
        case S3Answer.FULL:
            return OutOfSpace(f"The object storage is full or its quota is used up ({error.code}).")
        case S3Answer.BAD_NAME:
            return ObjectUnreadable(BAD_NAME)
        case S3Answer.NO_BUCKET:
            return StoreReadOnly("The bucket of the store is not there.")
        case S3Answer.REFUSED:
            return StoreReadOnly(f"The object storage refused to take the object ({error.code}).")
        case S3Answer.NOT_S3 | S3Answer.ABSENT:
            return StoreReadOnly(f"What answers at the endpoint is no object storage ({error.code}).")
        case _:
            return StorageUnavailable(f"The object storage did not say whether it took the object ({error.code}).")
