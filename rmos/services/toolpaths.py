"""Make the programs of an approved design: the paths of each cut, written for one controller.

    made = make_programs(engines.shop, request, MakeRequest(dialect="grbl"), origin)
    made.programs[0].name, made.toolpaths

Feed, plunge, speed, depths and tools are those of the evaluated cuts; where they run is the shape of the rosette.
Nothing here is believed: what was made is read, measured and covered as any program that somebody sends.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from rmos.cam.dialects import Dialect, find_dialect
from rmos.cam.paths.cut import PathOptions, fit_units
from rmos.cam.paths.making import Room, make_toolpaths
from rmos.cam.paths.toolpaths import Toolpaths, digest_toolpaths, dump_toolpaths
from rmos.cam.posts.writer import ProgramHead, raise_path, write_program
from rmos.engines.shop import Shop
from rmos.errors.request import ValidationFailed
from rmos.errors.toolpaths import ShapeUnknown
from rmos.names import find_name
from rmos.rosette.spec import RosetteSpec, decode_spec
from rmos.services.artifact import MadePrograms, RunRequest, SentProgram
from rmos.services.deciding import complete_context
from rmos.services.design_cuts import read_cut_contexts, read_design_cuts
from rmos.services.programs.setup import ProgramOptions, read_length
from rmos.services.rosettes.cut_routes import ChosenCut, find_route, read_path_cut

_SHA_DIGITS: Final = 32
"""Of the digest of the toolpaths that a program names; a comment has 60 characters."""


class MakeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the toolpaths of a design."""

    dialect: str | None = None
    """None is that of the machine."""
    options: PathOptions = PathOptions()
    is_coolant_given: bool = False
    """Whether the caller chose the coolant; else it is the one that was evaluated."""
    operations: tuple[str, ...] = ()
    """Which cuts, as `channel` or `inlay_pocket:3`; none is all."""


class ProgramOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """Where programs come from, as they say it themselves."""

    run_id: str | None = None
    """The run that was approved."""
    session_id: str | None = None


def make_programs(
    shop: Shop, request: RunRequest, asked: MakeRequest, origin: ProgramOrigin, *, is_draft: bool = False
) -> MadePrograms:
    """Return the programs of a design, one for each cut, with the toolpaths that they were written from.

    Args:
        is_draft: whether they are to be looked at only: they stop at once and stay above the stock.

    Raises:
        ShapeUnknown: the design says no shape.
        ValidationFailed: no dialect is said or known, a cut is not there, a number of a cut is missing.
        ToolDoesNotFit, NoEntry, TabsTooLong, OutsideStock, OutsideTravel, TooManyMoves.
    """
    dialect = _find_dialect(shop, request, asked)
    spec = _read_spec(request.design)
    chosen = _choose(request, complete_context(request, shop), asked.operations)
    travel = _read_travel(shop, request.machine_id)
    paths = [_make_paths(item, spec, shop, asked, travel) for item in chosen]
    numbers = _number_tools(chosen)
    sha256 = digest_toolpaths(paths)
    programs = tuple(
        _write(
            item,
            raise_path(path) if is_draft else path,
            dialect,
            ProgramHead(
                number=number,
                tool_number=numbers[item.cut.tool_id],
                lines=(*_list_origin(origin, sha256), _describe_stock(item)),
                units=asked.options.units,
                is_draft=is_draft,
            ),
        )
        for number, (item, path) in enumerate(zip(chosen, paths, strict=True), 1)
    )
    return MadePrograms(programs=programs, toolpaths=dump_toolpaths(paths))


def _find_dialect(shop: Shop, request: RunRequest, asked: MakeRequest) -> Dialect:
    """Return the dialect that was asked for, else that of the machine.

    Raises:
        ValidationFailed.
    """
    machine = None if request.machine_id is None else find_name(request.machine_id, shop.axes)
    dialect = asked.dialect or (None if machine is None else shop.axes[machine].get("dialect"))
    if dialect is None:
        text = "Say which controller runs it: a dialect of GET /api/rmos/dialects. The machine of the session has none."
        raise ValidationFailed.of_request({"post_processor_id": [text]})
    try:
        return find_dialect(dialect)
    except ValidationFailed as unknown:
        raise ValidationFailed(unknown.detail, errors={"post_processor_id": [unknown.detail]}) from None


