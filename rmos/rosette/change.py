"""`The same, but wider`: a rosette changed by a sentence, and what changed, said.

    change = apply_change(spec, "same but 2 mm wider lines, in koa")
    change.changed     # ("ring 4: materials maple, ebony → koa, ebony",)

A number that the sentence gives is taken as it is; a bare `wider` is a fifth more. Everything else stays as it was.
"""

from typing import Any, Final

import msgspec

from rmos.errors.request import ValidationFailed
from rmos.fixed import divide
from rmos.rosette.compose import STRIP, STRIPPED
from rmos.rosette.interpret import parse_prompt
from rmos.rosette.materials import MATERIALS
from rmos.rosette.parsed_prompt import Mention, ParsedPrompt
from rmos.rosette.presets import KIND_DEFAULTS
from rmos.rosette.spec import Ring, RosetteSpec, mm_text, stamp_version, validate_spec
from rmos.rosette.tones import replace_tone
from rmos.rosette.wording import KIND_WORDS, main_ring

_RATIOS: Final = {
    "wider": ("width", 120), "narrower": ("width", 80), "deeper": ("depth", 120), "shallower": ("depth", 80),
    "larger_hole": ("hole", 105), "smaller_hole": ("hole", 95), "thicker_lines": ("lines", 125),
    "thinner_lines": ("lines", 80), "more_tiles": ("tiles", 125), "fewer_tiles": ("tiles", 80),
}  # fmt: skip
"""Comparative → what it changes, and to how many per cent (RMOS policy: a step one can see)."""
_WHOLE: Final = {
    "hole": "soundhole_diameter",
    "gap": "edge_gap",
    "depth": "channel_depth",
    "top_thickness": "top_thickness",
}


class SpecChange(msgspec.Struct, frozen=True, kw_only=True):
    """The changed spec, what changed, and what of the sentence was not understood."""

    spec: RosetteSpec
    changed: tuple[str, ...]
    assumptions: tuple[str, ...] = ()
    unrecognized: tuple[str, ...] = ()


def apply_change(parent: RosetteSpec, prompt: str) -> SpecChange:
    """Return the parent with the changes that the prompt asks for.

    Raises:
        PromptEmpty: when the prompt has no word.
        ValidationFailed: when it contradicts itself, or the result cannot be drawn.
    """
    parsed = parse_prompt(prompt)
    spec = parent
    if parsed.instrument:
        spec = msgspec.structs.replace(spec, instrument=parsed.instrument)
    if parsed.preset:
        parsed.miss(parsed.preset.replace("_", " "), "a change keeps the rosette; ask for a new one")
    for mention in parsed.mentions:
        if mention.kind == "gap" and not any(ring.kind == "gap" for ring in spec.rings):
            parsed.miss("gap", "the rosette has none, and a change adds none; ask for a new one")
        else:
            spec = _change_ring(spec, mention)
    for word in parsed.comparatives:
        spec = _apply_comparative(spec, word)
    spec = _apply_numbers(spec, parsed)
    spec = _leave_out_materials(spec, parsed)
    if parsed.top:
        spec = msgspec.structs.replace(spec, top=parsed.top)
    if parsed.problems:
        raise ValidationFailed(
            "The change cannot be made: " + "; ".join(parsed.problems) + ".", errors={"prompt": parsed.problems}
        )
    return SpecChange(
        spec=validate_spec(stamp_version(spec)),
        changed=differences(parent, spec),
        assumptions=tuple(dict.fromkeys(parsed.assumptions)),
        unrecognized=tuple(dict.fromkeys(parsed.unrecognized)),
    )


def _replace_ring(spec: RosetteSpec, place: int, **members: Any) -> RosetteSpec:
    rings = list(spec.rings)
    rings[place] = msgspec.structs.replace(rings[place], **members)
    return msgspec.structs.replace(spec, rings=tuple(rings))


def _main(spec: RosetteSpec) -> int:
    return spec.rings.index(main_ring(spec))


