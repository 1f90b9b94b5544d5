"""What a form on `/try` says: its values as they were typed, what is wrong with them, and the cut that they make.

inputs = read_inputs(parameters, base, shop)
inputs.errors                  # field → what is wrong with it; the values stay as they were typed
inputs.make_cut(shop)          # the cut, when nothing is wrong
inputs.query(feed="900")       # the same form with another feed, as a query string
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from rmos.engines.baseline_v2.fields import DRILLED, SAWN
from rmos.engines.shop import Shop
from rmos.names import find_name, offer_names
from rmos.schemas.fields import describe_unknown
from rmos.services.artifact import RunRequest
from rmos.web.try_base import TryBase
from rmos.web.try_fields import (
    AXES,
    BY_NAME,
    CHOICES,
    COLOURINGS,
    COOLANTS,
    FIELDS,
    OPERATIONS,
    START,
    START_NUMBERS,
    START_TOOLS,
    VIEWS,
    TryField,
)

_LONGEST: Final = 200
"""Characters of one value that are looked at."""
_LARGEST: Final = 1e9
_VIEWED: Final[Mapping[str, Mapping[str, object]]] = {"axes": AXES, "by": COLOURINGS, "as": VIEWS}
"""What a form says of how its map is shown, and what there is to choose from, the usual first."""
_KNOWN: Final = ("from", *CHOICES, *BY_NAME, *_VIEWED)
_DEFAULT_VIEW: Final = {name: next(iter(known)) for name, known in _VIEWED.items()}
"""What a form means that does not say it."""


class TryInputs(msgspec.Struct):
    """The values of a form by field, as text; numbers that can be used; what is wrong, by field."""

    base: TryBase
    texts: dict[str, str] = {}
    numbers: dict[str, float] = {}
    errors: dict[str, str] = {}

    @property
    def operation(self) -> str:
        """What is cut."""
        return self.texts["operation"]

    def counts(self, field: TryField) -> bool:
        """Tell whether a number counts with this operation."""
        return self.operation in field.operations or self.operation not in OPERATIONS

    def put(self, name: str, value: float) -> None:
        """Put a number into a field."""
        self.numbers[name], self.texts[name] = value, show_number(value)

    def query(self, **changes: str) -> str:
        """Return the form as a query string, with some of it changed."""
        stated = {"from": self.base.run_id, **self.texts, **changes}
        kept = {name: value for name, value in stated.items() if value or self._is_emptied(name)}
        return urlencode({name: value for name, value in kept.items() if value != _DEFAULT_VIEW.get(name)})

    def _is_emptied(self, name: str) -> bool:
        """Tell whether an empty field has to be said, because it would be filled otherwise."""
        field = BY_NAME.get(name)
        if field is None:
            return name in ("machine", "coolant") and bool(self.base.run_id)
        return bool(self.base.run_id) or self.counts(field)

    def make_cut(self, shop: Shop) -> RunRequest:
        """Return the cut of a form in which nothing is wrong."""
        base, texts = self.base, self.texts
        design = {**base.design, "operation": self.operation}
        context = dict(base.context)
        if texts["tool"] != base.tool:
            context.pop("tool", None)
        if texts["machine"] != base.machine:
            context.pop("machine", None)
        if texts["material"] != base.material:
            context.pop("material", None)
            context.pop("material_id", None)
        _set_member(context, "coolant", texts["coolant"] or None)
        if "tool" not in context and "stickout" in self.numbers:
            own = dict(shop.tools.get(texts["tool"], {}))
            if own.get("stickout_mm") != self.numbers["stickout"]:
                context["tool"] = own
        for field in FIELDS:
            if not self.counts(field):
                continue
            value = self.numbers.get(field.name)
            if field.section == "design":
                _set_member(design, field.member, value)
            elif field.name != "stickout" or ("tool" in context and value is not None):
                _set_inner(context, field, value)
        if self.operation == DRILLED:
            design.pop("feed_mm_min", None)
        return RunRequest(
            mode="saw" if self.operation == SAWN else base.mode,
            tool_id=texts["tool"],
            material_id=texts["material"] or None,
            machine_id=texts["machine"] or None,
            design=design,
            context=context,
            parent_run_id=base.run_id or None,
            meta={"source": "try"},
        )


def _set_member(members: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        members.pop(name, None)
    else:
        members[name] = value


def _set_inner(context: dict[str, Any], field: TryField, value: float | None) -> None:
    name = field.section.partition(".")[2]
    inner = dict(context.get(name, {}))
    _set_member(inner, field.member, value)
    _set_member(context, name, inner or None)


def show_number(value: float) -> str:
    """Return a number as a field has it."""
    return f"{value:.10g}"


def read_inputs(parameters: Mapping[str, Sequence[str]], base: TryBase, shop: Shop) -> TryInputs:
    """Return what a form says; what it does not say is as in the run that it begins with, or as in an empty form."""
    inputs = TryInputs(base)
    for name, values in parameters.items():
        if name not in _KNOWN:
            inputs.errors[name[:_LONGEST]] = describe_unknown(name[:_LONGEST], _KNOWN)
        elif len(values) > 1:
            inputs.errors[name] = "is given more than once"
    given = {name: values[0].strip() for name, values in parameters.items() if name in _KNOWN}
    _read_choices(inputs, given, shop)
    for name, known in _VIEWED.items():
        inputs.texts[name] = given.get(name) or _DEFAULT_VIEW[name]
        if inputs.texts[name] not in known:
            inputs.errors[name] = _refuse_choice(inputs.texts[name], known)
            inputs.texts[name] = _DEFAULT_VIEW[name]
    for field in FIELDS:
        _read_number(inputs, field, given)
    if inputs.texts["tool"] != base.tool and inputs.numbers.get("stickout") == base.part("context.tool").get(
        "stickout_mm"
    ):
        # Another tool has its own stick-out, not that of the run.
        inputs.numbers.pop("stickout", None)
        inputs.texts["stickout"] = ""
    if inputs.operation == DRILLED and "feed" in inputs.numbers and "plunge" not in given:
        inputs.put("plunge", inputs.numbers.pop("feed"))
        inputs.texts["feed"] = ""
    return inputs


def _read_choices(inputs: TryInputs, given: Mapping[str, str], shop: Shop) -> None:
    base, texts = inputs.base, inputs.texts
    started = {
        "tool": base.tool,
        "material": base.material,
        "machine": base.machine,
        "operation": str(base.design.get("operation", "")),
        "coolant": str(base.context.get("coolant", "")),
    }
    if not base.run_id:
        operation = given.get("operation", START["operation"])
        started = {**START, "tool": START_TOOLS.get(operation, START["tool"])}
        started["machine"] = "table_saw" if operation == SAWN else started["machine"]
    for name in CHOICES:
        texts[name] = given.get(name, started[name])
    for name, known, is_described in (
        ("tool", shop.tools, "tool" in base.context and texts["tool"] == base.tool),
        ("material", shop.materials, False),
        (
            "machine",
            shop.machines,
            not texts["machine"] or ("machine" in base.context and texts["machine"] == base.machine),
        ),
        ("operation", OPERATIONS, False),
        ("coolant", COOLANTS, False),
    ):
        found = find_name(texts[name], known)
        if found is not None:
            texts[name] = found
        elif not is_described:
            inputs.errors[name] = _refuse_choice(texts[name], known)


def _refuse_choice(text: str, known: Mapping[str, object]) -> str:
    if not text:
        return "choose one"
    return f"there is no {text[:60]!r} here. {offer_names(text, known)}".rstrip()


def _read_number(inputs: TryInputs, field: TryField, given: Mapping[str, str]) -> None:
    """Read a field; of a run that begins a form its number, of an empty form what one usually starts with."""
    if field.name in given:
        text = given[field.name][:_LONGEST]
    elif inputs.base.run_id:
        value = inputs.base.part(field.section).get(field.member)
        text = "" if value is None else show_number(value) if isinstance(value, (int, float)) else str(value)[:_LONGEST]
    else:
        value = START_NUMBERS.get(inputs.operation, {}).get(field.name)
        text = "" if value is None else show_number(value)
    inputs.texts[field.name] = text
    if not text:
        return
    number = _parse_number(text)
    if number is None:
        inputs.errors[field.name] = "must be a number, such as 900 or 0.75"
        return
    if not math.isfinite(number) or number < 0 or number > _LARGEST or (number == 0 and field.name != "floor"):
        inputs.errors[field.name] = "must be a number above 0 that a cut can have"
        return
    inputs.numbers[field.name] = number


def _parse_number(text: str) -> float | None:
    """Return a number as people write it; Python alone would read `1_0` as 10, and digits of all scripts."""
    plain = text.replace(",", ".").replace(" ", "")
    try:
        return None if "_" in plain or not plain.isascii() else float(plain)
    except ValueError:
        return None


def list_absent_settings(parameters: Mapping[str, Sequence[str]], inputs: TryInputs, names: Sequence[str]) -> list[str]:
    """Return the settings that nobody has said anything of, so that a suggestion may fill them in."""
    if inputs.base.run_id:
        return []
    return [name for name in names if name not in parameters and name not in inputs.numbers]
