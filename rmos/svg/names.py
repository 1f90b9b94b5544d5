"""The elements, attributes and namespaces that a drawing may use, and what a name that may not be used stands for.

    ELEMENTS, FREE, STYLED               # the lists
    element_refusal("http://www.w3.org/2000/svg", "script")   # ("script", "...")

From the element and attribute indexes of SVG 1.1 and SVG 2 (W3C), without all that runs, fetches or embeds. A name is
compared as XML has it, in its case and namespace; only to say why a name is blocked it is compared in any case.

What drawing programs write beside it needs no list: a browser gives a meaning to names of the web's own languages
only, and ignores those of every other namespace (`is_foreign`).
"""

import re
from typing import Final

from rmos.svg.validation import BlockedBy, SvgRefusal, shorten_text


def words(text: str) -> frozenset[str]:
    """Return the words of a list of names."""
    return frozenset(text.split())


SVG: Final = "http://www.w3.org/2000/svg"
XLINK: Final = "http://www.w3.org/1999/xlink"
XML: Final = "http://www.w3.org/XML/1998/namespace"
_XHTML: Final = "http://www.w3.org/1999/xhtml"

ELEMENTS: Final = words(
    """
    svg g defs symbol use switch view a title desc metadata style
    path rect circle ellipse line polyline polygon image
    text tspan tref textPath textArea tbreak altGlyph altGlyphDef altGlyphItem glyphRef
    linearGradient radialGradient stop pattern hatch hatchpath hatchPath solidcolor solidColor
    mesh meshGradient meshgradient meshRow meshrow meshPatch meshpatch
    clipPath mask marker filter
    feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap
    feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode
    feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence
    animate animateColor animateMotion animateTransform mpath set
    font font-face font-face-format font-face-name font-face-src glyph hkern vkern missing-glyph color-profile
    flowRoot flowRegion flowRegionExclude flowPara flowSpan flowDiv flowLine
    """
)
ANIMATING: Final = frozenset({"animate", "animateColor", "animateMotion", "animateTransform", "set"})

STYLED: Final = words(
    """
    alignment-baseline baseline-shift clip clip-path clip-rule color color-interpolation color-interpolation-filters
    color-profile color-rendering cursor direction display dominant-baseline fill fill-opacity fill-rule filter
    flood-color flood-opacity font font-family font-feature-settings font-kerning font-size font-size-adjust
    font-stretch font-style font-variant font-variant-caps font-variant-east-asian font-variant-ligatures
    font-variant-numeric font-variant-position font-variation-settings font-weight glyph-orientation-horizontal
    glyph-orientation-vertical image-rendering inline-size isolation kerning letter-spacing lighting-color line-height
    marker marker-end marker-mid marker-start mask mask-type mix-blend-mode opacity overflow paint-order pointer-events
    shape-inside shape-margin shape-padding shape-rendering shape-subtract solid-color solid-opacity stop-color
    stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit
    stroke-opacity stroke-width text-align text-anchor text-decoration text-decoration-color text-decoration-line
    text-decoration-style text-indent text-orientation text-overflow text-rendering text-transform transform-box
    transform-origin unicode-bidi vector-effect visibility white-space word-spacing writing-mode
    background background-color enable-background
    """
)
"""Attributes that hold the value of a CSS property."""
ANIMATED: Final = STYLED | words(
    """
    accent-height amplitude azimuth baseFrequency bias cx cy d diffuseConstant divisor dx dy edgeMode elevation exponent
    filterUnits fr fx fy gradientTransform gradientUnits height intercept k1 k2 k3 k4 kernelMatrix kernelUnitLength
    lengthAdjust limitingConeAngle markerHeight markerUnits markerWidth maskContentUnits maskUnits method mode
    numOctaves offset operator order orient pathLength patternContentUnits patternTransform patternUnits points
    pointsAtX pointsAtY pointsAtZ preserveAlpha preserveAspectRatio primitiveUnits r radius refX refY result rotate rx
    ry scale seed slope spacing specularConstant specularExponent spreadMethod startOffset stdDeviation stitchTiles
    surfaceScale tableValues targetX targetY textLength transform type values viewBox width x x1 x2 xChannelSelector
    y y1 y2 yChannelSelector z in in2 clipPathUnits
    """
)
"""What may move: nothing that refers, runs or holds CSS declarations."""
FREE: Final = (ANIMATED - STYLED) | words(
    """
    id class lang role tabindex focusable autofocus version baseProfile zoomAndPan externalResourcesRequired
    requiredFeatures requiredExtensions requiredFonts systemLanguage contentStyleType contentScriptType
    media title type target download rel hreflang crossorigin decoding fetchpriority referrerpolicy
    accumulate additive attributeType begin calcMode dur end keyPoints keySplines keyTimes max min origin path
    repeatCount repeatDur restart side spacing viewTarget
    alphabetic arabic-form ascent bbox cap-height descent format g1 g2 glyph-name glyphRef hanging horiz-adv-x
    horiz-origin-x horiz-origin-y ideographic k local mathematical name orientation panose-1 rendering-intent slope
    stemh stemv string strikethrough-position strikethrough-thickness u1 u2 underline-position underline-thickness
    unicode unicode-range units-per-em v-alphabetic v-hanging v-ideographic v-mathematical vert-adv-y vert-origin-x
    vert-origin-y widths x-height
    filterRes pitch crossOrigin content editable p-id t align space nodetypes
    """
)
"""Attributes whose value neither refers nor is CSS."""
_DATA: Final = re.compile(r"(?:data|aria)-[\w.:-]+")

