"""What an evaluation takes for granted: defaults, stand-ins, members that were not read."""

from typing import Final

from rmos.engines.baseline.cut import SLOT_OPERATIONS
from rmos.engines.baseline.fields import (
    AXIAL_DEPTH,
    ENGAGEMENT,
    FIT_CRITICAL,
    FLOOR,
    MACHINE_CLASS,
    MACHINE_FORCE,
    MACHINE_MAX_RPM,
    MEASURED,
    SPINDLE_POWER,
    STOCK_THICKNESS,
    TOOL_MATERIAL,
    TOOL_MAX_RPM,
)
from rmos.engines.baseline.machine import LIGHT_DESKTOP_FORCE_N, LIGHT_DESKTOP_POWER_W
from rmos.engines.baseline.wording import num
from rmos.engines.baseline_v2.cut import Cut, fills_opening
from rmos.engines.baseline_v2.fields import DRAWN, MACHINE_MAX_FEED, MACHINE_MIN_RPM, MILLED, TIP
from rmos.engines.baseline_v2.machine import largest_feed
from rmos.engines.baseline_v2.speed import DEFAULT_MAX_RPM, DEFAULT_MIN_RPM, UNMARKED_FROM_MM, is_drill_in_metal

_UNREAD_SHOWN: Final = 10


def assumptions(cut: Cut, engine: str) -> list[str]:
    """Return, sentence by sentence, what was assumed of this cut by `engine` (its id and version)."""
    lines: list[str] = []
    if cut.operation not in (None, DRAWN):
        lines += [f"{path} is not stated: {default}" for path, default in _defaults(cut) if path not in cut.sent]
        lines += _stand_ins(cut)
    if cut.inputs.unread:
        lines.append(_unread(cut, engine))
    return lines


def _defaults(cut: Cut) -> list[tuple[str, str]]:
    kind = cut.machine_class
    lines = [
        (MACHINE_MAX_RPM, f"{DEFAULT_MAX_RPM[kind]:.0f} rpm of a {kind} machine (RMOS policy)"),
        (TOOL_MAX_RPM, "the limit of an unmarked tool of this diameter"),
    ]
    if not cut.is_sawn and not cut.diameter > UNMARKED_FROM_MM:
        lines[1] = (TOOL_MAX_RPM, "as fast as the machine turns, at this diameter")
    if cut.is_sawn:
        return lines
    lines += [
        (MACHINE_MIN_RPM, f"{DEFAULT_MIN_RPM[kind]:.0f} rpm of a {kind} machine (RMOS policy)"),
        (MACHINE_MAX_FEED, f"{largest_feed(cut):.0f} mm/min of a {kind} machine (RMOS policy)"),
        (MACHINE_CLASS, "a light desktop machine (RMOS policy)"),
    ]
    if cut.is_drilled:
        return lines
    return [
        *lines,
        (SPINDLE_POWER, f"{LIGHT_DESKTOP_POWER_W:.0f} W of a light desktop machine (RMOS policy)"),
        (MACHINE_FORCE, f"{LIGHT_DESKTOP_FORCE_N:.0f} N of a light desktop machine (workbook of Shapeoko CNC A to Z)"),
        (FIT_CRITICAL, "a cut that is not fit-critical"),
    ]


def _stand_ins(cut: Cut) -> list[str]:
    inputs = cut.inputs
    lines = []
    if cut.operation in MILLED and fills_opening(inputs):
        lines.append(f"the cutter fills the opening of {num(cut.width)} mm: a slot of its full diameter")
    elif ENGAGEMENT not in cut.sent:
        if cut.operation in SLOT_OPERATIONS:
            lines.append(f"{inputs.shown(ENGAGEMENT)} is not sent: a slot of the cutter's full diameter")
        elif cut.is_sawn and STOCK_THICKNESS in cut.sent:
            lines.append(f"{inputs.shown(ENGAGEMENT)} is not sent: the blade goes through the height of the stock")
    if FLOOR in cut.usable and FLOOR not in cut.sent and cut.operation in ("channel", "inlay_pocket", MEASURED):
        lines.append(f"{inputs.shown(FLOOR)} is not sent: what the depth leaves of the stock")
    if cut.is_sawn and AXIAL_DEPTH in cut.sent:
        lines.append(f"{inputs.shown(AXIAL_DEPTH)} of a saw blade is the width of its kerf")
    if cut.kind == "v_bit" and TIP not in cut.sent:
        lines.append(f"{inputs.shown(TIP)} is not sent: a V-bit that runs to a point")
    if is_drill_in_metal(cut) and not cut.steel:
        lines.append(f"{TOOL_MATERIAL} is not sent: a drill of high-speed steel")
    if cut.material is not None:
        sources = (cut.material.source, cut.material.cutting.source)
        lines += [f"{cut.material.id}: {source}" for source in sources if "RMOS policy" in source]
    if cut.steel == "diamond" and not cut.is_sawn:
        lines.append("a diamond tool bends and breaks like its body of carbide (RMOS policy)")
    return lines


def _unread(cut: Cut, engine: str) -> str:
    names = sorted(cut.inputs.unread)
    more = f" and {len(names) - _UNREAD_SHOWN} more" if len(names) > _UNREAD_SHOWN else ""
    return f"sent but not read by {engine}: {', '.join(names[:_UNREAD_SHOWN])}{more}"
