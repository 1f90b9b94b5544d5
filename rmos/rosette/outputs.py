"""A rosette as PNG, from an optional package: for people who cannot open an SVG.

png_bytes(svg, width_px=1200)     # needs the extra `png`
"""

from importlib.util import find_spec

from rmos.errors.installation import ExtraMissing


def has_png() -> bool:
    """Tell whether the package that draws a PNG is installed."""
    return find_spec("resvg_py") is not None


def png_bytes(svg: str, *, width_px: int = 1200) -> bytes:
    """Return the drawing as a PNG on white.

    Raises:
        ExtraMissing: when the package that draws it is not installed.
    """
    try:
        import resvg_py  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise ExtraMissing("A PNG needs the extra `png`: pip install 'rmos[png]'.") from None
    # Without a resolution a size in mm has no pixels.
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width_px, dpi=96.0, background="#ffffff"))