FREE_QUALIFIED: Final = frozenset(
    [f"{XLINK} {name}" for name in ("actuate", "arcrole", "role", "show", "title", "type")]
    + [f"{XML} {name}" for name in ("id", "lang", "space")]
)

_WEB: Final = re.compile(
    r"(?:https?:)?/*(?:[\w-]+\.)*(?:w3|whatwg|mozilla)\.org(?![\w.-]).*|urn:schemas-microsoft-com:.*",
    re.DOTALL | re.IGNORECASE,
)
"""Namespaces of those who say what browsers do: SVG, HTML, MathML, XLink, XInclude, XSLT, XBL, VML, and what comes."""
_SCHEMA: Final = re.compile(r"http://www\.w3\.org/2001/XMLSchema(?:-instance)?")

_EMBEDDING: Final = words(
    "iframe embed object applet audio video source track frame frameset canvas portal link base meta"
)
_WHY: Final[dict[str, SvgRefusal]] = {
    "script": ("script", "The element script runs script."),
    "handler": ("script", "The element handler runs script."),
    "listener": ("event_handler", "The element listener makes events run script."),
    "foreignobject": ("foreign_object", "The element foreignObject holds a document of another kind."),
}
_EVENT: Final = re.compile(r"on[a-z0-9]+")
_REFERRING: Final = words("href src srcset srcdoc action formaction poster ping data codebase")


def is_foreign(namespace: str) -> bool:
    """Tell whether no browser gives a name of this namespace a meaning: to a browser it is text without an effect.

    That is every namespace but those of the web's own languages, and of the web's those that end in `#`, which are
    vocabularies of RDF, and XML Schema's. An element may also be in no namespace at all, which is "".
    """
    if namespace.endswith("#") or _SCHEMA.fullmatch(namespace):
        return True
    return _WEB.fullmatch(namespace) is None


def is_free(name: str) -> bool:
    """Tell whether an attribute, with its namespace before it when it has one, is one whose value does nothing."""
    return name in FREE or name in FREE_QUALIFIED or _DATA.fullmatch(name) is not None


def element_refusal(namespace: str, name: str) -> SvgRefusal | None:
    """Check an element; None when it is on the list of SVG, or of a namespace that browsers ignore."""
    why = _WHY.get(name.lower())
    if is_foreign(namespace):
        return why if why == _WHY["script"] else None
    if why is not None:
        return why
    if name.lower() in _EMBEDDING:
        return "embedded_content", f"The element {name} embeds or fetches another document."
    if namespace == SVG:
        if name in ELEMENTS:
            return None
        return (
            "unknown_element",
            f"The element {shorten_text(name)} is not among those of SVG that are known to be harmless.",
        )
    if namespace == _XHTML:
        return "unknown_element", f"The element {shorten_text(name)} is HTML within a drawing."
    return (
        "unknown_element",
        f"The element {shorten_text(name)} is of {shorten_text(namespace)!r}, whose names browsers may run.",
    )


def attribute_refusal(namespace: str, name: str) -> SvgRefusal:
    """Say why an attribute that is on no list is blocked."""
    if _EVENT.fullmatch(name.lower()):
        return "event_handler", f"The attribute {shorten_text(name)} runs script."
    if (namespace, name.lower()) == (XML, "base"):
        return "external_reference", "The attribute xml:base lets references within the drawing lead out of it."
    by: BlockedBy = "external_reference" if name.lower() in _REFERRING else "unknown_attribute"
    whose = f" of the namespace {shorten_text(namespace)!r}" if namespace else ""
    return by, f"The attribute {shorten_text(name)}{whose} is not among those that are known to be harmless."


def is_event(name: str) -> bool:
    """Tell whether the local name of an attribute is that of an event handler."""
    return _EVENT.fullmatch(name.lower()) is not None
