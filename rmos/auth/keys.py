"""Secret keys: files in the instance folder, or made from one secret that all hosts of a store have.

key = read_key(instance_path / "sign-in.key")          # made now, or by an earlier process; its owner alone may read it
key = derive_key(settings.secret_key, "sign-in")       # the same on every host
"""

import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from rmos import digest
from rmos.errors.store import StorageFailed

_DIGITS: Final = 64


def derive_key(secret: str, name: str) -> str:
    """Return the key of this name that belongs to a secret of hex digits; no key tells of the secret or of another."""
    return hmac.new(bytes.fromhex(secret), f"rmos/1 {name}".encode(), digest.SHA256).hexdigest()


def read_key(path: Path) -> str:
    """Return the key that a file holds, made whole when it is not there yet.

    Raises:
        StorageFailed: it cannot be made or read, is no key of ours, or others can read it.
    """
    name = f"instance/{path.name}"
    try:
        if not path.exists():
            _make_key(path)
        if path.stat().st_mode & 0o077:
            raise StorageFailed(f"{name} can be read by others, so it proves nothing: remove it and start again.")
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise StorageFailed(f"The key {name} cannot be made or read.") from None
    if len(key) != _DIGITS:
        raise StorageFailed(f"{name} is no key of ours: remove it and start again.")
    return key


def _make_key(path: Path) -> None:
    """Write the key whole or not at all; of several processes at the same time the first one's stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".tmp-{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_DIGITS // 2))
        os.link(beside, path)
    except FileExistsError:
        return
    finally:
        beside.unlink()
