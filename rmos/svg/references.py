"""References of a drawing (`href`, `xlink:href`): only to parts of itself, and pictures that it carries within.

    reference_refusal("#tile")                               # None
    picture_refusal("data:image/png;base64,iVBORw0KGgo...")  # None, in <image> and <feImage>
    reference_refusal("https://example.org/")                # ("external_reference", "...")

A picture is read as what its type says, or as what its first bytes show where a browser does not know the type
(`img/png`), so a type of pixels is enough to keep a second drawing out; the first bytes are compared all the same.
"""

import re
from typing import Final

from rmos.svg.validation import SvgRefusal, shorten_text

MAX_PICTURE: Final = 3 * 1024 * 1024
"""Characters of a picture in base64 (RMOS policy): 2.2 MiB of pixels; larger ones belong beside the drawing."""

_PICTURE: Final = re.compile(
    r"\s*data:(?:image|img)/(?:x-)?(?:png|p?jpe?g|jpe|jfif|gif|webp);base64,\s*"
    r"(?-i:iVBORw0KGgo|(?:/|%2F|%2f)9j(?:/|%2F|%2f)|R0lGOD|UklGR)(?:[A-Za-z0-9+/=\s]|%(?:2B|2F|3D|20|0A|0D|09))*+",
    re.IGNORECASE,
)
"""Pixels by their type, as programs spell it, and by their first bytes; signs of base64 may be escaped by `%`."""
_IGNORED: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202e\ufeff]")
"""Signs that a browser drops from a reference, and such as hide one from the eye."""
_SCRIPT: Final = re.compile(r"(?:java|vb|live)script:", re.IGNORECASE)


def reference_refusal(value: str) -> SvgRefusal | None:
    """Check a reference that may only lead to a part of the drawing; None when it does."""
    inner = value.strip(" \t\r\n")
    if inner.startswith("#") or inner == "":
        return None
    plain = _IGNORED.sub("", value)
    if _SCRIPT.match(plain):
        return "script", f"A reference runs script: {shorten_text(plain)}"
    if plain[:5].lower() == "data:":
        return "external_reference", f"A reference carries its own document: {shorten_text(plain)}"
    return "external_reference", f"A reference leads out of the drawing: {shorten_text(value)}"


def picture_refusal(value: str) -> SvgRefusal | None:
    """Check the reference of a picture: a part of the drawing, or pixels in base64; None when it is one."""
    if value[:64].lstrip()[:5].lower() != "data:":
        return reference_refusal(value)
    if len(value) > MAX_PICTURE:
        return "too_large", f"A picture within has {len(value)} characters; up to {MAX_PICTURE} are judged."
    if not _PICTURE.fullmatch(value):
        return "external_reference", f"A picture within is no PNG, JPEG, GIF or WebP in base64: {shorten_text(value)}"
    return None
