"""Draw a path move by move: it knows where the tip is, and how a circle is made of two halves.

    route = Route()
    route.rapid(47588, 0, 500)
    route.circle(0, 0, clockwise=True, turns=1, to_z=-750, feed=1800)

A circle is two half circles. Where the end of a full circle is a digit off its start, a controller makes an arc of
nothing of it, and of a helix a plunge (GRBL, issue 1887 of gnea/grbl); half a circle has no such twin.
"""

from rmos.cam.paths.toolpaths import MAX_MOVES, PathMove
from rmos.errors.toolpaths import TooManyMoves
from rmos.fixed import TURN, sincos

_BITS = 30
_HALF = 1 << (_BITS - 1)


def find_place(centre: tuple[int, int], radius: int, angle: int) -> tuple[int, int]:
    """Return the place on a circle at an angle counter-clockwise from X, in 2^-32 of a turn."""
    sine, cosine = sincos(angle % TURN)
    return centre[0] + ((radius * cosine + _HALF) >> _BITS), centre[1] + ((radius * sine + _HALF) >> _BITS)


class Route:
    """The moves so far, and where the last one ended."""

    def __init__(self) -> None:
        self.moves: list[PathMove] = []
        self.x = self.y = self.z = 0

    def rapid(self, x: int, y: int, z: int) -> None:
        """Go there as fast as the axes may."""
        self._go(PathMove("G0", x, y, z))

    def line(self, x: int, y: int, z: int, feed: int) -> None:
        """Go there in a straight line."""
        self._go(PathMove("G1", x, y, z, feed))

    def arc(self, x: int, y: int, z: int, centre: tuple[int, int], *, clockwise: bool, feed: int) -> None:
        """Go there round a centre, half a turn at the most."""
        self._go(PathMove("G2" if clockwise else "G3", x, y, z, feed, *centre))

    def circle(
        self, centre: tuple[int, int], *, clockwise: bool, feed: int, turns: int = 1, to_z: int | None = None
    ) -> None:
        """Go round a centre and back to where it began, down to a height if one is said."""
        begin, end = self.z, self.z if to_z is None else to_z
        near, far = (self.x, self.y), (2 * centre[0] - self.x, 2 * centre[1] - self.y)
        for half in range(1, 2 * turns + 1):
            x, y = far if half % 2 else near
            z = begin + (end - begin) * half // (2 * turns)
            self.arc(x, y, z, centre, clockwise=clockwise, feed=feed)

    def _go(self, move: PathMove) -> None:
        if move.code in ("G0", "G1") and self.moves and (move.x, move.y, move.z) == (self.x, self.y, self.z):
            return
        if len(self.moves) >= MAX_MOVES:
            raise TooManyMoves(f"It would have more than {MAX_MOVES} moves.", limit=MAX_MOVES)
        self.moves.append(move)
        self.x, self.y, self.z = move.x, move.y, move.z
