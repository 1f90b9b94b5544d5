"""File names that are safe to hand out, whatever a record holds: for a download, and within an archive.

    safe_name("../../etc/pass\x00wd", "5c46bc4f")        # "passwd"

What a client called a file is never part of a name in the store; it is only ever told to the next one who takes the
file away, whose system may follow `..`, hide text behind directional marks, or give CON to a device.
"""

import re
import unicodedata
from typing import Final

MAX_BYTES: Final = 200
"""UTF-8 bytes of a name, below the 255 that filesystems take, so that something can be put before it."""
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE | re.DOTALL)
_NOT_IN_A_NAME: Final = re.compile(r'[<>:"|?*]')


def safe_name(name: str | None, fallback: str) -> str:
    """Return the last part of a name without what could mislead a reader or a filesystem, else the fallback."""
    text = unicodedata.normalize("NFC", (name or "").encode("utf-8", "ignore").decode())
    text = re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    text = "".join(sign for sign in text if unicodedata.category(sign)[0] != "C" and sign not in "\u2028\u2029")
    text = _shorten_name(_NOT_IN_A_NAME.sub("_", text).strip(" .\u00a0"))
    if _RESERVED.fullmatch(text):
        text = "_" + text
    return text or fallback


def _shorten_name(text: str) -> str:
    """Cut a name in the middle, so that its extension stays."""
    if len(text.encode()) <= MAX_BYTES:
        return text
    stem, dot, extension = text.rpartition(".")
    tail = dot + extension if dot and len(extension.encode()) <= 20 else ""
    stem = stem if tail else text
    return stem.encode()[: MAX_BYTES - len(tail.encode())].decode("utf-8", "ignore").rstrip(" .") + tail
