"""Signed links: what the holder of a link may do, for a while; a signature shows every change.

    token = signer.sign(FileLink(run_id, sha256, "download", made_s, ttl_s, "top.svg"), now_us)
    signer.read(token, now_us)               # the Link; LinkInvalid or LinkExpired

A key signs for a calendar month and holds for the next one as well, which is longer than any link lasts; older keys are
removed. Keys of later months, which a clock made that was ahead, hold and push none of this month out. To remove the
keys ends all links. Hosts of one store make the keys of the months from their secret instead, by the same rules.
"""

import contextlib
import threading
from pathlib import Path
from typing import Any, Final

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from rmos import digest, ids
from rmos.auth.keys import derive_key, read_key
from rmos.errors.callers import LinkExpired, LinkInvalid
from rmos.services.files.links import FileLink

_KEEP: Final = 2
"""Keys that hold: of this month and of the one before."""
_LONGEST: Final = 4096


class LinkSigner:
    """Signs and reads the links of one installation."""

    def __init__(self, instance_path: Path, secret: str | None = None) -> None:
        self._folder = instance_path
        self._secret = secret
        self._turn = threading.Lock()
        self._current: tuple[str, URLSafeSerializer] | None = None

    def sign(self, link: FileLink, now_us: int) -> str:
        """Return the token of a link.

        Raises:
            StorageFailed: there is no key and none can be made, or others can read it.
        """
        return str(self._get_serializer(now_us).dumps(msgspec.to_builtins(link)))

    def read(self, token: str, now_us: int) -> FileLink:
        """Return what a token lets its holder do.

        Raises:
            LinkInvalid: it is not ours, or was altered.
            LinkExpired: its time is over.
            StorageFailed: as `sign`.
        """
        if len(token) > _LONGEST or not token.isascii():
            raise _make_invalid()
        try:
            members: Any = self._get_serializer(now_us).loads(token)
            link = msgspec.convert(members, FileLink)
        except (BadData, msgspec.ValidationError):
            raise _make_invalid() from None
        if not ids.is_within(link.made_s * 1_000_000, link.ttl_s * 1_000_000, now_us):
            raise LinkExpired("The link was good for a while, which is over.")
        return link

    def _get_serializer(self, now_us: int) -> URLSafeSerializer:
        month = ids.utc_text(now_us)[:7]
        current = self._current
        if current is None or current[0] != month:
            with self._turn:
                current = self._current = (month, self._make_serializer(month))
        return current[1]

    def _make_serializer(self, month: str) -> URLSafeSerializer:
        keys = self._read_keys(month) if self._secret is None else _derive_keys(self._secret, month)
        return URLSafeSerializer(keys, salt="rmos.links", signer_kwargs={"digest_method": digest.SHA256})

    def _read_keys(self, month: str) -> list[str]:
        """Return the keys that hold, that of the month last, from their files; remove older ones."""
        name = f"links-{month}"
        newest = read_key(self._folder / f"{name}.key")
        paths = sorted(self._folder.glob("links-*.key"))
        past = [path for path in paths if path.stem <= name]
        for path in past[:-_KEEP]:
            with contextlib.suppress(OSError):
                path.unlink()
        return [*(read_key(path) for path in paths if path not in past[:-_KEEP] and path.stem != name), newest]


def _derive_keys(secret: str, month: str) -> list[str]:
    """Return the keys that hold, that of the month last; the next month's is that of a host whose clock is ahead."""
    year, number = map(int, month.split("-"))
    count = year * 12 + number - 1
    months = (f"{one // 12:04d}-{one % 12 + 1:02d}" for one in (count - 1, count + 1, count))
    return [derive_key(secret, f"links-{name}") for name in months]


def _make_invalid() -> LinkInvalid:
    return LinkInvalid("The link is not one of this service, or was altered.")
