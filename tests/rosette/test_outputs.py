import struct
import sys

import pytest

from rmos.errors.installation import ExtraMissing
from rmos.rosette.outputs import png_bytes
from rmos.rosette.svg import render
from tests.rosette.makers import BWB, make_spec


def test_a_png_is_as_wide_as_asked_for() -> None:
    data = png_bytes(render(make_spec(BWB)), width_px=300)
    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">I", data[16:20]) == (300,)


def test_a_missing_extra_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ExtraMissing) as refused:
        png_bytes("<svg/>")
    assert "rmos[png]" in refused.value.detail
    assert "\n" not in refused.value.detail
