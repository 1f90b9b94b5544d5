"""The snippets that LinuxCNC's `rs274` was asked about: box, lengths and minutes."""

import json

import pytest

from rmos.cam.gcode.reader import read_program
from rmos.cam.motion import MotionKind
from tests.helpers.reading import SNIPPETS, list_motions

EXPECTED = json.loads((SNIPPETS / "expected.json").read_bytes())
CUTS = (MotionKind.LINE, MotionKind.ARC)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_snippet_moves_as_the_referee_says(name: str) -> None:
    expected = EXPECTED[name]
    motions = list_motions(read_program((SNIPPETS / name).read_bytes()))
    points = [point for motion in motions for point in motion.points()]
    assert [min(axis) for axis in zip(*points, strict=True)] == pytest.approx(expected["end_points_min"], abs=0.001)
    assert [max(axis) for axis in zip(*points, strict=True)] == pytest.approx(expected["end_points_max"], abs=0.001)
    lengths = [(motion.kind, motion.length(), motion.feed) for motion in motions]
    assert sum(mm for kind, mm, _ in lengths if kind in CUTS) == pytest.approx(expected["feed_mm"], abs=0.001)
    assert sum(mm for kind, mm, _ in lengths if kind is MotionKind.RAPID) == pytest.approx(
        expected["rapid_mm"], abs=0.001
    )
    minutes = sum(mm / feed for kind, mm, feed in lengths if kind in CUTS)
    assert minutes == pytest.approx(expected["feed_minutes"], abs=0.00001)
