"""Follow the work offset and the length offset: G54 to G59.3, G43 and G49."""

from rmos.cam.gcode.codes import OFFSETS
from rmos.cam.gcode.reading import ProgramReading
from rmos.cam.gcode.words import ProgramLine


def set_offset(reading: ProgramReading, codes: set[str]) -> None:
    """Take the work offset that a block says."""
    modal = reading.modal
    for code in codes & OFFSETS:
        if code != modal.offset:
            modal.offset = code
            modal.change_setup()


def set_length(reading: ProgramReading, block: ProgramLine, codes: set[str]) -> None:
    """Take G43 with its H, which is the tool in the spindle when there is none, or G49."""
    modal = reading.modal
    if "G49" in codes:
        modal.length_offset = None
        modal.change_setup()
    if "G43" not in codes:
        return
    text = block.values.get("H")
    number = modal.tool if text is None else int(float(text))
    if modal.tool is not None and number != modal.tool:
        reading.report("TOOL_LENGTH", f"G43 takes length H{number} for tool T{modal.tool}; write H{modal.tool}.")
    modal.length_offset = number
    modal.length_stale = False
    modal.change_setup()
