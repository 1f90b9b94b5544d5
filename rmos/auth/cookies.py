"""The cookie of a signed-in browser: the id of a token and a time, signed; never the token itself.

    value = cookies.sign(token_id)
    cookies.read_token_id(value)         # or None when it is not ours, altered, or `LIFETIME_S` away from now

The key lies in the instance folder, made when it is first needed, readable by its owner only; hosts of one store make
it from their secret instead. To remove it, or to change the secret, and start the service again signs every browser
out; to revoke a token ends its cookies.
"""

import threading
from pathlib import Path
from typing import Final

from itsdangerous import BadData, URLSafeTimedSerializer

from rmos import digest, ids
from rmos.auth.keys import derive_key, read_key

COOKIE: Final = "rmos_sign_in"
LIFETIME_S: Final = 12 * 3600
"""How long a sign-in lasts (RMOS policy): a working day."""
KEY_FILE: Final = "sign-in.key"
_LONGEST: Final = 512
"""Characters of a cookie that are looked at; ours has about 80."""


class Cookies:
    """Makes and reads the cookies of one installation."""

    def __init__(self, instance_path: Path, secret: str | None = None) -> None:
        self._path = instance_path / KEY_FILE
        self._secret = secret
        self._lock = threading.Lock()
        self._serializer: URLSafeTimedSerializer | None = None

    def sign(self, token_id: str) -> str:
        """Return the cookie's value for the holder of a token.

        Raises:
            StorageFailed: there is no key and none can be made, or others can read it.
        """
        return str(self._get_serializer().dumps(token_id))

    def read_token_id(self, value: str) -> str | None:
        """Return the token id that a cookie names, or None when it is not ours, was altered or is too old.

        Raises:
            StorageFailed: as `sign`.
        """
        if len(value) > _LONGEST or not value.isascii():
            return None
        try:
            # Not `max_age`: that refuses what was signed a second before the clock was set back by two.
            token_id, signed_at = self._get_serializer().loads(value, return_timestamp=True)
        except BadData:
            return None
        is_valid = ids.is_within(int(signed_at.timestamp()) * 1_000_000, LIFETIME_S * 1_000_000, ids.now_us())
        return token_id if is_valid and isinstance(token_id, str) else None

    def _get_serializer(self) -> URLSafeTimedSerializer:
        if self._serializer is None:
            with self._lock:
                key = read_key(self._path) if self._secret is None else derive_key(self._secret, "sign-in")
                self._serializer = URLSafeTimedSerializer(
                    key, salt="rmos.sign-in", signer_kwargs={"digest_method": digest.SHA256}
                )
        return self._serializer
