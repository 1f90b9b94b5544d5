"""Programs for machines: how fast they are measured and drawn. All of it is CPU time in this process.

The programs are made here and read by the reader: a channel for a rosette in two levels, the same with 24 pockets for
inlays, and a surface of 150 000 tiny lines, as CAM posts one.
"""

import math
import time
from collections.abc import Callable, Iterator
from typing import Final

from benchmarks.figures import AtLeast, AtMost, Figure, measured
from benchmarks.stores import Say
from rmos.cam.gcode.reader import read_program
from rmos.cam.measure import measure_program
from rmos.cam.measure.blocks import list_blocks
from rmos.cam.measure.removal import measure_removal
from rmos.cam.measure.setup import MachineAxes, ProgramSetup, Stock, ToolShape
from rmos.cam.measure.time import measure_time
from rmos.cam.motion import Program
from rmos.cam.picture import draw_program
from rmos.engines.registry import Registry
from rmos.rosette.interpret import interpret
from rmos.rosette.spec import encode_spec
from rmos.rosette.vary import vary
from rmos.services.artifact import RunRequest
from rmos.services.rosettes.cuts import MODE, CutEvaluator
from rmos.services.rosettes.designs import dump_rosette_design
from rmos.services.toolpaths import MakeRequest, ProgramOrigin, make_programs

_ENGINES: Final = Registry()
_AXES: Final = MachineAxes(max_rate_mm_min=(5000, 5000, 3000), acceleration_mm_s2=(250, 250, 100))
_SETUP: Final = ProgramSetup(
    tools={1: ToolShape(diameter_mm=3.175), 2: ToolShape(diameter_mm=1.0)},
    stock=Stock(thickness_mm=3.0, width_mm=160.0, height_mm=160.0, origin="stock_centre"),
    machine=_AXES,
)
_HEAD: Final = ("G21 G90 G17 G94 G91.1", "T1 M6", "S18000 M3", "G4 P3", "G0 Z6")
_TAIL: Final = ("G0 Z6", "M5", "M30")
_RADII: Final = (47.588, 48.544, 49.5, 50.456, 51.412)
_POCKETS: Final = 24
_LINES: Final = 150_000


def figures(rounds: int, say: Say) -> list[Figure]:
    """Measure how programs are measured."""
    say("programs")
    channel = _read([*_HEAD, *_list_channel(), *_TAIL])
    whole = _read([*_HEAD, *_list_channel(), *_list_pockets(), *_TAIL])
    surface = _read([*_HEAD, *_list_surface(), *_TAIL])
    blocks = sum(1 for _ in list_blocks(surface.motions, _AXES.arc_tolerance_mm))
    timed = _measure_cpu_s(lambda: measure_time(surface.motions, _AXES), rounds)
    return [
        measured(
            "program: time with acceleration, of its CPU",
            [blocks / seconds for seconds in timed],
            "blocks/s",
            target=AtLeast(150_000),
        ),
        _removal_figure("program: removal of a rosette channel, CPU", channel, rounds, AtMost(1.5)),
        _removal_figure("program: removal of a rosette with 24 pockets, CPU", whole, rounds, AtMost(8)),
        *_made_figures(rounds),
        _removal_figure(f"program: removal of a surface of {_LINES} lines, CPU", surface, rounds, None),
        measured(
            "program: a rosette channel measured, CPU",
            _measure_cpu_s(lambda: measure_program(channel, _SETUP), rounds),
            "s",
        ),
        measured(
            f"program: picture of {_LINES} lines, CPU",
            _measure_cpu_s(lambda: draw_program(surface.motions, _SETUP), rounds),
            "s",
        ),
    ]


def _made_figures(rounds: int) -> list[Figure]:
    """Measure how long the programs of a rosette take from its design to what the reader says of them."""
    circles = _make_request("solid spalted maple ring 8 mm with bwb")
    inlays = _make_request("ebony band with pearl dots every 15 degrees, 6 mm band")
    return [
        measured(
            "program: a rosette of circles made, written and read back, CPU",
            _measure_cpu_s(lambda: _make_and_read(circles), rounds),
            "s",
            target=AtMost(0.05),
        ),
        measured(
            "program: a rosette with 24 pockets and parts made, written, read back and measured, CPU",
            _measure_cpu_s(lambda: _make_and_read(inlays, is_measured=True), rounds),
            "s",
            target=AtMost(8),
        ),
    ]


