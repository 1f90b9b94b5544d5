"""What a form on `/try` begins with: nothing, or a recorded run, of which everything stays that is not changed.

    base = read_base(store, run_id, engines.shop.materials)
    base.design, base.context, base.tool

Forms are metric. A run in inches is read as the engine reads it and told in millimetres.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from rmos.engines.baseline.inputs import read
from rmos.engines.baseline_v2.fields import VOCABULARY
from rmos.store import Store
from rmos.web.formats import text_of
from rmos.web.run import decode_members, object_of

_MODE: Final = "router"


class TryBase(msgspec.Struct, frozen=True, kw_only=True):
    """The run that a form begins with, in millimetres; without a run it is empty."""

    run_id: str = ""
    mode: str = _MODE
    tool: str = ""
    material: str = ""
    machine: str = ""
    design: Mapping[str, Any] = {}
    context: Mapping[str, Any] = {}

    def part(self, section: str) -> dict[str, Any]:
        """Return the members of `design` or of an object of the context, such as `context.tool`."""
        return dict(self.design) if section == "design" else object_of(self.context.get(section.partition(".")[2]))


NOTHING: Final = TryBase()


def read_base(store: Store, run_id: str, materials: Collection[str]) -> TryBase:
    """Return what a recorded run gives a form.

    Raises:
        RunNotFound, RunDeleted, RecordDamaged: there is no such run to read.
    """
    run = decode_members(store.runs.record(run_id).data)
    inputs = object_of(run.get("inputs"))
    design, context = object_of(inputs.get("design")), object_of(inputs.get("context"))
    if context.get("units") == "inch":
        design, context = _to_metric(design, context, materials)
    # What is no object stands for nothing that a form could show.
    context = {name: value for name, value in context.items() if name not in _OBJECTS or isinstance(value, dict)}
    return TryBase(
        run_id=run_id,
        mode=text_of(run.get("mode")) or _MODE,
        tool=text_of(run.get("tool_id")),
        material=_find_material(context) or text_of(run.get("material_id")),
        machine=text_of(run.get("machine_id")),
        design=design,
        context=context,
    )


_OBJECTS: Final = ("tool", "material", "machine", "stock", "hold_down")


def _find_material(context: Mapping[str, Any]) -> str:
    return text_of(object_of(context.get("material")).get("id")) or text_of(context.get("material_id"))


def _to_metric(
    design: dict[str, Any], context: dict[str, Any], materials: Collection[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return design and context in millimetres: all that the engine can use of them, under its own names."""
    found = read(design, context, materials, VOCABULARY)
    sections: dict[str, dict[str, Any]] = {"design": {}, "context": {}}
    for path, value in {**found.numbers, **found.words, **found.flags}.items():
        first, *inner, name = path.split(".")
        members = sections[first]
        for part in inner:
            members = members.setdefault(part, {})
        members[name] = value
    sections["context"]["units"] = "mm"
    return sections["design"], sections["context"]
