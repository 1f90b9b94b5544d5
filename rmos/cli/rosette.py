"""`rmos rosette`: a drawing from a sentence."""

from pathlib import Path
from typing import Any, Final, Literal, cast

import click
import msgspec

from rmos import digest
from rmos.cli.exits import DONE
from rmos.cli.output import emit, json_option, say
from rmos.errors import StorageFailed
from rmos.rosette import (
    MAX_SEED,
    Interpretation,
    RosetteSpec,
    bill_of_materials,
    derive_seed,
    dxf_text,
    encode_spec,
    interpret,
    manufacture,
    png_bytes,
    render,
    vary,
)
from rmos.rosette.manufacture import Manufacture
from rmos.rosette.spec import mm_text
from rmos.rosette.wording import ring_words, title

_OUT: Final = click.Path(dir_okay=False, path_type=Path)


@click.command("rosette")
@click.argument("prompt")
@click.option(
    "--seed", type=click.IntRange(0, MAX_SEED), metavar="N", help="Which variant; without it, the prompt's own."
)
@click.option("--out", type=_OUT, metavar="FILE", help="Write the drawing as SVG.")
@click.option("--png", type=_OUT, metavar="FILE", help="Write it as PNG too (extra `png`).")
@click.option("--dxf", type=_OUT, metavar="FILE", help="Write what a machine may cut as DXF (extra `dxf`).")
@click.option(
    "--profile",
    type=click.Choice(["compact", "cam"]),
    default="compact",
    show_default=True,
    help="SVG for viewing, or closed paths in layers for cutting.",
)
@json_option
def rosette(
    prompt: str,
    seed: int | None,
    out: Path | None,
    png: Path | None,
    dxf: Path | None,
    profile: str,
    as_json: bool,
) -> int:
    """Draw a rosette from a sentence, in real millimetres.

    Says what was understood, assumed and not understood, what to mind when
    it is made, and the digest that proves later which drawing it was. The
    same prompt and seed give the same bytes on every machine. Records
    nothing; writes only the files that are named.

    \b
    Exit codes: 0 drawn, 1 a file could not be written, 2 usage, a prompt
    that cannot be followed or an extra that is not installed,
    130 interrupted.
    """
    understood = interpret(prompt)
    source = "derived" if seed is None else "given"
    seed = derive_seed({"prompt": prompt}) if seed is None else seed
    spec = vary(understood.spec, seed)
    prompt_sha256 = digest.sha256_hex(prompt.encode())
    svg = render(spec, cast("Literal['compact', 'cam']", profile), prompt_sha256=prompt_sha256)
    # All of them before the first is written: a missing extra leaves nothing half done.
    files = [(out, svg.encode())] if out else []
    files += [(png, png_bytes(svg))] if png else []
    files += [(dxf, dxf_text(spec).encode())] if dxf else []
    for path, data in files:
        _write(path, data)
    made = manufacture(spec)
    sha256 = digest.sha256_hex(svg.encode())
    if as_json:
        emit(_document(understood, spec, made, sha256=sha256, source=source))
        return DONE
    _say_rosette(understood, spec, made)
    say(f"  {'seed':<12} {seed} ({source})")
    say(f"  {'digest':<12} {sha256}")
    for path, data in files:
        say(f"  {'written':<12} {path} ({len(data)} bytes)")
    return DONE


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StorageFailed(f"{path.name} could not be written: {(error.strerror or 'refused').lower()}.") from None


def _document(understood: Interpretation, spec: RosetteSpec, made: Manufacture, *, sha256: str, source: str) -> Any:
    return {
        "variant_sha256": sha256,
        "variant_seed": spec.seed,
        "seed_source": source,
        "spec": encode_spec(spec),
        "assumptions": understood.assumptions,
        "unrecognized": understood.unrecognized,
        "bom": bill_of_materials(spec),
        "operations": [msgspec.to_builtins(operation) for operation in made.operations],
        "warnings": made.warnings,
    }


def _say_rosette(understood: Interpretation, spec: RosetteSpec, made: Manufacture) -> None:
    say(title(spec))
    hole, outside = mm_text(spec.soundhole_diameter), mm_text(2 * spec.outer_radius)
    say(f"  {'sizes':<12} hole {hole} mm, {mm_text(spec.width)} mm wide, {outside} mm outside")
    for place, ring in enumerate(spec.rings, start=1):
        say(f"  {f'ring {place}':<12} {ring_words(ring)}")
    for label, words in (("assumed", understood.assumptions), ("not taken", understood.unrecognized)):
        for word in words:
            say(f"  {label:<12} {word}")
    for warning in made.warnings:
        where = f"ring {warning.ring}: " if warning.ring else ""
        say(f"  {warning.severity:<12} {where}{warning.message}")
