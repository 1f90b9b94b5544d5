"""Randomness that can be proved later: SHA-256 in counter mode, one stream for each named decision.

    stream = Stream(seed=7, decision="ring 3/tile_length")
    stream.below(6)      # 0..5, each equally likely

A decision has its own stream, so that adding one later leaves all others as they were. Python's `random`, `hash()` and
the order of a set are never asked: they differ between versions, processes or both.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

from rmos import digest

GENERATOR_ID: Final = "rmos_rosette"
GENERATOR_VERSION: Final = "1.1.0"
"""The newest. 1.1.0 draws what 1.0.0 has no words for (strips of veneer, four woods); all else it draws the same."""
FIRST_VERSION: Final = "1.0.0"
_KEY_VERSION: Final = FIRST_VERSION
"""Part of every key: a version that decides otherwise has another one. What 1.0.0 draws, 1.1.0 decides alike."""
MAX_SEED: Final = 2**53 - 1

T = TypeVar("T")


class Stream:
    """Uniform integers from the blocks SHA-256(key | 0), SHA-256(key | 1), … with rejection sampling."""

    def __init__(self, *, seed: int, decision: str) -> None:
        key = f"{_KEY_VERSION}|{seed}|{decision}".encode()
        self._key = bytes.fromhex(digest.sha256_hex(key))
        self._block = 0
        self._words: list[int] = []

    def _word(self) -> int:
        if not self._words:
            block = bytes.fromhex(digest.sha256_hex(self._key + self._block.to_bytes(8, "big")))
            self._block += 1
            self._words = [int.from_bytes(block[at : at + 4], "big") for at in range(28, -1, -4)]
        return self._words.pop()

    def below(self, n: int) -> int:
        """Return 0..n-1, each equally likely; n is 1..2^32."""
        limit = (1 << 32) - (1 << 32) % n
        while True:
            word = self._word()
            if word < limit:
                return word % n

    def between(self, low: int, high: int) -> int:
        """Return low..high, both included."""
        return low + self.below(high - low + 1)

    def pick(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[self.below(len(items))]


def derive_seed(request: object) -> int:
    """Return the seed of a request that names none: the first 6 bytes of the SHA-256 of its canonical bytes.

    Raises:
        rmos.digest.NotCanonical: when the request is no JSON value.
    """
    return int(digest.canonical_sha256(request)[:12], 16)
