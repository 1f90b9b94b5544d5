"""QR codes of pages: the address of a run on paper, which is read where nobody can tell who printed it.

A link on paper outlives the request that drew it, so it is made of the setting RMOS_PUBLIC_URL and of nothing that a
request says: a Host header would send whoever scans it to somebody else's server. Without the setting there is no code.
"""

import segno
from markupsafe import Markup

from rmos.config import Settings

_QUIET_ZONE = 4
"""Modules of white around a code, which scanners need (ISO/IEC 18004)."""


def find_run_link(settings: Settings, run_id: str) -> str | None:
    """Return the short address of a run, None where the service does not know its own."""
    if settings.public_url is None:
        return None
    return f"{settings.public_url.rstrip('/')}/r/{run_id.removeprefix('run_')}"


def draw_code(link: str) -> Markup:
    """Return a QR code as a drawing, black on white whatever the page looks like; a seventh of it may be unreadable."""
    code = segno.make_qr(link, error="m")
    width = code.symbol_size(border=_QUIET_ZONE)[0]
    path = code.svg_inline(omitsize=True, border=_QUIET_ZONE, light="#fff", dark="#000", lineclass=None, svgclass=None)
    body = path[path.index(">") + 1 :]
    return Markup('<svg class="code" viewBox="0 0 {0} {0}" role="img" aria-label="QR code of {1}">').format(
        width, link
    ) + Markup(body)  # noqa: S704 - the modules of the code, drawn by the library from numbers