def _make_request(prompt: str) -> RunRequest:
    """Return what asks for the toolpaths of a rosette and its soundhole."""
    spec = vary(interpret(prompt).spec, 1)
    evaluator = CutEvaluator(_ENGINES, tool_id=None, machine_id=None, request_id="-", timeout_ms=60_000)
    evaluated = evaluator.evaluate_rosette(spec, cut_soundhole=True)
    design = dump_rosette_design(evaluated, {"spec": encode_spec(spec)})
    return RunRequest(mode=MODE, tool_id=evaluated.worst.tool_id, design=design)


def _make_and_read(request: RunRequest, *, is_measured: bool = False) -> None:
    made = make_programs(_ENGINES.shop, request, MakeRequest(dialect="grbl"), ProgramOrigin())
    for program in made.programs:
        read = read_program(program.data)
        if is_measured:
            tool = _ENGINES.shop.tools[next(iter(program.options.tools.values()))]
            tools = {1: ToolShape(diameter_mm=float(tool["diameter_mm"]))}
            setup = ProgramSetup(tools=tools, stock=Stock(thickness_mm=2.3), machine=_AXES, dialect="grbl")
            measure_program(read, setup)


def _removal_figure(name: str, program: Program, rounds: int, target: AtMost | None) -> Figure:
    times = measure_time(program.motions, _AXES)
    samples = _measure_cpu_s(lambda: measure_removal(program.motions, _SETUP, times), rounds)
    return measured(name, samples, "s", target=target, besides={"motions": float(len(program.motions))})


def _measure_cpu_s(call: Callable[[], object], rounds: int) -> list[float]:
    call()  # the first one loads numpy
    samples = []
    for _ in range(rounds):
        started = time.process_time_ns()
        call()
        samples.append((time.process_time_ns() - started) / 1e9)
    return samples


def _read(lines: list[str]) -> Program:
    return read_program("\n".join(lines).encode())


def _list_channel() -> Iterator[str]:
    """Yield a channel of 46 to 53 mm, 1.5 mm deep, in two levels."""
    yield f"G0 X{_RADII[0]} Y0"
    yield "G1 Z0.2 F600"
    for level in (-0.75, -1.5):
        yield f"G1 X{_RADII[0]} Y0 F1800"
        yield f"G3 X{_RADII[0]} Y0 Z{level} I-{_RADII[0]} J0 F1800"
        for radius in _RADII:
            yield f"G1 X{radius} F1800"
            yield f"G3 X{radius} Y0 I-{radius} J0 F1800"
    yield "G0 Z6"


def _list_pockets() -> Iterator[str]:
    """Yield round pockets of 5 mm on a circle, 1.5 mm deep in six levels, with a tool of 1 mm."""
    yield from ("T2 M6", "S18000 M3", "G4 P3")
    for number in range(_POCKETS):
        angle = math.tau * number / _POCKETS
        x, y = 60 * math.cos(angle), 60 * math.sin(angle)
        for level in range(1, 7):
            for radius in (0.4, 0.8, 1.2, 1.6, 2.0):
                yield (
                    f"G0 X{x + radius:.3f} Y{y:.3f}"
                    if level == 1 and radius == 0.4
                    else f"G1 X{x + radius:.3f} Y{y:.3f}"
                )
                yield f"G1 Z{-0.25 * level:.3f} F300" if radius == 0.4 else "F600"
                yield f"G3 X{x + radius:.3f} Y{y:.3f} I-{radius} J0 F600"
        yield "G0 Z6"


def _list_surface() -> Iterator[str]:
    """Yield rows of tiny lines over a wave."""
    yield "G1 Z0 F600"
    across = _LINES // 100
    for row in range(100):
        for column in range(across) if row % 2 == 0 else reversed(range(across)):
            x, y = column * 0.1 - 75, row * 0.5 - 25
            yield f"G1 X{x:.3f} Y{y:.3f} Z{-1 - 0.5 * math.sin(x / 7) * math.cos(y / 5):.3f} F1800"
