"""However a program is written, it measures the same: in inches, by increments, by radii, in chords, in any case."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.cam.gcode.reader import read_program
from rmos.cam.measure import measure_program
from rmos.cam.measure.measured import Measured
from rmos.cam.measure.setup import MachineAxes, ProgramSetup, Stock, ToolShape
from tests.trying import tries

SETUP = ProgramSetup(
    tools={1: ToolShape(diameter_mm=3.0)},
    stock=Stock(thickness_mm=6.0),
    machine=MachineAxes(max_rate_mm_min=(5000, 5000, 3000), acceleration_mm_s2=(250, 250, 100)),
)


class Step(NamedTuple):
    """A line to x, y, z, or a quarter of a circle of that radius, in mm."""

    x: float
    y: float
    z: float
    radius: float
    clockwise: bool
    feed: int


STEPS = st.lists(
    st.builds(
        Step,
        x=st.integers(0, 60).map(lambda x: x / 2),
        y=st.integers(0, 60).map(lambda y: y / 2),
        z=st.integers(-8, 0).map(lambda z: z / 2),
        radius=st.sampled_from([0.0, 0.0, 4.0, 12.5]),
        clockwise=st.booleans(),
        feed=st.sampled_from([600, 1500, 2400]),
    ),
    min_size=1,
    max_size=8,
)


class Form(NamedTuple):
    """How a program is written."""

    inch: bool = False
    incremental: bool = False
    by_radius: bool = False
    chords: bool = False


def list_lines(steps: list[Step], form: Form) -> Iterator[str]:
    """Yield the lines of a program that goes along the steps."""
    digits, unit = (6, 25.4) if form.inch else (4, 1.0)
    here = [0.0, 0.0, 5.0]

    def go(x: float, y: float, z: float) -> str:
        words = []
        for axis, (letter, to) in enumerate(zip("XYZ", (x, y, z), strict=True)):
            # Increments are taken from where the rounded ones before have led to.
            value = round((to - here[axis] if form.incremental else to) / unit, digits)
            here[axis] = here[axis] + value * unit if form.incremental else to
            words.append(f"{letter}{value:.{digits}f}")
        return " ".join(words)

    yield f"{'G20' if form.inch else 'G21'} G90 G17 G94 G91.1"
    yield "M3 S18000"
    yield "G4 P1"
    yield f"G0 Z{5 / unit:.{digits}f}"
    yield "G0 X0 Y0"
    yield "G91" if form.incremental else "G90"
    for step in steps:
        feed = f"F{step.feed / unit:.8f}"
        yield f"G1 {go(step.x, step.y, step.z)} {feed}"
        if step.radius:
            yield from list_arc(step, form, go, feed, f"{step.radius / unit:.{digits}f}")
    yield "G90"
    yield f"G0 Z{5 / unit:.{digits}f}"
    yield "M5"
    yield "M30"


def list_arc(step: Step, form: Form, go: Callable[[float, float, float], str], feed: str, radius: str) -> Iterator[str]:
    """Yield a quarter turn from the western point of a circle, northwards when it is clockwise."""
    way = 1 if step.clockwise else -1
    if form.chords:
        for place in range(1, 401):
            angle = math.pi - way * math.pi / 2 * place / 400
            x, y = step.x + step.radius * (1 + math.cos(angle)), step.y + step.radius * math.sin(angle)
            yield f"G1 {go(x, y, step.z)} {feed}"
        return
    end = go(step.x + step.radius, step.y + way * step.radius, step.z)
    centre = f"R{radius}" if form.by_radius else f"I{radius} J0"
    yield f"{'G2' if step.clockwise else 'G3'} {end} {centre} {feed}"


def measure(steps: list[Step], form: Form = Form(), spell: Callable[[str], str] = str) -> Measured:  # noqa: B008
    text = "".join(f"{spell(line)}\n" for line in list_lines(steps, form))
    return measure_program(read_program(text.encode()), SETUP)


def assert_same(one: Measured, other: Measured, *, um: float = 2.0) -> None:
    for name in ("all", "cutting"):
        boxes = [getattr(measured.box_mm, name) for measured in (one, other)]
        if None not in boxes:
            for corner in ("min", "max"):
                pairs = zip(*(getattr(box, corner) for box in boxes), strict=True)
                assert all(float(a) == pytest.approx(float(b), abs=um / 1000 + 1e-9) for a, b in pairs), corner
    assert float(one.removed_mm3 or 0) == pytest.approx(float(other.removed_mm3 or 0), rel=0.01, abs=0.2)
    assert [tool.rpm for tool in one.tools] == [tool.rpm for tool in other.tools]
    for a, b in zip(one.tools, other.tools, strict=True):
        assert float(a.max_feed) == pytest.approx(float(b.max_feed), rel=1e-4)
        assert float(a.min_z_mm) == pytest.approx(float(b.min_z_mm), abs=um / 1000)
        assert float(a.max_axial_mm) == pytest.approx(float(b.max_axial_mm), abs=um / 1000)
    assert {finding.code for finding in one.findings} == {finding.code for finding in other.findings}


@pytest.mark.parametrize(
    "form",
    [Form(inch=True), Form(incremental=True), Form(inch=True, incremental=True), Form(by_radius=True)],
    ids=["inch", "increments", "inch increments", "radii"],
)
@given(STEPS)
@settings(max_examples=tries(40))
def test_units_increments_and_radii_change_no_measure(form: Form, steps: list[Step]) -> None:
    metric, other = measure(steps), measure(steps, form)
    assert_same(metric, other)
    assert float(metric.estimate_s.feed_only) == pytest.approx(float(other.estimate_s.feed_only), rel=1e-3, abs=0.01)
    assert float(metric.estimate_s.planned or 0) == pytest.approx(float(other.estimate_s.planned or 0), rel=5e-3)


@pytest.mark.parametrize(
    "spell",
    [str.lower, lambda line: line.replace(" ", ""), lambda line: f"N10 {line} (G0 X999)", lambda line: f"  {line}\r"],
    ids=["lower case", "no blanks", "numbers and comments", "blanks and CRLF"],
)
@given(STEPS)
@settings(max_examples=tries(20))
def test_spelling_changes_nothing_at_all(spell: Callable[[str], str], steps: list[Step]) -> None:
    plain, other = measure(steps).to_json(), measure(steps, spell=spell).to_json()
    assert plain | {"program_sha256": ""} == other | {"program_sha256": ""}


@given(STEPS)
@settings(max_examples=tries(20))
def test_an_arc_in_chords_cuts_the_same_and_is_as_long(steps: list[Step]) -> None:
    arcs, chords = measure(steps), measure(steps, Form(chords=True))
    assert_same(arcs, chords)
    assert float(arcs.estimate_s.feed_only) == pytest.approx(float(chords.estimate_s.feed_only), rel=1e-4, abs=0.01)
