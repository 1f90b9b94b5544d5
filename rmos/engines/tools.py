"""The tool library: what a bare `tool_id` stands for.

    complete_context("em-3175-2f", {"material": {"id": "ebony"}})     # gains "tool": {"kind": "end_mill", …}

What was sent is never overridden: the completed context is what is judged, recorded and replayed.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

TOOLS: Final[Mapping[str, Mapping[str, Any]]] = tomllib.loads(
    files(__package__).joinpath("tools.toml").read_text(encoding="utf-8")
)
"""Tool id → its members, in mm, as the context's `tool` has them."""

_MM_PER_INCH: Final = 25.4


def complete_context(tool_id: str, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context with the data of the library's tool `tool_id`, in the context's own units.

    The same context comes back when the library has no such tool, or when the context has a `tool`, whatever it is.
    """
    members = TOOLS.get(tool_id)
    if members is None or "tool" in context:
        return context
    tool = _in_inches(members) if context.get("units") == "inch" else dict(members)
    return {**context, "tool": tool}


def _in_inches(members: Mapping[str, Any]) -> dict[str, Any]:
    # Not rounded: the engine, which rounds to twelve digits, then reads the very millimetres of the library.
    return {
        name.removesuffix("_mm"): value / _MM_PER_INCH if name.endswith("_mm") else value
        for name, value in members.items()
    }
