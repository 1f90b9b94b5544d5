"""The gate that a drawing passes before a browser may show it: a pure function of its bytes.

    verdict = validate_svg(data)
    verdict.ok            # False
    verdict.blocked_by    # "event_handler": stable, for programs
    verdict.reason        # "The attribute onload runs script."
    verdict.line          # 3, with the column where the tag begins

What passes is on lists of elements, attributes, forms of reference and CSS; whatever is on none of them is blocked, so
that what browsers learn tomorrow is blocked too. Names of namespaces that are not the web's mean nothing to a browser.
The bytes are never rewritten: a drawing is shown as it was stored, under its digest, or not at all. docs/svg.md tells
what passes and why.
"""

import msgspec

from rmos.errors.files import SvgBlocked
from rmos.svg.encoding import read_chunks
from rmos.svg.reader import DrawingReader
from rmos.svg.verdict import Verdict


def validate_svg(data: bytes) -> Verdict:
    """Return whether a browser may show these bytes inline, else why not and where.

    Needs some 20 MB of memory beside `data` whatever it holds, and time in proportion to its length.
    """
    reader = DrawingReader()
    try:
        for chunk in read_chunks(data):
            reader.feed(chunk)
        reader.close()
    except SvgBlocked as refusal:
        return msgspec.convert({"ok": False, "reason": refusal.detail, **refusal.members}, Verdict)
    return Verdict(ok=True, reason="Nothing in it can run or load anything.")
