"""What the form that checks a program asks for, and how it becomes what `POST /api/rmos/programs` takes.

list_program_fields(shop, {"material_id": "sitka_spruce"}, errors={})   # the fields, with what stands in them
make_parts({"tool": "em-3175-2f", "thickness_mm": "3"})                 # {"tools": '{"1": "em-3175-2f"}', "stock": …}
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from rmos.cam.dialects import load_dialects
from rmos.engines.shop import Shop
from rmos.errors.request import ValidationFailed
from rmos.web.form import read_decimal_field
from rmos.web.formats import spell_out

Choices = Sequence[tuple[str, str]]

_TOOL_LINE: Final = re.compile(r"[Tt]?([0-9]{1,5})\s*[=:]\s*(\S.*?)\s*")
_LENGTHS: Final = ("thickness_mm", "width_mm", "height_mm")
_AS_IT_IS: Final = ("material_id", "machine_id", "zero", "units", "dialect", "notes")
_ORIGINS: Final = (
    ("stock_corner", "Lower left corner of the stock"),
    ("stock_centre", "Middle of the stock"),
    ("hole_centre", "A hole somewhere in it"),
)
_ZEROS: Final = (("stock_top", "Top of the stock"), ("bed", "Bed under the stock"))
_UNITS: Final = (("", "As the program says"), ("mm", "mm"), ("inch", "inches"))
_ACCEPTED: Final = ".nc,.gcode,.tap,.ngc,.cnc,.txt"
FILE: Final = "file"


class ProgramField(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the form: what it is called, what it takes, what stands in it, and what is wrong with that."""

    name: str
    title: str
    kind: str = "choice"
    """`choice`, `number`, `long` or `file`."""
    value: str = ""
    hint: str = ""
    required: bool = False
    choices: Choices = ()
    accept: str = ""
    error: str = ""


def list_program_fields(
    shop: Shop, texts: Mapping[str, str], errors: Mapping[str, str]
) -> dict[str, list[ProgramField]]:
    """Return the fields by their group.

    Args:
        texts: what was typed before.
        errors: what is wrong with it, by field.
    """
    tools = [(name, f"{name} · {spell_out(tool.get('kind'))}") for name, tool in shop.tools.items()]
    materials, machines = ([(name, spell_out(name)) for name in table] for table in (shop.materials, shop.machines))
    dialects = [(name, dialect.name) for name, dialect in load_dialects().items()]
    groups = {
        "The program": [
            ProgramField(
                name=FILE, title="File", kind="file", required=True, accept=_ACCEPTED, hint="As the CAM posted it."
            ),
            ProgramField(
                name="tool", title="Tool", required=True, choices=[("", "Choose"), *tools], hint="T1, or the only one."
            ),
            ProgramField(
                name="more_tools",
                title="More tools",
                kind="long",
                hint="A line for each number, such as `2 = em-1000-2f`.",
            ),
            ProgramField(name="units", title="Units", choices=_UNITS),
        ],
        "The stock": [
            ProgramField(name="material_id", title="Material", required=True, choices=[("", "Choose"), *materials]),
            ProgramField(name="thickness_mm", title="Thickness, mm", required=True, kind="number"),
            ProgramField(name="width_mm", title="Width along X, mm", kind="number"),
            ProgramField(name="height_mm", title="Height along Y, mm", kind="number"),
            ProgramField(name="origin", title="X0 Y0 is", choices=_ORIGINS),
            ProgramField(name="zero", title="Z0 is", choices=_ZEROS),
        ],
        "The machine": [
            ProgramField(name="machine_id", title="Machine", choices=[("", "Not stated"), *machines]),
            ProgramField(
                name="dialect",
                title="Controller",
                choices=[("", "That of the machine"), *dialects],
            ),
            ProgramField(name="notes", title="Notes", kind="long"),
        ],
    }
    return {
        title: [
            msgspec.structs.replace(field, value=texts.get(field.name, ""), error=errors.get(field.name, ""))
            for field in fields
        ]
        for title, fields in groups.items()
    }


def make_parts(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the parts of the form of the HTTP interface.

    Raises:
        ValidationFailed: by field.
    """
    wrong: dict[str, list[str]] = {}
    tools = {1: texts["tool"]} if texts.get("tool") else {}
    tools |= _read_tools(texts.get("more_tools", ""), wrong)
    if not tools:
        wrong["tool"] = ["Choose the tool that cuts it."]
    stock: dict[str, float | str] = {}
    for name in _LENGTHS:
        if not (text := texts.get(name, "")):
            continue
        length = read_decimal_field(text)
        if length is None:
            wrong[name] = ["Is no length: write millimetres, such as 3 or 2.8."]
        else:
            stock[name] = length
    if not texts.get("thickness_mm"):
        wrong["thickness_mm"] = ["Say how thick the stock is, in mm."]
    if wrong:
        raise ValidationFailed.of_request(wrong)
    if texts.get("origin"):
        stock["origin"] = texts["origin"]
    objects = {"tools": json.dumps({str(number): name for number, name in tools.items()}), "stock": json.dumps(stock)}
    return {**objects, **{name: texts[name] for name in _AS_IT_IS if texts.get(name)}}


def name_fields(errors: Mapping[str, str]) -> dict[str, str]:
    """Return errors of the HTTP interface under the names of the form's fields."""
    named: dict[str, str] = {}
    for path, text in errors.items():
        first, _, rest = path.partition(".")
        name = rest if first == "stock" and rest else first
        if first == "tools":
            name = "tool" if rest in ("", "1") else "more_tools"
        named[name] = f"{named[name]} {text}" if name in named else text
    return named


def _read_tools(text: str, wrong: dict[str, list[str]]) -> dict[int, str]:
    found: dict[int, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _TOOL_LINE.fullmatch(line)
        if match is None:
            wrong["more_tools"] = [f"{line[:60]!r} is no tool: write its number and its id, such as 2 = em-1000-2f."]
            return {}
        found[int(match[1])] = match[2]
    return found
