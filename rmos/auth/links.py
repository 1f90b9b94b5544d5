"""Signed links: what a link lets its holder do, sealed so that nobody can alter it, for a while.

    token = signer.sign(Link(run_id, sha256, "download", "top.svg", expires_s))
    signer.read(token, now_s)                # the Link; LinkInvalid or LinkExpired

A key signs for a calendar month and holds for the next one as well, which is longer than any link lasts; older keys are
removed. Whoever removes the keys ends all links.
"""

import contextlib
import threading
from pathlib import Path
from typing import Any, Final

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from rmos import digest, ids
from rmos.auth.keys import read_key
from rmos.errors.callers import LinkExpired, LinkInvalid
from rmos.services.files.links import Link

_KEEP: Final = 2
"""Keys that hold: of this month and of the one before."""
_LONGEST: Final = 4096


class LinkSigner:
    """Signs and reads the links of one installation."""

    def __init__(self, instance_path: Path) -> None:
        self._folder = instance_path
        self._turn = threading.Lock()
        self._made: tuple[str, URLSafeSerializer] | None = None

    def sign(self, link: Link, now_us: int) -> str:
        """Return the token of a link.

        Raises:
            StorageFailed: there is no key and none can be made, or others can read it.
        """
        return str(self._serializer(now_us).dumps(msgspec.to_builtins(link)))

    def read(self, token: str, now_us: int) -> Link:
        """Return what a token lets its holder do.

        Raises:
            LinkInvalid: it is not ours, or was altered.
            LinkExpired: its time is over.
            StorageFailed: as `sign`.
        """
        if len(token) > _LONGEST or not token.isascii():
            raise _invalid()
        try:
            said: Any = self._serializer(now_us).loads(token)
            link = msgspec.convert(said, Link)
        except (BadData, msgspec.ValidationError):
            raise _invalid() from None
        if link.expires_s * 1_000_000 <= now_us:
            raise LinkExpired("The link was good for a while, which is over.")
        return link

    def _serializer(self, now_us: int) -> URLSafeSerializer:
        month = ids.utc_text(now_us)[:7]
        made = self._made
        if made is None or made[0] != month:
            with self._turn:
                newest = read_key(self._folder / f"links-{month}.key")
                paths = sorted(self._folder.glob("links-*.key"))
                for path in paths[:-_KEEP]:
                    with contextlib.suppress(OSError):
                        path.unlink()
                older = [read_key(path) for path in paths[-_KEEP:] if path.stem != f"links-{month}"]
                serializer = URLSafeSerializer(
                    [*older, newest], salt="rmos.links", signer_kwargs={"digest_method": digest.SHA256}
                )
                made = self._made = (month, serializer)
        return made[1]


def _invalid() -> LinkInvalid:
    return LinkInvalid("The link is not one of this service, or was altered.")
