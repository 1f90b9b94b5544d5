"""The bytes of a drawing before they are parsed: in which encodings, how long, and with which DOCTYPE.

    for chunk in read_chunks(data):
        parser.Parse(chunk)

A browser and the parser must read the same characters, else one sees a tag where the other sees text. So only UTF-8,
ASCII, ISO 8859-1 (ASCII is the same in all of them) and UTF-16 with its byte order mark pass; what is declared is
checked by `check_declared_encoding`.

matplotlib, CorelDRAW and older Illustrators name the DTD of SVG in a DOCTYPE. That line declares nothing and no browser
fetches it, so it is read as if it were blank; the parser refuses every other DOCTYPE, and every entity.
"""

import re
from collections.abc import Iterator
from typing import Final

from rmos.svg.validation import SvgRefusal, make_blocked_error, shorten_text

MAX_BYTES: Final = 32 * 1024 * 1024
"""Bytes of a drawing (RMOS policy): far above what a browser draws with ease."""
CHUNK: Final = 256 * 1024
"""Bytes given to the parser at once: few enough for its memory, enough for long tags to be scanned again seldom."""

_HEAD: Final = 16 * 1024
_UTF8: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_FOREIGN: Final[dict[bytes, SvgRefusal]] = {
    b"\x1f\x8b": ("not_svg", "It is compressed (svgz); a drawing is shown only as plain SVG."),
    b"\xff\xfe\0\0": ("encoding", "It is in UTF-32; save it in UTF-8."),
    b"\0\0\xfe\xff": ("encoding", "It is in UTF-32; save it in UTF-8."),
    b"\x4c\x6f\xa7\x94": ("encoding", "It is in EBCDIC; save it in UTF-8."),
}
_ENCODINGS: Final = {
    b"": frozenset({"utf-8", "us-ascii", "ascii", "iso-8859-1"}),
    _UTF8: frozenset({"utf-8"}),
    _UTF16[0]: frozenset({"utf-16", "utf-16le"}),
    _UTF16[1]: frozenset({"utf-16", "utf-16be"}),
}
"""What may be declared after each byte order mark."""
_LABEL: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>\s+|<\?.*?\?>|<!--.*?-->)*+"
    rb"(<!DOCTYPE\s+svg(?:\s+PUBLIC\s+([\"'])-//W3C//DTD SVG [\w. ]{1,20}//EN\2"
    rb"\s+([\"'])https?://www\.w3\.org/[\w./-]{1,60}\.dtd\3)?\s*(?:\[\s*\]\s*)?>)",
    re.DOTALL,
)
"""A DOCTYPE that names W3C's DTD of SVG and declares nothing, in the head of a drawing."""


def read_chunks(data: bytes) -> Iterator[bytes | memoryview]:
    """Give the bytes as the parser is to see them, in chunks; the DOCTYPE of SVG itself is blank in them.

    Raises:
        SvgBlocked: too long, compressed or in an encoding that is not read.
    """
    if len(data) > MAX_BYTES:
        raise make_blocked_error(
            "too_large", f"It has {len(data)} bytes; up to {MAX_BYTES} are judged.", line=1, column=1
        )
    for start, (by, reason) in _FOREIGN.items():
        if data.startswith(start):
            raise make_blocked_error(by, reason, line=1, column=1)
    if not data.startswith(_UTF16) and b"\0" in data[:_HEAD]:
        raise make_blocked_error(
            "encoding", "It has NUL bytes and no byte order mark; save it in UTF-8.", line=1, column=1
        )
    place = 0
    if label := _LABEL.match(data, 0, _HEAD):
        place = label.end(1)
        yield data[: label.start(1)] + re.sub(rb"[^\r\n]", b" ", label[1])
    view = memoryview(data)
    for at in range(place, len(data), CHUNK):
        yield view[at : at + CHUNK]


def check_declared_encoding(head: bytes, encoding: str | None) -> SvgRefusal | None:
    """Check the encoding that the XML declaration names, given how the drawing begins; None when it may be so."""
    mark = next((mark for mark in (_UTF8, *_UTF16) if head.startswith(mark)), b"")
    if encoding is None or encoding.lower() in _ENCODINGS[mark]:
        return None
    return (
        "encoding",
        f"It declares the encoding {shorten_text(encoding)}, which is not what is read here; save it in UTF-8.",
    )
