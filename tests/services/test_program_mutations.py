"""One word of a covered program is another one: none of them leaves by any door, unless it cuts just the same.

Whether a mutant is harmless is not asked of the gate. It is read by itself and compared with the program that was
approved: what it does at the stock and in it must be the same, motion by motion.
"""

import random
import re
from typing import Final

import msgspec
import pytest

from rmos.cam.child import measure_bytes
from rmos.cam.gcode.reader import read_program
from rmos.cam.motion import MotionKind
from rmos.engines.registry import Registry
from rmos.services.artifact import RunRequest, SentProgram
from rmos.services.deciding import complete_context
from rmos.services.programs.reading import MeasureReply, MeasureRequest
from rmos.services.run_programs import are_covered, check_programs_of
from tests.helpers.rings import RING, RING_CONTEXT, RING_DESIGN
from tests.trying import tries_at_night

NEAR_UM: Final = 500.0
ENGINES: Final = Registry()
REQUEST: Final = RunRequest(mode="router", tool_id="em-3175-2f", design=RING_DESIGN, context=RING_CONTEXT)
FEW: Final = 3
MANY: Final = tries_at_night(200, 40)


def covers(text: str) -> bool:
    """Tell whether the gate would let a program leave for what was approved of the ring."""
    context = complete_context(REQUEST, ENGINES.shop)
    request = msgspec.structs.replace(REQUEST, program=SentProgram(data=text.encode()))
    engine = ENGINES.baseline_v2
    found = check_programs_of(
        ENGINES,
        request,
        context,
        "GREEN",
        cuts=(),
        evaluate=lambda design, of_tool: engine.compute(spec=design, ctx=of_tool, request_id="r"),
        is_overridden=lambda colour: False,
        measure=measure_here,
    )
    return are_covered(found)


def measure_here(data: bytes, request: MeasureRequest) -> MeasureReply:
    return MeasureReply(measure_bytes(data, request), None)


def list_deeds(text: str) -> list[tuple[object, ...]]:
    """Return what a program does at the stock or in it; ways straight up out of it count by where they begin alone."""
    motions = read_program(text.encode()).motions
    deeds: list[tuple[object, ...]] = []
    for place, (start, x, y, z) in enumerate(zip(motions.starts(), motions.x, motions.y, motions.z, strict=True)):
        kind, setup = motions.kind[place], motions.setups[motions.setup[place]]
        if kind == MotionKind.DWELL or not min(start[2], z) < NEAR_UM:
            continue
        is_up = (x, y) == start[:2] and z > start[2]
        end = ("up", z >= NEAR_UM) if is_up else (x, y, level(z), kind, motions.feed[place], motions.arcs.get(place))
        deeds.append((*start[:2], level(start[2]), end, setup.tool, setup.rpm, setup.spindle))
    return deeds


def level(z: float) -> object:
    """Return how high a place is: in the stock to the last digit, over it roughly."""
    return z if z < 0 else z < NEAR_UM


def mutate(generator: random.Random) -> str:
    """Return the ring with one word changed, dropped or added."""
    lines = RING.splitlines()
    kind = generator.choice(["feed", "depth", "speed", "tool", "M3", "G0", "G1", "retract", "G91", "G20"])
    places = [number for number, line in enumerate(lines) if _fits(kind, line)]
    at = generator.choice(places)
    line = lines[at]
    match kind:
        case "feed":
            lines[at] = re.sub(r"F(\d+)", lambda found: f"F{int(found[1]) + 1}", line)
        case "depth":
            lines[at] = re.sub(r"Z([-.\d]+)", lambda found: f"Z{float(found[1]) - 0.001:.3f}", line)
        case "speed":
            lines[at] = line.replace("S18000", generator.choice(["S18001", "S17999", "S1800", "S0", ""]))
        case "tool":
            lines[at] = f"{line} {generator.choice(['T2', 'T7'])}"
        case "M3":
            lines[at] = line.replace("M3", generator.choice(["", "M4", "M5"]))
        case "G0":
            lines[at] = line.replace("G0 ", "G1 ")
        case "G1":
            lines[at] = re.sub(r"^G[123] ", "G0 ", line)
        case "retract":
            del lines[at]
        case "G91" | "G20":
            lines.insert(at, kind)
    return "\n".join(lines) + "\n"


def _fits(kind: str, line: str) -> bool:
    needs = {"feed": "F", "depth": "Z", "speed": "S18000", "M3": "M3", "G0": "G0 ", "retract": "G0 Z"}
    return re.match(r"G[123] ", line) is not None if kind == "G1" else needs.get(kind, "") in line


def test_the_ring_itself_leaves() -> None:
    assert covers(RING)


@pytest.mark.parametrize(
    "seed", [*range(FEW), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(FEW, MANY))]
)
def test_a_mutant_leaves_only_when_it_does_the_same_at_the_stock(seed: int) -> None:
    mutant = mutate(random.Random(seed))
    if covers(mutant):
        assert list_deeds(mutant) == list_deeds(RING)
