"""Blobs: bytes under their SHA-256. Those of the earlier system may carry an extension."""

from rmos.objects import Objects
from rmos.store.layout import blob_folder_key


def blob_key(objects: Objects, sha256: str) -> str | None:
    """Return the key of a blob, or None when no blob has this digest."""
    folder = blob_folder_key(sha256)
    plain = f"{folder}/{sha256}"
    if objects.has(plain):
        return plain
    names = sorted(name for name in objects.names(folder) if name.startswith(sha256 + "."))
    return f"{folder}/{names[0]}" if names and not names[0].endswith(".tmp") else None
