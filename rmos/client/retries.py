"""When a request is repeated, and after how long.

    Retries(attempts=5, base_s=0.25, cap_s=8.0, patience_s=60.0)

Repeated is what may go well the next time: no connection, a response that broke off, 429, 502, 503 and 504. The pauses
double from `base_s` to `cap_s`, each with a random part, so that clients that failed together do not come back
together; a Retry-After of the service is waited for in full.
"""

import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

REPEATED_STATUSES = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class Retries:
    """How patient a client is: with `attempts=1` it asks once."""

    attempts: int = 5
    """How often a request is sent at most."""
    base_s: float = 0.25
    """The first pause in seconds, the second is twice as long, and so on."""
    cap_s: float = 8.0
    """The longest pause in seconds that the client chooses by itself."""
    patience_s: float = 60.0
    """The longest Retry-After in seconds that is waited for; a longer one is raised at once."""

    def __post_init__(self) -> None:
        """Refuse what would never send a request, or never pause."""
        if self.attempts < 1 or self.base_s < 0 or self.cap_s < self.base_s or self.patience_s < 0:
            raise ValueError("attempts must be 1 or more, the times not negative and cap_s not below base_s")

    def pause_s(self, attempt: int, retry_after_s: float | None) -> float | None:
        """Return how long to wait after the attempt that failed, counted from 1; None when it was the last one."""
        if attempt >= self.attempts or (retry_after_s is not None and retry_after_s > self.patience_s):
            return None
        chosen = min(self.cap_s, self.base_s * 2.0 ** min(attempt - 1, 60)) * random.uniform(0.5, 1.0)
        return chosen if retry_after_s is None else retry_after_s + chosen


def parse_retry_after(header: str | None, date: str | None = None) -> float | None:
    """Return the seconds that a Retry-After names, as a number or as a date; None when it names nothing.

    Args:
        date: the header Date of the response: what its sender's clock said, which need not be what this one says.
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        until_s = parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
    try:
        now_s = parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        now_s = time.time()
    return max(0.0, until_s - now_s)
