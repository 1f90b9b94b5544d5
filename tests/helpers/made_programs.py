"""Make programs that use the whole language, each from a seed: for the referee, for both ways of reading, for mutation.

    make_program(7)           # the same text each time

A program is a list of blocks. Its maker knows where the tool stands, in whole steps of the last decimal, so that every
arc closes; how a block is written (case, blanks, order, N, comments) is chosen last and changes nothing.
"""

import math
import random
from collections.abc import Callable
from typing import Final

_PLANES: Final = (("G17", "X", "Y", "Z", "I", "J"), ("G18", "Z", "X", "Y", "K", "I"), ("G19", "Y", "Z", "X", "J", "K"))
_STEPS: Final = {"G21": 1000, "G20": 10_000}
_REACH: Final = {"G21": 40.0, "G20": 2.0}
_CYCLES: Final = ("G81", "G82", "G83", "G73", "G85", "G89")


class ProgramMaker:
    """A program while it is made."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.blocks: list[list[str]] = []
        self.subprograms: list[list[list[str]]] = []
        self.units = ("G21", "G20")[seed % 2]
        self.relative = seed % 4 > 1
        self.plane = _PLANES[seed % 3]
        self.arc_absolute = seed % 8 > 4
        self.feed_mode = ("G94", "G94", "G93", "G95")[seed // 2 % 4]
        self.place = {"X": 0, "Y": 0, "Z": 0}

    def make(self) -> str:
        """Return the text of the whole program."""
        self._begin()
        parts: tuple[Callable[[], None], ...] = (
            self._add_line,
            self._add_line,
            self._add_arc,
            self._add_arc,
            self._add_radius_arc,
            self._add_circle,
            self._change_modes,
            self._add_cycle,
            self._add_call,
            self._change_tool,
            self._dwell,
            self._go_home,
        )
        for part in (*parts, *self.random.choices(parts, k=30)):
            part()
        lines = [self._write(block) for block in self.blocks]
        lines.append("M30" if self.seed % 5 else "m2")
        for number, blocks in enumerate(self.subprograms):
            lines += [f"O{1000 + number}", *(self._write(block) for block in blocks), "M99"]
        text = "\r\n".join(lines) if self.seed % 6 == 0 else "\n".join(lines)
        return f"%\n{text}\n%\n" if self.seed % 7 == 0 else f"{text}\n"

    def _begin(self) -> None:
        self.blocks += [[self.units], ["G90", "G94", "G40", "G49", "G80", "G98" if self.seed % 3 else "G99"]]
        self.blocks += [[self.plane[0]], ["G90.1" if self.arc_absolute else "G91.1"]]
        self.blocks += [["S1000", "M3"], ["G0", *self._go({"Z": self._reach() // 4})]]
        self.blocks.append(["G91" if self.relative else "G90"])
        self.blocks.append([self.feed_mode, *self._feed()])

    def _reach(self) -> int:
        return round(_REACH[self.units] * _STEPS[self.units])

    def _feed(self) -> list[str]:
        """Return an F that is above zero after rounding, often."""
        if self.feed_mode == "G93":
            return [f"F{self.random.randint(10, 500) / 10}"]
        value = {"G94": self.random.randint(20, 900), "G95": self.random.randint(1, 9) / 20}[self.feed_mode]
        return [f"F{value}"]

    def _cut_feed(self) -> list[str]:
        return self._feed() if self.feed_mode == "G93" or self.random.random() < 0.3 else []

    def _go(self, to: dict[str, int], *, relative: bool | None = None) -> list[str]:
        """Return the words to a place, and be there."""
        words = []
        for axis, goal in to.items():
            is_relative = self.relative if relative is None else relative
            steps = goal - self.place[axis] if is_relative and self.blocks_are_relative() else goal
            words.append(axis + self._number(steps))
            self.place[axis] = goal
        return words

    def blocks_are_relative(self) -> bool:
        """Tell whether G91 has been written yet."""
        return any("G91" in block for block in self.blocks)

    def _number(self, steps: int) -> str:
        """Write a number of steps as a decimal, in one of the forms that are allowed."""
        digits = 3 if self.units == "G21" else 4
        text = f"{steps / 10**digits:.{digits}f}"
        form = self.random.randrange(5)
        if form == 0:
            text = text.rstrip("0").rstrip(".") or "0"
        elif form == 1 and "." in text:
            text = text.rstrip("0")
        elif form == 2 and text.startswith("0."):
            text = text[1:]
        elif form == 3 and not text.startswith("-"):
            text = f"+{text}"
        return "0" if text in ("-0", "-") else text

    def _target(self, axes: str) -> dict[str, int]:
        reach = self._reach()
        return {axis: self.random.randint(-reach, reach) for axis in axes}

    def _add_line(self) -> None:
        axes = self.random.choice(("X", "Y", "Z", "XY", "XZ", "YZ", "XYZ"))
        if self.random.random() < 0.3:
            self.blocks.append(["G0", *self._go(self._target(axes))])
        else:
            self.blocks.append(["G1", *self._go(self._target(axes)), *self._cut_feed()])
            if self.feed_mode != "G93":
                self.blocks += [[*self._go(self._target(axes))] for _ in range(self.random.randint(0, 3))]

    def _add_arc(self) -> None:
        """Add an arc by its centre, now and then a helix or one of several turns."""
        _, first, second, normal, one, other = self.plane
        radius = self.random.uniform(0.02, 0.8) * self._reach()
        begin, finish = self.random.uniform(0, math.tau), self.random.uniform(0, math.tau)
        if abs(begin - finish) < 0.1:
            finish = begin + 1
        start = (self.place[first], self.place[second])
        centre = (round(start[0] - radius * math.cos(begin)), round(start[1] - radius * math.sin(begin)))
        radius = math.dist(start, centre)
        goal = {
            first: centre[0] + round(radius * math.cos(finish)),
            second: centre[1] + round(radius * math.sin(finish)),
        }
        if self.random.random() < 0.4:
            goal |= self._target(normal)
        offsets = centre if self.arc_absolute else (centre[0] - start[0], centre[1] - start[1])
        words = [f"{one}{self._number(offsets[0])}", f"{other}{self._number(offsets[1])}"]
        if self.random.random() < 0.3:
            words.append(f"P{self.random.randint(1, 4)}")
        self.blocks.append([self.random.choice(("G2", "G3")), *self._go(goal), *words, *self._cut_feed()])

    def _add_radius_arc(self) -> None:
        """Add a short or a long arc by its radius."""
        _, first, second, normal, *_ = self.plane
        goal = self._target(first + second)
        half = math.dist((self.place[first], self.place[second]), tuple(goal.values())) / 2
        if half < self._reach() / 100:
            return
        radius = math.ceil(half * self.random.uniform(1.05, 3.0))
        radius = -radius if self.random.random() < 0.5 else radius
        if self.random.random() < 0.3:
            goal |= self._target(normal)
        words = [*self._go(goal), f"R{self._number(radius)}"]
        self.blocks.append([self.random.choice(("G2", "G3")), *words, *self._cut_feed()])

    def _add_circle(self) -> None:
        """Add a full circle, often as a helix, its end said or left out."""
        _, first, second, normal, one, other = self.plane
        start = {first: self.place[first], second: self.place[second]}
        offset = self.random.randint(1, self._reach())
        said = self._go(start) if self.random.random() < 0.5 else []
        if self.random.random() < 0.5:
            said += self._go(self._target(normal))
        if self.arc_absolute:
            words = [f"{one}{self._number(start[first] + offset)}", f"{other}{self._number(start[second])}"]
        else:
            words = [f"{self.random.choice((one, other))}{self._number(offset)}"]
        self.blocks.append([self.random.choice(("G2", "G3")), *said, *words, *self._cut_feed()])

    def _change_modes(self) -> None:
        """Change some of the modes, each on a line of its own."""
        if self.random.random() < 0.4:
            self._change_units()
        if self.random.random() < 0.5:
            self.relative = not self.relative
            self.blocks.append(["G91" if self.relative else "G90"])
        if self.random.random() < 0.5:
            self.arc_absolute = not self.arc_absolute
            self.blocks.append(["G90.1" if self.arc_absolute else "G91.1"])
        if self.random.random() < 0.5:
            self.plane = self.random.choice(_PLANES)
            self.blocks.append([self.plane[0]])
        if self.random.random() < 0.5:
            mode = self.random.choice(("G93", "G94", "G95"))
            if mode != self.feed_mode:
                self.feed_mode = mode
                self.blocks.append([mode, *self._feed()])

    def _change_units(self) -> None:
        """Change the units and go to a whole step of the new ones."""
        self.units = "G20" if self.units == "G21" else "G21"
        self.blocks += [[self.units], ["G90"], ["G0", *self._go(self._target("XYZ"), relative=False)]]
        if self.relative:
            self.blocks.append(["G91"])
        self.blocks.append([self.feed_mode if self.feed_mode == "G93" else "G94", *self._feed_again()])

    def _feed_again(self) -> list[str]:
        self.feed_mode = "G93" if self.feed_mode == "G93" else "G94"
        return self._feed()

    def _add_cycle(self) -> None:
        """Add a cycle of some holes and leave it."""
        if self.feed_mode == "G93":
            return
        _, first, second, normal, *_ = self.plane
        code, reach = self.random.choice(_CYCLES), self._reach()
        relative = self.relative and self.blocks_are_relative()
        top = self.place[normal] + self.random.randint(-reach // 20, reach // 20)
        bottom = top - self.random.randint(reach // 40, reach // 8)
        words = [f"R{self._number(top - self.place[normal] if relative else top)}"]
        words.append(f"{normal}{self._number(bottom - top if relative else bottom)}")
        if code in ("G83", "G73"):
            words.append(f"Q{self._number(self.random.randint(reach // 50, reach // 20))}")
        if code in ("G82", "G89"):
            words.append("P0.25")
        returns = self.random.choice(("G98", "G99"))
        repeats = [f"L{self.random.randint(2, 3)}"] if self.random.random() < 0.3 else []
        self.blocks.append([returns, code, *self._go(self._target(first + second)), *words, *repeats])
        if not relative:
            self.blocks += [self._go(self._target(first)) for _ in range(self.random.randint(0, 2))]
        self.blocks.append(["G80"])
        self._settle()

    def _settle(self) -> None:
        """Go to a known place, absolutely, because the one before was not followed."""
        self.blocks += [["G90"], ["G0", *self._go(self._target("XYZ"), relative=False)]]
        if self.relative:
            self.blocks.append(["G91"])

    def _add_call(self) -> None:
        """Call a subprogram of straight lines, now and then one that calls another."""
        if self.feed_mode == "G93":
            return
        lines = [["G91"], ["G1", f"X{self._number(self._reach() // 30)}"], ["G1", "Y-.5"], ["G90"]]
        number = 1000 + len(self.subprograms)
        self.subprograms.append(lines)
        if len(self.subprograms) > 1 and self.random.random() < 0.5:
            lines.insert(1, ["M98", f"P{number - 1}"])
            lines.insert(2, ["G91"])
        self.blocks.append(["M98", f"P{number}", f"L{self.random.randint(1, 3)}"])
        self._settle()

    def _change_tool(self) -> None:
        self.blocks.append([f"T{self.random.randint(1, 9)}", "M6"])
        self.blocks.append([self.random.choice(("M3", "M4")), f"S{self.random.randint(500, 2000)}"])

    def _dwell(self) -> None:
        self.blocks.append(["G4", f"P{self.random.randint(0, 20) / 10}"])

    def _go_home(self) -> None:
        """Go to a place of the machine and come back."""
        if self.random.random() < 0.5:
            self.blocks.append(["G28", *self._go({"Z": self.place["Z"] + 100})])
        else:
            self.blocks += [["G90"], ["G53", "G0", "Z0"]]
        self._settle()

    def _write(self, block: list[str]) -> str:
        """Write the words of a block in one of the forms that mean the same."""
        words = list(block)
        style = (self.seed + self.random.randrange(2)) % 6
        if style == 1 and "M98" not in words:
            self.random.shuffle(words)
        text = "".join(words) if style == 2 else " ".join(words)
        if style == 3:
            text = text.lower().replace(".", ". ")
        if style == 4:
            text = f"N{self.random.randint(1, 9999)} {text} (then up)"
        return f"{text} ; down" if style == 5 else text


def make_program(seed: int) -> str:
    """Return the text of a program: units, distances, planes, arcs and feed modes go by the seed."""
    return ProgramMaker(seed).make()
