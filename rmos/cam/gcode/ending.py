"""Find what stands behind the end of a program: nobody reads it, but GRBL would run it."""

import re
from typing import Final

from rmos.cam.gcode.cursor import Cursor

_COMMENT: Final = re.compile(r"\([^)]*+\)|;.*+")
_MOVES: Final = re.compile(r"[XYZ][ \t]*+[-+.0-9]", re.IGNORECASE)
_LABEL: Final = re.compile(r"[ \t]*+(?:N[ \t]*+[0-9]++)?+[ \t]*+[O:][ \t]*+[0-9]", re.IGNORECASE)
_RETURN: Final = re.compile(r"M[ \t]*+0*+99(?![0-9])", re.IGNORECASE)


def find_motion_after_end(cursor: Cursor) -> int | None:
    """Return the line of the first motion from here on that stands in no subprogram; None when there is none."""
    inside = False
    while cursor.fill():
        for at in range(cursor.at, len(cursor.lines)):
            text = cursor.lines[at]
            if "(" in text or ";" in text:
                text = _COMMENT.sub("", text)
            inside = inside or _LABEL.match(text) is not None
            if not inside and _MOVES.search(text):
                return cursor.base + at
            if inside and _RETURN.search(text):
                inside = False
        cursor.at = len(cursor.lines)
    return None