def _read_spec(design: Mapping[str, Any]) -> RosetteSpec:
    """Return the rosette that a design is.

    Raises:
        ShapeUnknown.
    """
    rosette = design.get("rosette")
    spec = rosette.get("spec") if isinstance(rosette, Mapping) else None
    if not isinstance(spec, Mapping) or read_design_cuts(design) is None:
        raise ShapeUnknown("The design says how a cut is made, and no shape that a tool could follow.")
    try:
        return decode_spec(spec)
    except ValidationFailed:
        raise ShapeUnknown("The rosette of the design cannot be read, so there is no shape to follow.") from None


def _choose(request: RunRequest, context: dict[str, Any], operations: Sequence[str]) -> list[ChosenCut]:
    """Return the cuts that are asked for, in the order of the design.

    Raises:
        ValidationFailed: one of them is not there.
    """
    found = read_design_cuts(request.design)
    cuts = [] if found is None else found.cuts
    every = [
        ChosenCut(place=place, cut=cut, context=of_cut)
        for place, (cut, of_cut) in enumerate(zip(cuts, read_cut_contexts(context), strict=True))
    ]
    if not operations:
        return every
    labels = list(dict.fromkeys(item.label for item in every))
    wrong = [name for name in operations if name not in labels and name not in {item.cut.operation for item in every}]
    if wrong:
        text = f"The design has no {wrong[0]}; it has {', '.join(labels)}."
        raise ValidationFailed.of_request({"operations": [text]})
    return [item for item in every if item.label in operations or item.cut.operation in operations]


def _make_paths(
    item: ChosenCut, spec: RosetteSpec, shop: Shop, asked: MakeRequest, travel: tuple[int, int, int] | None
) -> Toolpaths:
    options = asked.options
    cut = fit_units(read_path_cut(item.cut, item.context, shop), options.units)
    if not asked.is_coolant_given and item.context.get("coolant") in ("air", "mist"):
        options = msgspec.structs.replace(options, coolant=item.context["coolant"])
    sizes = [read_length(item.context, "stock", name) for name in ("width", "height")]
    width, height = (None if size is None else round(size * 1000) for size in sizes)
    room = Room(width_um=width, height_um=height, travel_um=travel)
    if cut.operation == "inlay_part":
        options = msgspec.structs.replace(options, origin="stock_corner")
    route, notes = find_route(spec, item, cut, options)
    return make_toolpaths(cut, route, options, room, notes=notes)


def _read_travel(shop: Shop, machine_id: str | None) -> tuple[int, int, int] | None:
    name = None if machine_id is None else find_name(machine_id, shop.axes)
    travel = None if name is None else shop.axes[name].get("travel_mm")
    if not isinstance(travel, list | tuple):
        return None
    x, y, z = (round(size * 1000) for size in travel)
    return x, y, z


def _number_tools(chosen: Sequence[ChosenCut]) -> dict[str, int]:
    """Return the T of each tool: they are counted in the order in which they cut."""
    return {tool_id: number for number, tool_id in enumerate(dict.fromkeys(item.cut.tool_id for item in chosen), 1)}


def _list_origin(origin: ProgramOrigin, sha256: str) -> Iterator[str]:
    if origin.run_id is not None:
        yield f"approved in {origin.run_id}"
    if origin.session_id is not None:
        yield f"session {origin.session_id}"
    yield f"toolpaths {sha256[:_SHA_DIGITS]}"


def _describe_stock(item: ChosenCut) -> str:
    thickness = read_length(item.context, "stock", "thickness")
    return "stock not stated" if thickness is None else f"stock {thickness:.3f} mm thick"


def _write(item: ChosenCut, paths: Toolpaths, dialect: Dialect, head: ProgramHead) -> SentProgram:
    ring = "" if item.cut.ring is None else f"_R{item.cut.ring}"
    draft = "DRAFT_" if head.is_draft else ""
    return SentProgram(
        data=write_program(paths, dialect, head).encode("ascii"),
        name=f"{draft}{head.number:02d}_{item.cut.operation}{ring}_T{head.tool_number}.{dialect.extension}",
        options=ProgramOptions(
            tools={head.tool_number: item.cut.tool_id},
            zero=paths.zero,
            dialect=dialect.id,
            origin=paths.origin,
        ),
        cut=item.place,
    )
