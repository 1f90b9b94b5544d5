"""In which form a list is wanted: what the header Accept says, by RFC 9110, section 12.5.1.

    wanted()                 # "text/csv"; 406 NOT_ACCEPTABLE when nothing that lists come in is wanted

Almost every request says nothing, `*/*` or JSON, and costs one look-up.
"""

import functools
from typing import Final

from flask import request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_options_header

from rmos.errors.http import NotAcceptable
from rmos.http.operations import JSON

CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"
OFFERED: Final = (JSON, NDJSON, CSV)
"""In this order where a client likes several as much."""
_USUAL: Final[dict[str | None, str]] = {None: JSON, "*/*": JSON, **{offer: offer for offer in OFFERED}}


def wanted() -> str:
    """Return the content type that the running request wants most.

    Raises:
        NotAcceptable: it wants none of those that there are.
    """
    accept: str | None = request.environ.get("HTTP_ACCEPT")
    return _USUAL.get(accept) or _best(accept or "*/*")


@functools.lru_cache(maxsize=256)
def _best(accept: str) -> str:
    ranges = [
        (parse_options_header(media)[0].lower(), quality) for media, quality in parse_accept_header(accept, MIMEAccept)
    ]
    best = max(OFFERED, key=lambda offer: _quality(offer, ranges))
    if _quality(best, ranges) <= 0:
        raise NotAcceptable(f"Lists come as {', '.join(OFFERED[:-1])} or {OFFERED[-1]}; Accept names none of these.")
    return best


def _quality(offer: str, ranges: list[tuple[str, float]]) -> float:
    """Return the quality that the narrowest range gives which covers the offer, 0 when none does."""
    covering = (offer, f"{offer.partition('/')[0]}/*", "*/*")
    for cover in covering:
        found = [quality for media, quality in ranges if media == cover]
        if found:
            return max(found)
    return 0.0
