"""What a reason for scrap points to: a check of an engine, a slip of a hand, or nothing that is evaluated.

    list_checks("TOOL_BROKE")         # ("TOOL_BREAK", "DEFLECTION", "CHIP_OVERLOAD", "SAW_BITE")
    classify_reason("WRONG_ZERO")     # "human"

Checks bear the ids of the rules of the built-in engines (`rmos rules`). Which a reason points to is RMOS policy.
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

from rmos.outcomes import REASON_CODES, ReasonCode

ReasonClass = Literal["check", "human", "other"]
REASON_CLASSES: Final = get_args(ReasonClass)
"""A check is about it; somebody took the wrong thing; nothing that is evaluated is about it."""
CHECKS_OF_REASON: Final[Mapping[ReasonCode, tuple[str, ...]]] = {
    "TOOL_BROKE": ("TOOL_BREAK", "DEFLECTION", "CHIP_OVERLOAD", "SAW_BITE"),
    "LOST_STEPS": ("FORCE", "MACHINE_FEED"),
    "WORK_MOVED": ("HOLD_DOWN",),
    "BURN": ("HEAT", "CHIP_RUBBING", "SAW_BITE"),
    "CHATTER": ("DEFLECTION",),
}
HUMAN_REASONS: Final[tuple[ReasonCode, ...]] = ("WRONG_ZERO", "WRONG_TOOL", "WRONG_PROGRAM")


def list_checks(reason_code: str | None) -> tuple[str, ...]:
    """Return the rules that a reason points to, none where no check is about it."""
    return next((checks for reason, checks in CHECKS_OF_REASON.items() if reason == reason_code), ())


def classify_reason(reason_code: str | None) -> ReasonClass:
    """Return what kind of reason it is; where none was given, nothing that is evaluated is about it."""
    if reason_code in HUMAN_REASONS:
        return "human"
    return "check" if list_checks(reason_code) else "other"


def list_reasons(of_class: ReasonClass) -> tuple[str, ...]:
    """Return the reason codes of a class."""
    return tuple(code for code in REASON_CODES if classify_reason(code) == of_class)
