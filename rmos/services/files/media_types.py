"""What kind of bytes these are: the declared type against the first bytes of a file.

    media_type("image/X-PNG; x=1")                       # "image/png", the registered name
    is_of_type("image/png", b"\x89PNG\r\n\x1a\n…")       # True
    guessed(b"%PDF-1.7 …")                               # "application/pdf"

The signatures are those of the formats' own specifications (PNG 5.2, JFIF, GIF89a, RIFF, ISO 32000, RFC 1952, APPNOTE).
What has none is taken at its word, unless the bytes are plainly something else. puremagic was tried and takes SVG for
DocBook, any zip for a Word document and words for bitmaps (ADR 14), and no library knows what browsers and systems call
the types that they send: Windows, old browsers and shop programs each have names of their own (`_SPELLINGS`).
"""

import re
from typing import Final

HEAD_BYTES: Final = 4096
"""How much of a file is looked at."""
UNKNOWN: Final = "application/octet-stream"
SVG: Final = "image/svg+xml"
_SPELLINGS: Final = {
    "image/png": "image/x-png img/png",
    "image/jpeg": """image/jpg image/pjpeg image/jpe image/jfif image/x-jpeg image/x-jpg img/jpeg img/jpg
        application/jpg""",
    "image/gif": "image/x-gif img/gif",
    "image/webp": "image/x-webp img/webp",
    "image/tiff": "image/tif image/x-tif image/x-tiff application/tiff",
    "image/vnd.dxf": """image/dxf image/x-dxf application/dxf application/x-dxf application/vnd.dxf drawing/dxf
        drawing/x-dxf""",
    SVG: """image/svg image/svg-xml image/vnd.adobe.svg+xml img/svg+xml text/svg text/svg+xml text/xml-svg
        application/svg application/svg+xml application/svg-xml""",
    "application/pdf": """application/x-pdf application/acrobat application/vnd.pdf applications/vnd.pdf text/pdf
        text/x-pdf""",
    "application/zip": "application/x-zip application/x-zip-compressed application/zip-compressed multipart/x-zip",
    "application/gzip": """application/x-gzip application/x-gzip-compressed application/x-gunzip application/gzipped
        application/gzip-compressed application/x-tgz application/x-compressed-tar gzip/document""",
    "application/json": "application/x-json text/json text/x-json",
    "application/xml": "application/x-xml",
    "text/csv": """application/csv application/x-csv text/x-csv text/comma-separated-values
        text/x-comma-separated-values""",
    UNKNOWN: """binary/octet-stream octet/stream application/x-octet-stream application/stream application/binary
        application/x-binary application/unknown application/x-unknown unknown/unknown content/unknown
        application/download application/x-download application/force-download application/x-force-download""",
}
"""Registered types (IANA), and by what other names browsers, systems and programs send them."""
_STANDARD: Final = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings.split()}
_HOLDING: Final = (UNKNOWN, "text/plain", "application/zip", "application/gzip", "image/tiff")
"""What a format without a signature here may look like: many are texts, archives, packed or, from cameras, TIFF."""
_LOOKS_LIKE: Final = {
    "image/apng": "image/png",
    "application/illustrator": "application/pdf",
    "application/x-illustrator": "application/pdf",
    "application/vnd.adobe.illustrator": "application/pdf",
    "application/postscript": "application/pdf",
}
"""Types whose files begin as those of another one do, some not always: Illustrator writes PDF under the old name."""
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_SIGNATURES: Final = {
    "image/png": (rb"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (rb"\xff\xd8\xff",),
    "image/gif": (rb"GIF8[79]a",),
    "image/webp": (rb"RIFF....WEBP",),
    "image/tiff": (rb"II\*\x00", rb"MM\x00\*"),
    "application/pdf": (rb"%PDF-",),
    "application/zip": (rb"PK\x03\x04", rb"PK\x05\x06"),
    "application/gzip": (rb"\x1f\x8b",),
}
_KNOWN: Final = {name: re.compile(b"|".join(starts), re.DOTALL) for name, starts in _SIGNATURES.items()}
_BOMS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_JSON_START: Final = re.compile(rb'[ \t\r\n]*[{\["0-9tfn-]')
_SVG_ELEMENT: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?svg[\s>/]")


def media_type(declared: str | None) -> str | None:
    """Return the registered name of a declared type, without parameters, or None when it is none (RFC 6838, 4.2)."""
    essence = (declared or "").partition(";")[0].strip(" \t").lower()
    return _STANDARD.get(essence, essence) if _TYPE.fullmatch(essence) else None


def guess_type(head: bytes) -> str:
    """Return the type that the first bytes of a file show, or that of any bytes."""
    for name, signature in _KNOWN.items():
        if signature.match(head):
            return name
    if is_of_type(SVG, head):
        return SVG
    return "text/plain" if head and _is_text(head) else UNKNOWN


def is_of_type(declared: str, head: bytes) -> bool:
    """Tell whether a file whose first bytes these are can be of a type."""
    if declared == UNKNOWN:
        return True
    signature = _KNOWN.get(declared)
    if signature is not None:
        return signature.match(head) is not None
    if declared.startswith("text/"):
        return _is_text(head)
    if declared == SVG:
        return _is_text(head) and _is_drawing(_plain(head))
    if declared == "application/json" or declared.endswith("+json"):
        return _is_text(head) and _JSON_START.match(_plain(head)) is not None
    if declared == "application/xml" or declared.endswith("+xml"):
        return _is_text(head) and _plain(head).lstrip().startswith(b"<")
    looks = guess_type(head)
    if looks == _LOOKS_LIKE.get(declared):
        return True
    if declared.startswith("image/") and _plain(head).lstrip().startswith(b"<"):
        return False  # an image may be a text (DXF, EPS, XPM), but is no page
    return looks in _HOLDING


def _is_text(head: bytes) -> bool:
    """Tell whether bytes may begin a text: no U+0000 but in UTF-16, and none of the signatures."""
    if any(signature.match(head) for signature in _KNOWN.values()):
        return False
    return b"\x00" not in _plain(head)


def _is_drawing(start: bytes) -> bool:
    """Tell whether a text begins as an SVG does; comments and declarations may come before its root."""
    start = start.lstrip()
    if not start.startswith(b"<"):
        return False
    if _SVG_ELEMENT.search(start):
        return True
    return len(start) >= HEAD_BYTES // 4 and start.startswith((b"<?xml", b"<!DOCTYPE svg", b"<!--"))


def _plain(head: bytes) -> bytes:
    """Return the beginning of a text without its byte order mark, one byte for each ASCII character."""
    if head.startswith(_BOMS[0]):
        return head[3:]
    if head.startswith(_BOMS[1:]):
        return head.decode("utf-16", "replace").encode("utf-8", "replace")
    return head
