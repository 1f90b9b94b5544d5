"""The types of numbers in a table: finite and above zero, within what any real thing can have."""

from typing import Annotated

import msgspec

Positive = Annotated[float, msgspec.Meta(ge=1e-6, le=1e9)]
"""A number that an engine can calculate with, in its own unit."""
FromZero = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
"""A sentence that says something."""
