"""When all of a record that several hosts share was last listed, as its index remembers for all of them.

scans = ScanTimes(index, hours=24)
scans.is_due(index.state())        # this index was never brought up, or not for a day
scans.note(generation)             # it was just now
"""

from typing import Final

from rmos import digest, ids
from rmos.index.base import Generation, Index, IndexState

_SCAN: Final = "pass:names"
"""The change token that says when, in µs, and of which index."""
_HOUR_US: Final = 3_600_000_000


class ScanTimes:
    """Remembers in an index when the record was listed for it."""

    def __init__(self, index: Index, hours: int) -> None:
        self._index = index
        self._every_us = hours * _HOUR_US

    def is_of(self, state: IndexState) -> bool:
        """Tell whether the record was ever listed for this very index: one that was restored is another one."""
        return state.was_complete and self._read()[1] == _text(state.generation)

    def is_due(self, state: IndexState) -> bool:
        """Tell whether the record is to be listed again."""
        at_us, _ = self._read()
        return not self.is_of(state) or abs(ids.now_us() - at_us) >= self._every_us

    def note(self, generation: Generation | None) -> None:
        """Remember that the record was listed for this index."""
        self._index.set_change_token(_SCAN, f"{ids.now_us()} {_text(generation)}")

    def _read(self) -> tuple[int, str]:
        at_us, _, text = self._index.change_tokens().get(_SCAN, "").partition(" ")
        return int(at_us) if at_us.isdigit() else 0, text


def _text(generation: Generation | None) -> str:
    return digest.sha256_hex(repr(generation).encode())
