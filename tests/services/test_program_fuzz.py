"""Thousands of small files, at night twenty, are read, measured and evaluated: nothing raises, no unknown is GREEN."""

import random
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from rmos.cam.child import measure_bytes
from rmos.cam.gcode.reader import read_program
from rmos.cam.measure.time import measure_time
from rmos.engines.registry import Registry
from rmos.services.artifact import RunRequest
from rmos.services.deciding import complete_context
from rmos.services.programs.checking import ProgramRequest, check_program, dump_measured
from rmos.services.programs.reading import MeasureReply, MeasureRequest
from rmos.services.programs.setup import ProgramOptions
from tests.helpers.made_programs import make_program
from tests.helpers.mutation import make_noise, spoil
from tests.helpers.rings import RING_CONTEXT, SLOT
from tests.trying import tries_at_night

ENGINES: Final = Registry()
CONTEXT: Final = complete_context(RunRequest(mode="router", tool_id="em-3175-2f", context=RING_CONTEXT), ENGINES.shop)
SNIPPETS: Final = Path(__file__).parents[1] / "data" / "gcode"
MOST_MM: Final = 400.0
"""Of path: what is longer says nothing more, and takes longer."""


@cache
def list_seeds() -> list[bytes]:
    """Return programs that are short to cut, as they are written."""
    programs = [path.read_bytes() for path in sorted(SNIPPETS.iterdir()) if path.suffix in (".nc", ".txt")]
    programs += [make_program(seed).encode() for seed in range(60)]
    short = [data for data in programs if sum(measure_time(read_program(data).motions, None).lengths) < MOST_MM * 1000]
    return short + [SLOT.encode()] * len(short)


DIALECTS: Final = (None, "grbl", "linuxcnc", "fanuc", "mach", "carbide_motion", "buildbotics", "masso")
PARTS: Final = 40
EACH: Final = 500


def measure_here(data: bytes, request: MeasureRequest) -> MeasureReply:
    return MeasureReply(measure_bytes(data, request), None)


def check_file(seed: int) -> str:
    """Check one file and return its colour."""
    chance = random.Random(seed)
    way = chance.random()
    seed_file = chance.choice(list_seeds())
    data = make_noise(chance) if way < 0.2 else seed_file if way < 0.25 else spoil(seed_file, chance)
    tools = dict.fromkeys(range(1, 4), "em-3175-2f") if chance.random() < 0.7 else {}
    options = ProgramOptions(tools=tools, units=chance.choice([None, "mm", "inch"]), dialect=chance.choice(DIALECTS))
    engine = ENGINES.baseline_v2
    checked = check_program(
        ENGINES.shop,
        data,
        ProgramRequest(context=CONTEXT, tool_id="em-3175-2f", options=options),
        lambda design, context: engine.compute(spec=design, ctx=context, request_id="r"),
        measure=measure_here,
    )
    worst = {finding.level for finding in checked.findings}
    assert checked.measured is not None
    assert dump_measured(checked.measured)
    assert not (checked.colour in ("GREEN", "YELLOW") and worst & {"UNKNOWN", "RED"}), seed
    assert not (checked.colour == "GREEN" and "YELLOW" in worst), seed
    assert checked.cuts or checked.colour not in ("GREEN", "YELLOW"), seed
    return checked.colour


def test_a_few_files_of_every_colour_are_judged_and_none_unknown_is_green() -> None:
    assert {check_file(seed) for seed in range(60)} >= {"GREEN", "RED", "UNKNOWN"}


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_no_file_raises_and_none_unknown_is_green(part: int) -> None:
    for seed in range(part * EACH, part * EACH + tries_at_night(EACH, EACH // 5)):
        check_file(seed)
