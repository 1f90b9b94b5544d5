"""Toolpaths of rosettes without a store: the cuts, made and written as a session's would be."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from rmos.cam.paths.cut import PathOptions
from rmos.cam.paths.toolpaths import PathMove
from rmos.engines.registry import Registry
from rmos.rosette.interpret import interpret
from rmos.rosette.seeded import derive_seed
from rmos.rosette.spec import RosetteSpec, encode_spec
from rmos.rosette.vary import vary
from rmos.services.artifact import MadePrograms, RunRequest
from rmos.services.rosettes.cuts import MODE, CutEvaluator
from rmos.services.rosettes.designs import dump_rosette_design
from rmos.services.toolpaths import MakeRequest, ProgramOrigin, make_programs

ENGINES: Final = Registry()
CIRCLES: Final = ("channel", "ring_cutout", "soundhole")
"""Operations whose paths are circles, and so the same on every machine."""


def draw_spec(prompt: str, seed: int | None) -> RosetteSpec:
    """Return the rosette of a prompt."""
    return vary(interpret(prompt).spec, derive_seed({"prompt": prompt}) if seed is None else seed)


def make_design(spec: RosetteSpec, tool_id: str | None = None) -> RunRequest:
    """Return what asks for the toolpaths of a rosette and its soundhole."""
    evaluator = CutEvaluator(ENGINES, tool_id=tool_id, machine_id=None, request_id="-", timeout_ms=60_000)
    evaluated = evaluator.evaluate_rosette(spec, cut_soundhole=True)
    asked = {} if tool_id is None else {"tool": tool_id}
    design = dump_rosette_design(evaluated, {"spec": encode_spec(spec), "request": asked})
    return RunRequest(mode=MODE, tool_id=evaluated.worst.tool_id, design=design)


def make_for(
    request: RunRequest, dialect: str, *, operations: Sequence[str] = (), options: PathOptions | None = None
) -> MadePrograms:
    """Return the programs of a design for a controller."""
    asked = MakeRequest(dialect=dialect, operations=tuple(operations), options=options or PathOptions())
    return make_programs(ENGINES.shop, request, asked, ProgramOrigin())


def list_operations(request: RunRequest) -> list[str]:
    """Return the labels of the cuts of a design, as a request names them."""
    cuts: list[dict[str, Any]] = request.design["cuts"]
    labels = [cut["operation"] if cut["ring"] is None else f"{cut['operation']}:{cut['ring']}" for cut in cuts]
    return list(dict.fromkeys(labels))


def read_moves(made: MadePrograms) -> list[list[PathMove]]:
    """Return the moves of each operation from the toolpaths as they are stored."""
    document = msgspec.json.decode(made.toolpaths)
    return [[_read_move(move) for move in operation["moves"]] for operation in document["operations"]]


def _read_move(move: list[Any]) -> PathMove:
    return PathMove(*move)
