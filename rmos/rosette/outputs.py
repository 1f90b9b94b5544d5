"""Other formats, from optional packages: PNG for people who cannot open an SVG, DXF for programs that cannot.

png_bytes(svg, width_px=1200)     # needs the extra `png`
dxf_text(spec)                    # needs the extra `dxf`: R12, mm, layers CHANNEL, SOUNDHOLE, RINGS
"""

import io
from typing import Any

from rmos.errors.installation import ExtraMissing
from rmos.rosette.draw.flat import flatten
from rmos.rosette.draw.shapes import Path
from rmos.rosette.spec import RosetteSpec
from rmos.rosette.svg import cam_layers

_COLOURS = {"CHANNEL": 1, "SOUNDHOLE": 5, "RINGS": 3}


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


def dxf_text(spec: RosetteSpec) -> str:
    """Return what a machine may cut as DXF R12 in mm, the y axis up; the same bytes from run to run.

    Raises:
        ExtraMissing: when the package that writes it is not installed.
        ValidationFailed: when the spec cannot be drawn.
    """
    try:
        from ezdxf.addons.r12writer import r12writer  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise ExtraMissing("A DXF needs the extra `dxf`: pip install 'rmos[dxf]'.") from None
    stream = io.StringIO(newline="\n")
    with r12writer(stream) as dxf:
        for layer, groups in cam_layers(spec).items():
            for _, paths in groups:
                for path in paths:
                    _write(dxf, layer, path)
    return stream.getvalue()


def _write(dxf: Any, layer: str, path: Path) -> None:
    """Write whole circles as circles and everything else as closed polylines."""
    radii = {radius for _, points in path for _, radius in points}
    if len(path) in (4, 8) and all(sign in "MAZ" for sign, _ in path):
        for radius in sorted(radii, reverse=True):
            dxf.add_circle((0, 0), radius=radius / 1000, layer=layer, color=_COLOURS[layer])
        return
    for outline in flatten(path):
        points = [(x / 1000, -y / 1000) for x, y in outline]
        dxf.add_polyline_2d(points, closed=True, layer=layer, color=_COLOURS[layer])
