"""What a judgement takes for granted: defaults, stand-ins, members that were not read, checks that are not made."""

from typing import Final

from rmos.engines.baseline.cut import SLOT_OPERATIONS, Cut
from rmos.engines.baseline.fields import (
    ENGAGEMENT,
    MACHINE_CLASS,
    MACHINE_MAX_RPM,
    STOCK_AREA,
    TOOL_KIND,
    TOOL_MAX_RPM,
    USED_AREA,
)
from rmos.engines.baseline.operations import NOT_YET_JUDGED
from rmos.engines.baseline.speed import LIGHT_DESKTOP_MAX_RPM

_UNREAD_SHOWN: Final = 10


def assumptions(cut: Cut, engine: str) -> list[str]:
    """Return, sentence by sentence, what was assumed of this cut by `engine` (its id and version)."""
    said: list[str] = []
    if cut.operation not in (None, "drawing_only"):
        said += _defaults(cut)
        said += _stand_ins(cut)
        said.append(_not_judged(cut, engine))
    if cut.inputs.unread:
        said.append(_unread(cut, engine))
    return said


def _defaults(cut: Cut) -> list[str]:
    inputs = cut.inputs
    said = []
    if not inputs.has(MACHINE_CLASS):
        said.append(f"{MACHINE_CLASS} is not stated: a light desktop machine (RMOS policy)")
    if not inputs.has(MACHINE_MAX_RPM):
        said.append(
            f"{MACHINE_MAX_RPM} is not stated: {LIGHT_DESKTOP_MAX_RPM:.0f} rpm of a light desktop machine (RMOS policy)"
        )
    if not inputs.has(TOOL_MAX_RPM):
        said.append(f"{TOOL_MAX_RPM} is not stated: the limit of an unmarked tool of this diameter")
    return said


def _stand_ins(cut: Cut) -> list[str]:
    inputs = cut.inputs
    said = []
    if cut.operation in SLOT_OPERATIONS and not inputs.has(ENGAGEMENT):
        said.append(f"{inputs.shown(ENGAGEMENT)} is not sent: a slot of the cutter's full diameter")
    if cut.material is not None and cut.material.is_assumed and not cut.is_sawn:
        said.append(f"{cut.material.id}: {cut.material.source}")
    kind = inputs.words.get(TOOL_KIND)
    if kind in ("ball_mill", "v_bit", "drill"):
        said.append(f"the charts are for end mills: the {kind} is judged as one of its full diameter")
    return said


def _not_judged(cut: Cut, engine: str) -> str:
    checks = list(NOT_YET_JUDGED[cut.operation or "drawing_only"])
    if not cut.is_sawn and cut.inputs.has(USED_AREA) and cut.inputs.has(STOCK_AREA):
        checks = sorted([*checks, "MATERIAL_YIELD"])
    return f"not judged by {engine}: {', '.join(checks)}"


def _unread(cut: Cut, engine: str) -> str:
    names = sorted(cut.inputs.unread)
    more = f" and {len(names) - _UNREAD_SHOWN} more" if len(names) > _UNREAD_SHOWN else ""
    return f"sent but not read by {engine}: {', '.join(names[:_UNREAD_SHOWN])}{more}"