def _change_ring(spec: RosetteSpec, mention: Mention) -> RosetteSpec:
    """Change the ring that is spoken of: lines are all lines, another pattern takes the place of the main one."""
    places = [at for at, ring in enumerate(spec.rings) if ring.kind == mention.kind and not mention.implied]
    if mention.role == "edge" and not places:
        edges = _edges(spec)
        places = [at for at, ring in enumerate(spec.rings) if ring in edges and at != _main(spec)]
    for at in places or [_main(spec)]:
        spec = _replace_ring(spec, at, **_ring_changes(spec.rings[at], mention))
    return spec


def _edges(spec: RosetteSpec) -> list[Ring]:
    """Return the rings beside the main one that are more than lines."""
    main = _main(spec)
    return [ring for at, ring in enumerate(spec.rings) if at != main and ring.kind not in ("lines", "gap")]


def _ring_changes(ring: Ring, mention: Mention) -> dict[str, Any]:
    numbers = mention.numbers
    changes: dict[str, Any] = {}
    kind = ring.kind if mention.implied else mention.kind or ring.kind
    if kind != ring.kind:
        changes |= {"kind": kind, "materials": tuple(KIND_DEFAULTS[kind]["materials"])}
        changes |= dict.fromkeys(
            ("tile_count", "tile_length", "rows", "slant", "motif", "bitmap", "symmetry", "strand")
        )
        changes["strip"] = STRIP if kind in STRIPPED else None
    if mention.materials or mention.ground:
        named = tuple(mention.materials) or (ring.materials[0], mention.ground or ring.materials[-1])
        keeps_ground = kind not in ("lines", "band", "solid", "wedges", "shell") and len(named) == 1
        changes["materials"] = (named[0], ring.materials[-1]) if keeps_ground else named
    for name in ("width", "tile_count", "tile_length", "rows", "strand", "strip", "slant"):
        if name in numbers:
            changes[name] = numbers[name]
    if "tile_count" in numbers:
        changes["tile_length"] = None
    if kind not in STRIPPED or "tile_count" in numbers or "tile_length" in numbers:
        changes["strip"] = None
    elif "strip" in numbers:
        changes |= {"tile_count": None, "tile_length": None}
    count = numbers.get("lines", len(changes.get("materials", ring.materials)))
    if kind == "lines" and ("line" in numbers or "lines" in numbers or mention.materials):
        materials = changes.get("materials", ring.materials)
        changes["materials"] = tuple(materials[k % len(materials)] for k in range(count))
        thick = numbers.get("line", ring.width // max(len(ring.materials), 1))
        changes["width"] = thick * count
    if mention.motif:
        changes["motif"] = mention.motif
    if mention.symmetry:
        changes["symmetry"] = mention.symmetry
    return changes


def _apply_comparative(spec: RosetteSpec, word: str) -> RosetteSpec:
    if word in ("darker", "lighter"):
        return _apply_tone(spec, "dark" if word == "darker" else "light")
    what, ratio = _RATIOS[word]
    if what in _WHOLE:
        name = _WHOLE[what]
        return msgspec.structs.replace(spec, **{name: _step(getattr(spec, name), ratio)})
    if what == "lines":
        for at, ring in enumerate(spec.rings):
            if ring.kind == "lines":
                thick = max(divide(ring.width * ratio, len(ring.materials) * 1000) * 10, 50)
                spec = _replace_ring(spec, at, width=thick * len(ring.materials))
        return spec
    at = _main(spec)
    ring = spec.rings[at]
    if what == "width":
        return _replace_ring(spec, at, width=_step(ring.width, ratio))
    if ring.strip:
        return _replace_ring(spec, at, strip=max(divide(ring.strip * 100, ratio), 50))
    if ring.tile_count:
        return _replace_ring(spec, at, tile_count=max(divide(ring.tile_count * ratio, 100), 1))
    return _replace_ring(spec, at, tile_length=divide(ring.tile_length * 100, ratio)) if ring.tile_length else spec


def _step(um: int, ratio: int) -> int:
    """Return so many per cent of a length, to a tenth of a millimetre."""
    return divide(um * ratio, 10_000) * 100


def _apply_numbers(spec: RosetteSpec, parsed: ParsedPrompt) -> RosetteSpec:
    """Take the numbers of the whole; a new width of the whole is taken up by the main ring."""
    for name, member in _WHOLE.items():
        if name in parsed.numbers:
            spec = msgspec.structs.replace(spec, **{member: parsed.numbers[name]})
    if "cutter" in parsed.numbers:
        constraints = msgspec.structs.replace(spec.constraints, tool_diameter=parsed.numbers["cutter"])
        spec = msgspec.structs.replace(spec, constraints=constraints)
    if "width" in parsed.numbers:
        at = _main(spec)
        width = parsed.numbers["width"] - (spec.width - spec.rings[at].width)
        if width < 300:
            parsed.problems.append(
                f"{mm_text(parsed.numbers['width'])} mm is less than the other rings need; say which to leave out"
            )
            return spec
        spec = _replace_ring(spec, at, width=width)
    return spec


def _apply_tone(spec: RosetteSpec, tone: str) -> RosetteSpec:
    for at, ring in enumerate(spec.rings):
        materials = tuple(replace_tone(name, set(), tone=tone, all_wood=False, keep=False) for name in ring.materials)
        if len(set(materials)) == len(set(ring.materials)):
            spec = _replace_ring(spec, at, materials=materials)
    return spec


def _leave_out_materials(spec: RosetteSpec, parsed: ParsedPrompt) -> RosetteSpec:
    """Leave out what the sentence does without."""
    if parsed.tone:
        spec = _apply_tone(spec, parsed.tone)
    gone = {name for name in parsed.without if name in MATERIALS}
    if "shell" in parsed.without or parsed.all_wood:
        gone |= {name for name, material in MATERIALS.items() if material.shell}
    kinds = set(parsed.without) - {"shell"}
    if "ring" in kinds:
        parsed.problems.append("nothing would be left of the rosette")
        return spec
    edges = {ring.kind for ring in _edges(spec)} if "edge" in kinds else set[str]()
    main = main_ring(spec)
    rings = []
    for ring in spec.rings:
        if (ring.kind in kinds and len(spec.rings) > 1) or (ring.kind in edges and ring != main):
            continue
        materials = tuple(
            replace_tone(name, gone, tone=None, all_wood=parsed.all_wood, keep=False) for name in ring.materials
        )
        kind = "band" if ring.kind == "shell" and gone & set(ring.materials) else ring.kind
        rings.append(msgspec.structs.replace(ring, materials=materials, kind=kind))
    if not rings:
        parsed.problems.append("nothing would be left of the rosette")
        return spec
    return msgspec.structs.replace(spec, rings=tuple(rings))


def differences(before: RosetteSpec, after: RosetteSpec) -> tuple[str, ...]:
    """Return what differs between two rosettes, for people."""
    found = []
    for name in ("instrument", "soundhole_diameter", "edge_gap", "channel_depth", "top_thickness", "top"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            found.append(f"{name.replace('_', ' ')} {_format_value(old)} → {_format_value(new)}")
    if len(before.rings) != len(after.rings):
        found.append(f"{len(before.rings)} → {len(after.rings)} rings")
    else:
        for place, (old_ring, new_ring) in enumerate(zip(before.rings, after.rings, strict=True), start=1):
            found += [f"ring {place}: {text}" for text in _ring_differences(old_ring, new_ring)]
    if before.width != after.width:
        found.append(f"width in all {_format_value(before.width)} → {_format_value(after.width)}")
    return tuple(found)


def _ring_differences(before: Ring, after: Ring) -> list[str]:
    found = []
    if before.kind != after.kind:
        found.append(f"{KIND_WORDS[before.kind]} → {KIND_WORDS[after.kind]}")
    if before.materials != after.materials:
        old, new = (", ".join(MATERIALS[name].name for name in ring.materials) for ring in (before, after))
        found.append(f"materials {old} → {new}")
    for name in ("width", "tile_length", "strand", "strip"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            found.append(f"{name.replace('_', ' ')} {_format_value(old)} → {_format_value(new)}")
    for name in ("tile_count", "rows", "motif", "symmetry"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            found.append(f"{name.replace('_', ' ')} {old or 'open'} → {new or 'open'}")
    return found


def _format_value(value: Any) -> str:
    return f"{mm_text(value)} mm" if isinstance(value, int) else str(value or "open")
