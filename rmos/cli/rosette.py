"""`rmos rosette`: a drawing from a sentence."""

from pathlib import Path
from typing import Any, Final, Literal, cast

import click
import msgspec
from flask.cli import with_appcontext

from rmos import digest, ids
from rmos.cam.dialects import load_dialects
from rmos.cli.exits import DONE
from rmos.cli.opening import command_actor, open_for_writing
from rmos.cli.output import emit, json_option, make_folder, say, write_file
from rmos.context import current_rmos, require_request_id
from rmos.counts import count_of
from rmos.errors.request import ValidationFailed
from rmos.rosette.bom import bill_of_materials
from rmos.rosette.dxf import dxf_text
from rmos.rosette.interpret import NOTHING
from rmos.rosette.manufacture import Manufacture, manufacture
from rmos.rosette.outputs import png_bytes
from rmos.rosette.plan_pages import plan_html, plan_svg
from rmos.rosette.seeded import MAX_SEED
from rmos.rosette.spec import RosetteSpec, decode_spec, encode_spec, mm_text
from rmos.rosette.svg import render
from rmos.rosette.wording import ring_words, title
from rmos.services.artifact import RunRequest
from rmos.services.rosettes.cuts import MODE, CutEvaluator
from rmos.services.rosettes.designs import dump_rosette_design
from rmos.services.rosettes.plans import RosettePlan, RosetteRequest, plan_rosettes
from rmos.services.rosettes.recorder import record_rosettes
from rmos.services.rosettes.records import RosetteMade
from rmos.services.toolpaths import MakeRequest, ProgramOrigin, make_programs

_OUT: Final = click.Path(dir_okay=False, path_type=Path)


@click.command("rosette")
@click.argument("prompt", required=False)
@click.option(
    "--spec",
    "spec_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Begin with a spec in JSON, as --json shows it; the prompt then says what is to change.",
)
@click.option(
    "--seed", type=click.IntRange(0, MAX_SEED), metavar="N", help="Which variant; without it, the prompt's own."
)
@click.option("--out", type=_OUT, metavar="FILE", help="Write the drawing as SVG.")
@click.option("--png", type=_OUT, metavar="FILE", help="Write it as PNG too (extra `png`).")
@click.option(
    "--plan",
    "plan_file",
    type=_OUT,
    metavar="FILE",
    help="Write the glue-up plan at full size: SVG, or HTML to print where the name ends so.",
)
@click.option(
    "--dxf", type=_OUT, metavar="FILE", help="Write what a machine may cut as DXF, a layer for each operation."
)
@click.option(
    "--profile",
    type=click.Choice(["compact", "cam"], case_sensitive=False),
    default="compact",
    show_default=True,
    help="SVG for viewing, or closed paths in layers for cutting.",
)
@click.option(
    "--gcode",
    "gcode_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write drafts of its programs into a folder: each stops at once and stays above the stock.",
)
@click.option(
    "--post",
    type=click.Choice([*load_dialects()], case_sensitive=False),
    default="grbl",
    metavar="NAME",
    help=f"Which controller drafts are for: {', '.join(load_dialects())}; grbl by default.",
)
@click.option("--soundhole", is_flag=True, help="The machine cuts the soundhole too, last of all.")
@click.option("--record", is_flag=True, help="Record it too: a run with the drawing attached and the cuts evaluated.")
@json_option
@with_appcontext
def rosette(
    prompt: str | None,
    spec_file: Path | None,
    seed: int | None,
    out: Path | None,
    png: Path | None,
    plan_file: Path | None,
    dxf: Path | None,
    gcode_folder: Path | None,
    post: str,
    soundhole: bool,
    profile: str,
    record: bool,
    as_json: bool,
) -> int:
    """Draw a rosette from a sentence, in real millimetres.

    Says what was understood, assumed and not understood, what to mind when
    it is made, and the digest that proves later which drawing it was. The
    same prompt and seed give the same bytes on every machine. Writes only
    the files that are named, and with --record a run of its own; without
    it the record is never touched. What cuts never comes from here: drafts
    (--gcode) show where tools would go, `rmos toolpaths` writes programs.

    \b
    Exit codes: 0 drawn, 1 a file could not be written, 2 usage, a prompt
    that cannot be followed or an extra that is not installed,
    10 nowhere to record, 130 interrupted.
    """
    request = RosetteRequest(
        prompt=prompt, spec=_spec_in(spec_file), seed=seed, cut_soundhole=True if soundhole else None
    )
    plan = plan_rosettes(request, current_rmos().interpreter, None)
    spec = plan.variant(0)
    svg = render(spec, cast("Literal['compact', 'cam']", profile), prompt_sha256=request.prompt_sha256())
    # All of them before the first is written: a missing extra leaves nothing half done.
    files = [(out, svg.encode())] if out else []
    files += [(png, png_bytes(svg))] if png else []
    files += [(plan_file, _glue_up_plan(spec, plan_file).encode())] if plan_file else []
    files += [(dxf, dxf_text(spec).encode())] if dxf else []
    files += _draft_programs(spec, gcode_folder, post, soundhole=soundhole) if gcode_folder else []
    for path, data in files:
        write_file(path, data)
    made = manufacture(spec, cut_soundhole=soundhole)
    sha256 = digest.sha256_hex(svg.encode())
    recorded = _record_rosette(request, plan) if record else None
    if as_json:
        emit(_document(plan, spec, made, sha256) | ({} if recorded is None else _run_members(recorded)))
        return DONE
    _say_rosette(plan, spec, made)
    say(f"  {'seed':<12} {spec.seed} ({plan.seed_source})")
    say(f"  {'digest':<12} {sha256}")
    for path, data in files:
        say(f"  {'written':<12} {path} ({count_of(len(data), 'byte')})")
    if recorded is not None:
        why = f": {recorded.block_reason}" if recorded.block_reason else ""
        say(f"  {'recorded':<12} {recorded.run_id} {recorded.run_status} {recorded.risk_level}{why}")
    return DONE


