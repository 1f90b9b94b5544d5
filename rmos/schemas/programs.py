"""How programs look to a client: what is said of one that is sent, and what came of it."""

import re
from collections.abc import Mapping
from typing import Any, Final, get_args

from marshmallow import ValidationError, fields

from rmos.cam.measure.setup import Zero
from rmos.cam.motion import Units

UNITS: Final = get_args(Units)
ZEROS: Final = get_args(Zero)
MAX_TOOLS: Final = 100
"""Tools of one program."""
_NUMBER: Final = re.compile(r"[0-9]{1,5}")
_LONGEST: Final = 200


class ProgramToolsField(fields.Field[dict[int, str]]):
    """An object: number in a program, as its T word has it → id of a tool of the shop."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[int, str]:
        if not isinstance(value, Mapping) or len(value) > MAX_TOOLS:
            raise ValidationError(f'Must be an object of at most {MAX_TOOLS} tools, such as {{"1": "em-3175-2f"}}.')
        found = {}
        for number, tool_id in value.items():
            if not isinstance(number, str) or not _NUMBER.fullmatch(number):
                raise ValidationError("Each name must be the number of a tool, as its T word has it.")
            if not isinstance(tool_id, str) or not 0 < len(tool_id.strip()) <= _LONGEST:
                raise ValidationError(f"T{number} must be the id of a tool.")
            found[int(number)] = tool_id
        return found
