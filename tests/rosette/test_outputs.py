import io
import struct
import sys

import ezdxf
import pytest

from rmos.errors.installation import ExtraMissing
from rmos.rosette.interpret import interpret
from rmos.rosette.outputs import dxf_text, png_bytes
from rmos.rosette.svg import render
from rmos.rosette.vary import vary
from tests.rosette.makers import BWB, TYPICAL, make_ring, make_spec


def test_a_png_is_as_wide_as_asked_for() -> None:
    data = png_bytes(render(make_spec(BWB)), width_px=300)
    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">I", data[16:20]) == (300,)


@pytest.mark.parametrize("kind", TYPICAL)
def test_a_dxf_can_be_read_in_millimetres_and_layers(kind: str) -> None:
    spec = make_spec(BWB, make_ring(kind))
    document = ezdxf.read(io.StringIO(dxf_text(spec)))  # type: ignore[attr-defined]
    entities = list(document.modelspace())
    assert {entity.dxf.layer for entity in entities} == {"CHANNEL", "SOUNDHOLE", "RINGS"}
    radii = {
        layer: sorted(one.dxf.radius for one in entities if one.dxftype() == "CIRCLE" and one.dxf.layer == layer)
        for layer in ("CHANNEL", "SOUNDHOLE", "RINGS")
    }
    assert radii == {"CHANNEL": [46, 53.5], "SOUNDHOLE": [43], "RINGS": [46, 47.5, 47.5, 53.5]}
    assert all(entity.is_closed for entity in entities if entity.dxftype() == "POLYLINE")


def test_a_dxf_is_the_same_from_run_to_run() -> None:
    spec = vary(interpret("12 spoke wheel, koa and maple").spec, 3)
    assert dxf_text(spec) == dxf_text(spec)
    assert dxf_text(spec).count("POLYLINE") == 12


def test_the_seam_is_at_the_top_in_a_dxf_too() -> None:
    document = ezdxf.read(io.StringIO(dxf_text(make_spec(make_ring("wedges", tile_count=4)))))  # type: ignore[attr-defined]
    first = next(entity for entity in document.modelspace() if entity.dxftype() == "POLYLINE")
    assert min(abs(point.dxf.location.x) for point in first.vertices if point.dxf.location.y > 0) == 0


@pytest.mark.parametrize(("module", "extra"), [("resvg_py", "png"), ("ezdxf.addons.r12writer", "dxf")])
def test_a_missing_extra_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch, module: str, extra: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ExtraMissing) as refused:
        png_bytes("<svg/>") if extra == "png" else dxf_text(make_spec(BWB))
    assert f"rmos[{extra}]" in refused.value.detail
    assert "\n" not in refused.value.detail
