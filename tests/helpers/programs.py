"""Programs for tests, built by hand: motions without a reader.

path = PathBuilder(rpm=18_000)
path.rapid(x=10).plunge(z=-1, feed=600).line(x=40, feed=1800)
path.program()                     # millimetres became µm; each motion has a line of its own
"""

import math

from rmos.cam.motion import ArcShape, MotionKind, Motions, Plane, Program, ProgramFinding, Setup


class PathBuilder:
    """Motions in mm, each on the next line of a program, from X0 Y0 Z0."""

    def __init__(self, *, tool: int | None = None, rpm: float = 18_000.0) -> None:
        self.motions = Motions()
        self.place = [0.0, 0.0, 0.0]
        self._setup = 0
        self.motions.setups.append(Setup(tool=tool, rpm=rpm, spindle="cw" if rpm else "off"))

    def set_up(self, **members: object) -> "PathBuilder":
        """Change what is set: tool, rpm, spindle, offset."""
        changed = {name: getattr(self.motions.setups[-1], name) for name in Setup.__struct_fields__} | members
        self.motions.setups.append(Setup(**changed))
        self._setup = len(self.motions.setups) - 1
        return self

    def rapid(self, **to: float) -> "PathBuilder":
        """Go there as fast as the axes may."""
        return self._go(MotionKind.RAPID, to, 0.0)

    def line(self, feed: float, **to: float) -> "PathBuilder":
        """Go there in a straight line."""
        return self._go(MotionKind.LINE, to, feed)

    def arc(
        self,
        feed: float,
        centre: tuple[float, float],
        *,
        clockwise: bool,
        turns: int = 1,
        plane: Plane = "XY",
        **to: float,
    ) -> "PathBuilder":
        """Go there around a centre, in the coordinates of the plane."""
        shape = ArcShape(plane, centre[0] * 1000, centre[1] * 1000, clockwise, turns)
        self.motions.arcs[len(self.motions)] = shape
        return self._go(MotionKind.ARC, to, feed)

    def dwell(self, seconds: float) -> "PathBuilder":
        """Stand still."""
        return self._go(MotionKind.DWELL, {}, seconds)

    def go_home(self) -> "PathBuilder":
        """Go somewhere in machine coordinates: nobody knows where that is."""
        self.place = [math.nan] * 3
        return self._go(MotionKind.MACHINE, {}, 0.0)

    def program(self, *findings: ProgramFinding, **members: object) -> Program:
        """Return it as if it had been read."""
        said = {"sha256": "0" * 64, "units": "mm", "lines": len(self.motions), "words": {}, "flat": True} | members
        return Program(motions=self.motions, findings=findings, **said)

    def _go(self, kind: MotionKind, to: dict[str, float], feed: float) -> "PathBuilder":
        self.place = [to.get(axis, here) for axis, here in zip("xyz", self.place, strict=True)]
        x, y, z = (place * 1000 for place in self.place)
        self.motions.append(kind, line=len(self.motions) + 1, x=x, y=y, z=z, feed=feed, setup=self._setup)
        return self
