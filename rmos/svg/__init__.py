"""The gate that a drawing passes before a browser may show it: a pure function of its bytes.

    validation = validate_svg(data)
    validation.ok            # False
    validation.blocked_by    # "event_handler": stable, for programs
    validation.reason        # "The attribute onload runs script."
    validation.line          # 3, with the column where the tag begins

What passes is on lists of elements, attributes, forms of reference and CSS; whatever is on none of them is blocked, so
that what browsers learn tomorrow is blocked too. Names of namespaces that are not the web's mean nothing to a browser.
The bytes are never rewritten: a drawing is shown as it was stored, under its digest, or not at all. docs/svg.md tells
what passes and why.
"""

import msgspec

from rmos.errors.files import SvgBlocked
from rmos.svg.drawing_reader import DrawingReader
from rmos.svg.encoding import read_chunks
from rmos.svg.validation import SvgValidation


def validate_svg(data: bytes) -> SvgValidation:
    """Return whether a browser may show these bytes inline, else why not and where.

    Needs some 20 MB of memory beside `data` whatever it holds, and time in proportion to its length.
    """
    reader = DrawingReader()
    try:
        for chunk in read_chunks(data):
            reader.feed(chunk)
        reader.close()
    except SvgBlocked as refusal:
        return msgspec.convert({"ok": False, "reason": refusal.detail, **refusal.members}, SvgValidation)
    return SvgValidation(ok=True, reason="Nothing in it can run or load anything.")
