"""Whether an object's bytes came as the server has them: the ETag of one that was made by one PUT is mostly their MD5.

    take = client.etags.new_taker()
    client.fetch(path, take)                # the bytes; read again when they do not fit their ETag

A line without TLS may spoil bytes, and what is spoiled looks like a damaged record, or like another record under a name
that is taken. Bytes that do not fit are read again; when the same ones come twice, it is the server that has them so.
ETags of some servers (with keys of a KMS) are as long as an MD5 and are none: that is noticed by the first object.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rmos.digest import Md5
from rmos.objects.s3_answers import S3Answer, S3Error

if TYPE_CHECKING:
    from obstore import GetResult

_MD5: Final = re.compile(r'"?([0-9a-f]{32})"?')
_OF_PARTS: Final = re.compile(r'"?[0-9a-f]{32}-[0-9]+"?')
"""What copying a bucket with other tools leaves: it says nothing of the bytes."""


class ETags:
    """What is known of the ETags of one bucket; several threads may use it."""

    def __init__(self) -> None:
        self._are_md5: bool | None = None
        """None until an object was read."""

    def new_taker(self) -> Callable[["GetResult"], bytes]:
        """Return what takes the bytes of one object, for as many tries as it needs."""
        seen: set[str] = set()

        def take(result: "GetResult") -> bytes:
            data = result.bytes().to_bytes()
            self.require_fit(Md5(data).hexdigest(), result.meta["e_tag"], seen)
            return data

        return take

    def require_kind(self, e_tag: str | None) -> None:
        """Refuse a success that is none of S3: the page of a network that wants a password, or where it redirects to.

        Raises:
            S3Error: there is no ETag, or one that is no MD5 where others are.
        """
        if e_tag is None:
            raise S3Error(S3Answer.NOT_S3, "a response without ETag")
        if self._are_md5 and not _MD5.fullmatch(e_tag) and not _OF_PARTS.fullmatch(e_tag):
            raise S3Error(S3Answer.NOT_S3, "a response with an ETag of another kind")

    def require_fit(self, md5: str, e_tag: str | None, seen: set[str]) -> None:
        """Refuse bytes that do not fit their ETag.

        Args:
            seen: the MD5 of what came in earlier tries for the same object, to which this one is added.

        Raises:
            S3Error: they are to be read again.
        """
        found = _MD5.fullmatch(e_tag or "")
        if found is None or (self._are_md5 is False and found[1] != md5):
            return
        if found[1] == md5:
            self._are_md5 = True
        elif md5 not in seen:
            seen.add(md5)
            raise S3Error(S3Answer.AMBIGUOUS, "bytes that do not fit their ETag")
        elif self._are_md5 is None:
            self._are_md5 = False
