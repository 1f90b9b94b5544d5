"""Whether bytes fit their ETag, and what is done where ETags are something else."""

import hashlib

import pytest

from rmos.objects.s3_answers import S3Error
from rmos.objects.s3_etags import ETags

RIGHT, WRONG = (hashlib.md5(data).hexdigest() for data in (b"right", b"wrong"))


def test_bytes_that_do_not_fit_are_read_again_and_believed_when_they_come_twice() -> None:
    etags, seen = ETags(), set[str]()
    etags.require_fit(RIGHT, f'"{RIGHT}"', set())
    for md5 in (WRONG, RIGHT[::-1]):
        with pytest.raises(S3Error):
            etags.require_fit(md5, f'"{RIGHT}"', seen)
    etags.require_fit(WRONG, f'"{RIGHT}"', seen)
    with pytest.raises(S3Error):  # what one object is like says nothing of another
        etags.require_fit(WRONG, f'"{RIGHT}"', set())


@pytest.mark.parametrize("e_tag", [f'"{RIGHT}-3"', '"opaque"', None, f'"{RIGHT.upper()}"'])
def test_an_etag_that_cannot_be_an_md5_is_not_asked(e_tag: str | None) -> None:
    ETags().require_fit(WRONG, e_tag, set())


def test_an_answer_without_an_etag_is_none_of_s3_nor_one_of_another_kind_where_others_are_md5() -> None:
    etags = ETags()
    etags.require_kind('"opaque"')
    etags.require_fit(RIGHT, f'"{RIGHT}"', set())
    for known in (f'"{WRONG}"', f'"{WRONG}-12"'):
        etags.require_kind(known)
    for strange in ('"opaque"', None, f'W/"{RIGHT}"', f'"{RIGHT}-gzip"'):
        with pytest.raises(S3Error, match="not_s3"):
            etags.require_kind(strange)


def test_where_etags_are_as_long_as_an_md5_and_none_only_the_first_object_is_read_twice() -> None:
    etags, seen = ETags(), set[str]()
    with pytest.raises(S3Error):
        etags.require_fit(WRONG, RIGHT, seen)
    etags.require_fit(WRONG, RIGHT, seen)
    etags.require_fit(RIGHT, WRONG, set())
    etags.require_fit(RIGHT, RIGHT, set())  # that one is, so from now on they count again
    with pytest.raises(S3Error):
        etags.require_fit(RIGHT, WRONG, set())
