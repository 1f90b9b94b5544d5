r"""CSS of a drawing: that it loads nothing.

    css_refusal("fill:url(#a);stroke:rgb(0,0,0)")   # None
    css_refusal("fill:u\\72l(//else.where/x)")      # ("css_load", "...")

CSS loads through functions (`url`, `image-set`, `src`, what comes) and at-rules, so both are on lists, and `url` takes
only a `#fragment` of the drawing itself. Nothing is parsed: the text is looked at as it stands, with its escapes read
and with its comments taken out, and must be harmless in each of these forms. That blocks a few texts that a browser
would find harmless, and none the other way.
"""

import re
from typing import Final

from rmos.svg.names import words
from rmos.svg.validation import SvgRefusal, shorten_text

_FUNCTIONS: Final = words(
    """
    rgb rgba hsl hsla hwb lab lch oklab oklch color color-mix icc-color device-cmyk
    calc min max clamp abs sign round mod rem sin cos tan asin acos atan atan2 pow sqrt hypot log exp var env
    matrix matrix3d translate translatex translatey translatez translate3d scale scalex scaley scalez scale3d
    rotate rotatex rotatey rotatez rotate3d skew skewx skewy perspective
    cubic-bezier steps linear
    blur brightness contrast drop-shadow grayscale hue-rotate invert opacity saturate sepia
    circle ellipse inset polygon path rect xywh ray
    linear-gradient radial-gradient conic-gradient repeating-linear-gradient repeating-radial-gradient
    not is where has lang nth-child nth-last-child nth-of-type nth-last-of-type
    local format tech
    """
)
"""Functions that compute a value or match an element, and `local`, which names a font of this machine."""
_AT_RULES: Final = words("charset media supports keyframes -webkit-keyframes font-face page layer container property")
_LOCAL: Final = frozenset({"url", ":url", " url"})
_COLOURS: Final = frozenset({"rgb", ":rgb", "rgba", " rgb"})
_ESCAPE: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\r\n\f])?|(\r\n|[\n\r\f])|(.))", re.DOTALL)
_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_FUNCTION: Final = re.compile(r"([\w-]+)\(")
_URL: Final = re.compile(r"(?<![\w-])url(?:-prefix)?\s*\(")
_LOCAL_URL: Final = re.compile(r"(?<![\w-])url\(\s*([\"']?)(#[\w.:%~+,$!*@-]+)\1\s*\)", re.IGNORECASE)
_AT_RULE: Final = re.compile(r"@\s*([\w-]*)")
_PROPERTY: Final = re.compile(r"-moz-binding|(?<![\w-])behaviou?r\s*:")
_SCRIPT: Final = re.compile(r"(?:java|vb|live)\s*script\s*:")


def css_refusal(text: str, *, sheet: bool = False) -> SvgRefusal | None:
    """Check the value of a property, declarations or, with `sheet`, a style sheet; None when it loads nothing."""
    plain = _ESCAPE.sub(_read_escape, text)
    forms = dict.fromkeys((text, plain, _COMMENT.sub("", text), _COMMENT.sub("", plain), _COMMENT.sub(" ", text)))
    for form in forms:
        refusal = _refusal(form.lower(), sheet)
        if refusal is not None:
            return refusal
    return None


def plain_targets(text: str) -> tuple[str, ...] | None:
    """Return the `#part` of each url in plain CSS, whose only functions are local urls and colours; None for other CSS.

    This is the quick way: no attribute for which it returns something loads anything.
    """
    if "\\" in text or "/*" in text:
        return None
    head, *parts = text.split("(")
    targets: tuple[str, ...] = ()
    for part in parts:
        word = head[-4:]
        if word in _LOCAL and part[:1] == "#":
            targets += (part[: part.find(")")],)
        elif word not in _COLOURS:
            return None
        head = part
    return None if targets and _PROPERTY.search(text.lower()) else targets


def local_targets(text: str) -> tuple[str, ...]:
    """Return the `#part` of each local url in CSS that was found harmless, with its escapes read."""
    return tuple(found[2] for found in _LOCAL_URL.finditer(_ESCAPE.sub(_read_escape, text)))


def _read_escape(found: re.Match[str]) -> str:
    """Read one escape as CSS does: up to six hexadecimal digits and a space, a line's end, or the sign itself."""
    code, end, sign = found.groups()
    if code is None:
        return "" if end is not None else str(sign)
    point = int(code, 16)
    return chr(point) if 0 < point < 0xD800 or 0xDFFF < point < 0x110000 else "\ufffd"


def _refusal(text: str, sheet: bool) -> SvgRefusal | None:
    if found := _SCRIPT.search(text):
        return "script", f"The CSS names a script: {shorten_text(text[found.start() :])}"
    if found := _PROPERTY.search(text):
        return "css_load", f"The CSS property {shorten_text(found[0])} loads behaviour."
    text = _LOCAL_URL.sub(" ", text)
    if found := _URL.search(text):
        return (
            "css_load",
            f"The CSS loads {shorten_text(text[found.start() :])}; only url(#...) of the drawing itself passes.",
        )
    for found in _FUNCTION.finditer(text):
        if found[1] not in _FUNCTIONS:
            return (
                "css_load",
                f"The CSS function {shorten_text(found[1])}() is not among those that are known to load nothing.",
            )
    for found in _AT_RULE.finditer(text):
        if found[1] not in _AT_RULES and (sheet or found[1] in {"import", "namespace"}):
            return (
                "css_load",
                f"The CSS rule @{shorten_text(found[1])} is not among those that are known to load nothing.",
            )
    return None
