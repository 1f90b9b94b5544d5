"""What the tests of measures share: the machines of the specification, a tool, a ring that is cut in two levels."""

import pytest

from rmos.cam.measure.setup import MachineAxes, ProgramSetup, Stock, ToolShape
from tests.helpers.programs import PathBuilder


@pytest.fixture
def desktop() -> MachineAxes:
    return MachineAxes(max_rate_mm_min=(5000, 5000, 3000), acceleration_mm_s2=(250, 250, 100))


@pytest.fixture
def factory() -> MachineAxes:
    """A GRBL as it leaves the factory."""
    return MachineAxes(max_rate_mm_min=(500, 500, 500), acceleration_mm_s2=(10, 10, 10))


@pytest.fixture
def setup(desktop: MachineAxes) -> ProgramSetup:
    mill = ToolShape(tool_id="em-3175-2f", diameter_mm=3.175)
    return ProgramSetup(tools={1: mill}, stock=Stock(thickness_mm=3.0), machine=desktop)


@pytest.fixture
def ring() -> PathBuilder:
    """A channel of 46 to 53 mm, 1.5 mm deep: `ring.nc` of the tests' data."""
    radii = (47.587, 48.543, 49.5, 50.456, 51.413)
    path = PathBuilder(rpm=0).rapid(z=6).set_up(rpm=18_000.0, spindle="cw").dwell(3).rapid(x=radii[0], y=0)
    path.line(600, z=0.2)
    for level in (-0.75, -1.5):
        if level == -1.5:
            path.line(1800, x=radii[0])
        path.arc(1800, (0, 0), clockwise=False, x=radii[0], y=0, z=level)
        path.arc(1800, (0, 0), clockwise=False, x=radii[0])
        for radius in radii[1:]:
            path.line(1800, x=radius)
            path.arc(1800, (0, 0), clockwise=False, x=radius)
    return path.rapid(z=6).set_up(spindle="off")