def _glue_up_plan(spec: RosetteSpec, path: Path) -> str:
    """Return the glue-up plan in the format that the name of its file asks for."""
    return plan_html(spec) if path.suffix.lower() in (".html", ".htm") else plan_svg(spec)


def _draft_programs(spec: RosetteSpec, folder: Path, post: str, *, soundhole: bool) -> list[tuple[Path, bytes]]:
    """Return the drafts of what would cut a rosette, with the largest of the shop's cutters that have room.

    Raises:
        ToolDoesNotFit, NoEntry, TooManyMoves, ShapeUnknown, ExtraMissing.
    """
    rmos = current_rmos()
    evaluator = CutEvaluator(
        rmos.engines,
        tool_id=None,
        machine_id=None,
        request_id=require_request_id(),
        timeout_ms=rmos.settings.engine_timeout_ms,
    )
    evaluated = evaluator.evaluate_rosette(spec, cut_soundhole=soundhole)
    design = dump_rosette_design(evaluated, {"spec": encode_spec(spec)})
    request = RunRequest(mode=MODE, tool_id=evaluated.worst.tool_id, design=design)
    made = make_programs(rmos.engines.shop, request, MakeRequest(dialect=post), ProgramOrigin(), is_draft=True)
    make_folder(folder)
    return [(folder / program.name, program.data) for program in made.programs]


def _spec_in(path: Path | None) -> dict[str, Any] | None:
    """Return the spec in a file: itself, or the member `spec` of what --json or the service shows."""
    if path is None:
        return None
    try:
        document = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        found: Any = document.get("spec", document)
        decode_spec(found)
    except ValidationFailed as refusal:
        reasons = "; ".join(f"{name}: {', '.join(texts)}" for name, texts in (refusal.errors or {}).items())
        raise ValidationFailed(f"{path.name} holds no rosette: {reasons}.", errors=refusal.errors) from None
    except (OSError, msgspec.MsgspecError, UnicodeError):
        raise ValidationFailed(f"{path.name} holds no JSON object that can be read.") from None
    return cast("dict[str, Any]", found)


def _record_rosette(request: RosetteRequest, plan: RosettePlan) -> RosetteMade:
    """Record the rosette; what is recorded is the drawing for viewing, whatever profile is written."""
    store, rmos = open_for_writing(), current_rmos()
    return record_rosettes(
        store,
        rmos.engines,
        rmos.interpreter,
        request,
        actor=command_actor(require_request_id()),
        us=ids.now_us(),
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
        plan=plan,
    )[0]


def _run_members(recorded: RosetteMade) -> dict[str, Any]:
    names = ("run_id", "run_status", "risk_level", "score", "block_reason", "indexed")
    return {name: getattr(recorded, name) for name in names}


def _document(plan: RosettePlan, spec: RosetteSpec, made: Manufacture, sha256: str) -> dict[str, Any]:
    return {
        "variant_sha256": sha256,
        "variant_seed": spec.seed,
        "seed_source": plan.seed_source,
        "spec": encode_spec(spec),
        "assumptions": plan.assumptions,
        "unrecognized": plan.unrecognized,
        "bom": bill_of_materials(spec),
        "operations": [msgspec.to_builtins(operation) for operation in made.operations],
        "warnings": made.warnings,
    }


def _say_rosette(plan: RosettePlan, spec: RosetteSpec, made: Manufacture) -> None:
    # What is not as it was asked for comes first.
    first = [word for word in plan.assumptions if word == NOTHING]
    for label, words in (("assumed", first), ("not taken", plan.unrecognized)):
        for word in words:
            say(f"  {label:<12} {word}")
    say(title(spec))
    hole, outside = mm_text(spec.soundhole_diameter), mm_text(2 * spec.outer_radius)
    say(f"  {'sizes':<12} hole {hole} mm, {mm_text(spec.width)} mm wide, {outside} mm outside")
    for place, ring in enumerate(spec.rings, start=1):
        say(f"  {f'ring {place}':<12} {ring_words(ring)}")
    shown = (("changed", plan.changed), ("assumed", [word for word in plan.assumptions if word != NOTHING]))
    for label, words in shown:
        for word in words:
            say(f"  {label:<12} {word}")
    for warning in made.warnings:
        where = f"ring {warning.ring}: " if warning.ring else ""
        say(f"  {warning.severity:<12} {where}{warning.message}")
