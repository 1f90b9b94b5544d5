"""Whether bytes arrived as they were sent."""

import base64
import hashlib

import httpx
import pytest

from rmos import digest
from rmos.client import DigestMismatch
from rmos.client.digests import check_download, has_own_digest
from tests.makers import make_earlier_artifact, make_members

RECORD = digest.encode_record(make_members())


def headers_of(data: bytes) -> httpx.Headers:
    sha256 = hashlib.sha256(data)
    text = base64.b64encode(sha256.digest()).decode()
    return httpx.Headers({"etag": f'"{sha256.hexdigest()}"', "content-digest": f"sha-256=:{text}:"})


def test_bytes_as_they_were_sent_pass() -> None:
    # Each raises DigestMismatch when it does not pass.
    check_download(RECORD, headers_of(RECORD))
    check_download(RECORD, {})
    earlier = make_earlier_artifact()
    check_download(earlier, headers_of(earlier))


@pytest.mark.parametrize("place", range(0, len(RECORD), 97))
def test_any_changed_byte_is_found_by_each_digest_alone(place: int) -> None:
    altered = RECORD[:place] + bytes([RECORD[place] ^ 1]) + RECORD[place + 1 :]
    sent = headers_of(RECORD)
    for headers in ({"ETag": sent["etag"]}, {"Content-Digest": sent["content-digest"]}):
        with pytest.raises(DigestMismatch):
            check_download(altered, headers)
    if place >= 12:
        with pytest.raises(DigestMismatch, match="_sha256"):
            check_download(altered, {})


def test_the_records_own_digest_is_that_of_the_service() -> None:
    assert has_own_digest(RECORD)
    assert not has_own_digest(RECORD[:-1])


@pytest.mark.parametrize("field", ["sha-256=:!!:", "sha-256=:AAAA:", "sha-256=::"])
def test_a_content_digest_that_is_none_is_a_mismatch(field: str) -> None:
    with pytest.raises(DigestMismatch):
        check_download(RECORD, {"Content-Digest": field})


def test_digests_of_other_kinds_are_left_alone() -> None:
    check_download(RECORD, {"Content-Digest": "sha-512=:AAAA:", "ETag": 'W/"x"'})  # raises when it does not pass
