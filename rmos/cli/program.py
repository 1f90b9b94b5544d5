"""`rmos program`: the file that a CAM posted, read, measured and judged as it stands.

    rmos program ring.nc --tool 1=em-3175-2f --material sitka_spruce --stock 3

It asks the same reader, engine, tools and materials as `POST /api/rmos/programs`, and needs no store
unless the run is recorded.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final, cast

import click
from flask.cli import with_appcontext

from rmos import ids
from rmos.cam.dialects import load_dialects
from rmos.cam.measure.setup import StockOrigin, Zero
from rmos.cam.motion import Units
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.opening import command_actor, open_or_create
from rmos.cli.output import emit, json_option, say, write_file
from rmos.cli.program_tables import say_program
from rmos.context import current_rmos, require_request_id
from rmos.errors.programs import ProgramNotDrawn
from rmos.errors.request import PayloadTooLarge
from rmos.schemas.programs import ORIGINS, UNITS, ZEROS, dump_program_checked
from rmos.services.program_checks import ProgramCheck, ProgramChecked, check_sent_program, try_program
from rmos.services.programs.reading import MeasureRequest, measure_patiently
from rmos.services.programs.setup import ProgramOptions

_TOOL: Final = re.compile(r"(\d{1,5})=(\S.*)")
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)[x×](\d+(?:\.\d+)?)", re.IGNORECASE)
_MOST_MM: Final = 1e6
_LARGEST: Final = 256 * 1024 * 1024
"""Bytes of a program that is not recorded; one that is has the limit of the service."""


class _NumberedTool(click.ParamType[tuple[int, str]]):
    """A tool of the program and what it is: `1=em-3175-2f`."""

    name = "tool"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, str]:
        """Return the number and the id."""
        match = _TOOL.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.fail(
                f"{value!r} is no tool; write its number in the program and its id, like 1=em-3175-2f.", param, ctx
            )
        return int(match[1]), match[2]


class _Size(click.ParamType[tuple[float, float]]):
    """Width and height in mm: `160x140`."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        """Return width and height."""
        match = _SIZE.fullmatch(value) if isinstance(value, str) else None
        if match is None or not 0 < float(match[1]) <= _MOST_MM or not 0 < float(match[2]) <= _MOST_MM:
            self.fail(f"{value!r} is no size; write width and height in mm, like 160x140.", param, ctx)
        return float(match[1]), float(match[2])


@click.command("program")
@click.argument("file", type=click.File("rb"), metavar="FILE")
@click.option(
    "--tool",
    "tools",
    type=_NumberedTool(),
    multiple=True,
    metavar="N=ID",
    help="Which tool of the shop the program's T1 is, such as 1=em-3175-2f; once for each.",
)
@click.option("--material", metavar="ID", help="A material of the shop, such as sitka_spruce.")
@click.option(
    "--stock",
    type=click.FloatRange(0, _MOST_MM, min_open=True),
    metavar="MM",
    required=True,
    help="How thick the stock is.",
)
@click.option("--size", type=_Size(), metavar="WxH", help="How large the stock is, in mm, such as 160x140.")
@click.option(
    "--origin",
    type=click.Choice(ORIGINS, case_sensitive=False),
    default="stock_corner",
    show_default=True,
    help="Where X0 Y0 is.",
)
@click.option(
    "--zero",
    type=click.Choice(ZEROS, case_sensitive=False),
    default="stock_top",
    show_default=True,
    help="Where Z0 is.",
)
@click.option("--machine", metavar="ID", help="A machine of the shop, such as light_desktop.")
@click.option(
    "--units", type=click.Choice(UNITS, case_sensitive=False), help="What a program without G20 and G21 is in."
)
@click.option(
    "--dialect",
    type=click.Choice([*load_dialects()], case_sensitive=False),
    metavar="NAME",
    help=f"What the controller speaks: {', '.join(load_dialects())}; by default that of the machine.",
)
@click.option(
    "--svg", "svg_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Draw it from above."
)
@click.option("--record", is_flag=True, help="Record it too: a run with the program attached.")
@json_option
@with_appcontext
def program(file: IO[bytes], svg_file: Path | None, record: bool, as_json: bool, **options: Any) -> int:
    """Say what a program will do and whether it should run.

    FILE is G-code as a CAM posts it, - the standard input. It is read,
    measured and judged cut by cut: how deep, how wide and how fast each tool
    cuts, how long it takes, what the controller lacks, and the line of what
    is wrong. The worst cut decides. Nothing is recorded without --record.

    \b
    Exit codes: 0 GREEN, 1 anything to mind, or the picture could not be
    written; 2 usage, no program, or a tool or machine that is not known;
    130 interrupted.
    """
    limit = current_rmos().settings.max_program_bytes if record else _LARGEST
    asked = _make_check(file, limit, **options)
    done = _record(asked) if record else _try(asked)
    if svg_file is not None:
        write_file(svg_file, _draw(asked, done))
    if as_json:
        emit(json.loads(dump_program_checked(done)))
    else:
        say_program(asked, done)
        if svg_file is not None:
            say(f"  {'written':<10} {svg_file}")
    return DONE if done.risk_level == "GREEN" else FINDINGS


def _make_check(
    file: IO[bytes],
    limit: int,
    *,
    tools: Sequence[tuple[int, str]],
    material: str | None,
    stock: float,
    size: tuple[float, float] | None,
    origin: str,
    zero: str,
    machine: str | None,
    units: str | None,
    dialect: str | None,
) -> ProgramCheck:
    numbers = [number for number, _ in tools]
    twice = next((number for number in numbers if numbers.count(number) > 1), None)
    if twice is not None:
        raise click.BadParameter(f"T{twice} is named twice.", param_hint="--tool")
    data = file.read(limit + 1)
    if len(data) > limit:
        raise PayloadTooLarge(f"A program may have {limit} bytes here.", limit_bytes=limit)
    plate: dict[str, Any] = {"thickness_mm": stock}
    if size is not None:
        plate |= {"width_mm": size[0], "height_mm": size[1]}
    return ProgramCheck(
        data=data,
        name="program.nc" if file.name in ("-", "<stdin>") else Path(file.name).name,
        material_id=material,
        machine_id=machine,
        stock=plate,
        origin=cast(StockOrigin, origin),
        options=ProgramOptions(
            tools=dict(tools),
            units=cast("Units | None", units),
            zero=cast(Zero, zero),
            dialect=dialect,
            origin=cast(StockOrigin, origin),
        ),
    )


def _try(asked: ProgramCheck) -> ProgramChecked:
    rmos = current_rmos()
    return try_program(
        rmos.engines,
        asked,
        request_id=require_request_id(),
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
        measure=measure_patiently,
    )


def _record(asked: ProgramCheck) -> ProgramChecked:
    rmos, store = current_rmos(), open_or_create()
    return check_sent_program(
        store,
        rmos.engines,
        asked,
        actor=command_actor(require_request_id()),
        us=ids.now_us(),
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
        measure=measure_patiently,
    )


def _draw(asked: ProgramCheck, done: ProgramChecked) -> str:
    """Return the picture of a program.

    Raises:
        ProgramNotDrawn: it could not be measured.
    """
    setup, worst = done.checked.setup, done.checked.worst
    if setup is None:
        raise ProgramNotDrawn("Nothing was measured of the program, so nothing can be drawn.")
    line = worst.cut.line if worst is not None and worst.colour != "GREEN" else None
    request = MeasureRequest(setup=setup, units=asked.options.units, picture=True, worst_line=line)
    reply = measure_patiently(asked.data, request)
    if reply.program is None or reply.program.picture is None:
        raise ProgramNotDrawn("It cannot be drawn." if reply.failure is None else reply.failure.text)
    return reply.program.picture
