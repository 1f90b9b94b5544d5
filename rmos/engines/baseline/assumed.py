"""What a judgement takes for granted: defaults, stand-ins, members that were not read."""

from typing import Final

from rmos.engines.baseline.cut import SLOT_OPERATIONS, Cut
from rmos.engines.baseline.fields import (
    AXIAL_DEPTH,
    ENGAGEMENT,
    FIT_CRITICAL,
    MACHINE_CLASS,
    MACHINE_FORCE,
    MACHINE_MAX_RPM,
    SPINDLE_POWER,
    STOCK_THICKNESS,
    TOOL_KIND,
    TOOL_MATERIAL,
    TOOL_MAX_RPM,
)
from rmos.engines.baseline.machine import LIGHT_DESKTOP_FORCE_N, LIGHT_DESKTOP_POWER_W
from rmos.engines.baseline.speed import LIGHT_DESKTOP_MAX_RPM

_UNREAD_SHOWN: Final = 10

_MAX_RPM_DEFAULT: Final = (MACHINE_MAX_RPM, f"{LIGHT_DESKTOP_MAX_RPM:.0f} rpm of a light desktop machine (RMOS policy)")
_MARK_DEFAULT: Final = (TOOL_MAX_RPM, "the limit of an unmarked tool of this diameter")
_SAWN: Final = (_MAX_RPM_DEFAULT, _MARK_DEFAULT)
_MILLED: Final = (
    (MACHINE_CLASS, "a light desktop machine (RMOS policy)"),
    (SPINDLE_POWER, f"{LIGHT_DESKTOP_POWER_W:.0f} W of a light desktop machine (RMOS policy)"),
    (MACHINE_FORCE, f"{LIGHT_DESKTOP_FORCE_N:.0f} N of a light desktop machine (workbook of Shapeoko CNC A to Z)"),
    *_SAWN,
    (FIT_CRITICAL, "a cut that is not fit-critical"),
)


def assumptions(cut: Cut, engine: str) -> list[str]:
    """Return, sentence by sentence, what was assumed of this cut by `engine` (its id and version)."""
    lines: list[str] = []
    if cut.operation not in (None, "drawing_only"):
        lines += [
            f"{path} is not stated: {default}"
            for path, default in (_SAWN if cut.is_sawn else _MILLED)
            if path not in cut.sent
        ]
        lines += _stand_ins(cut)
    if cut.inputs.unread:
        lines.append(_unread(cut, engine))
    return lines


def _stand_ins(cut: Cut) -> list[str]:
    inputs, words = cut.inputs, cut.inputs.words
    lines = []
    if ENGAGEMENT not in cut.sent:
        if cut.operation in SLOT_OPERATIONS:
            lines.append(f"{inputs.shown(ENGAGEMENT)} is not sent: a slot of the cutter's full diameter")
        elif cut.is_sawn and STOCK_THICKNESS in cut.sent:
            lines.append(f"{inputs.shown(ENGAGEMENT)} is not sent: the blade goes through the height of the stock")
    if cut.is_sawn and AXIAL_DEPTH in cut.sent:
        lines.append(f"{inputs.shown(AXIAL_DEPTH)} of a saw blade is the width of its kerf")
    if cut.material is not None:
        lines += [f"{cut.material.id}: {stand_in}" for stand_in in cut.material.stand_ins]
    if words.get(TOOL_MATERIAL) == "diamond" and not cut.is_sawn:
        lines.append("a diamond tool bends and breaks like its body of carbide (RMOS policy)")
    kind = words.get(TOOL_KIND)
    if kind in ("ball_mill", "v_bit", "drill"):
        lines.append(f"the charts are for end mills: the {kind} is judged as one of its full diameter")
    return lines


def _unread(cut: Cut, engine: str) -> str:
    names = sorted(cut.inputs.unread)
    more = f" and {len(names) - _UNREAD_SHOWN} more" if len(names) > _UNREAD_SHOWN else ""
    return f"sent but not read by {engine}: {', '.join(names[:_UNREAD_SHOWN])}{more}"
