"""Follow the tool and the spindle: S, T, M6, M61, M3, M4 and M5."""

from typing import Final

from rmos.cam.gcode.reading import ProgramReading
from rmos.cam.gcode.words import ProgramLine
from rmos.cam.motion import Spindle

_SPINDLES: Final[dict[str, Spindle]] = {"M3": "cw", "M4": "ccw", "M5": "off"}


def set_spindle_and_tool(reading: ProgramReading, block: ProgramLine, codes: set[str]) -> None:
    """Take S, T, the tool change and the spindle of a block, in this order."""
    modal = reading.modal
    if (text := block.values.get("S")) is not None:
        if float(text) < 0:
            reading.report("UNREADABLE_WORD", f"S{text} is below zero; write the speed and M3 or M4.")
        else:
            modal.rpm = float(text)
            modal.speed_text = text
            modal.change_setup()
    if (text := block.values.get("T")) is not None:
        _select_tool(reading, text)
    if "M6" in codes:
        _change_tool(reading)
    if "M61" in codes:
        _set_tool(reading, _read_number(reading, "Q", block.values.get("Q", "0")))
    for code in codes & _SPINDLES.keys():
        _turn_spindle(reading, _SPINDLES[code])


def _read_number(reading: ProgramReading, letter: str, text: str) -> int | None:
    number = float(text)
    if number != int(number) or number < 0:
        reading.report("UNREADABLE_WORD", f"{letter}{text} is no number of a tool; correct it.")
        return None
    return int(number)


def _select_tool(reading: ProgramReading, text: str) -> None:
    """Take T: before any M6 the first is what stands in the spindle, and a second one changes nothing."""
    modal = reading.modal
    modal.selected = _read_number(reading, "T", text)
    if modal.tool_changes == 0 and modal.tool != modal.selected:
        if modal.tool is not None:
            modal.tool_unchanged = modal.selected
        modal.tool = modal.selected
        modal.change_setup()


def _change_tool(reading: ProgramReading) -> None:
    modal = reading.modal
    before = modal.tool if modal.tool_changes else None
    modal.tool_changes += 1
    modal.tool_unchanged = None
    _set_tool(reading, modal.selected)
    modal.spindle = "off"
    modal.spindle_line = None
    if before is not None and before != modal.tool:
        modal.length_stale = True


def _set_tool(reading: ProgramReading, number: int | None) -> None:
    reading.modal.tool = number
    reading.modal.change_setup()


def _turn_spindle(reading: ProgramReading, spindle: Spindle) -> None:
    modal = reading.modal
    if modal.spindle != spindle:
        modal.spindle_line = None if spindle == "off" else reading.line
        modal.spindle = spindle
        modal.change_setup()
