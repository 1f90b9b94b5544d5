"""What all pages have in common: their frame, their policy, who looks at them, and where to go from here.

    return render_page("runs.html", here="runs", runs=runs)

Pages load nothing from elsewhere and have no script or style of their own, so the policy that forbids both is strict;
Trusted Types keep the modules from writing text as HTML. A page is kept by its reader alone and validated each time.
"""

import contextlib
from typing import Final, NamedTuple
from urllib.parse import quote

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos import digest
from rmos.auth.callers import Caller
from rmos.auth.guard import current_guard, find_admitted_caller
from rmos.errors.base import RmosError
from rmos.http.conditions import apply_conditions
from rmos.http.responses import NO_STORE, prefix_path
from rmos.http.themes import THEMES, read_theme
from rmos.web.assets import read_assets
from rmos.web.inches import UNITS, wants_inches
from rmos.web.shared_words import WORDS

HTML: Final = "text/html; charset=utf-8"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_DIGITS: Final = 32


class Section(NamedTuple):
    """A part of the service that the menu leads to."""

    name: str
    path: str
    in_tabs: bool = False
    """Whether it stands in the bar of a small screen; the others are behind its last entry."""

    @property
    def title(self) -> str:
        """What it is called."""
        return WORDS["menu"][self.name]

    @property
    def short(self) -> str:
        """What it is called in that bar, where its title is too long for one line; else nothing."""
        return WORDS["menu_short"].get(self.name, "")


SECTIONS: Final = (
    Section("today", "/", in_tabs=True),
    Section("runs", "/runs", in_tabs=True),
    Section("try", "/try", in_tabs=True),
    Section("jobs", "/sessions", in_tabs=True),
    Section("rosettes", "/rosettes"),
    Section("shop", "/shop/tools"),
    Section("record", "/record"),
    Section("help", "/help"),
)


def render_page(template: str, *, here: str = "", status: int = 200, keeps: bool = True, **shown: object) -> Response:
    """Return a page, drawn from a template.

    Args:
        here: the section of the menu that it belongs to.
        keeps: whether its reader may keep it, and ask whether it is still the same.

    Raises:
        PreconditionFailed: If-Match names another state of the page.
    """
    text = render_template(
        template,
        assets=read_assets(),
        root=request.script_root,
        sections=SECTIONS,
        here=here,
        caller=find_shown_caller(),
        theme=read_theme(),
        themes={name: WORDS["themes"][name] for name in THEMES},
        units=UNITS,
        has_inches=wants_inches(),
        here_path=_find_path(),
        **shown,
    ).encode()
    response = Response(text, status=status, content_type=HTML)
    response.headers["Content-Security-Policy"] = _POLICY
    if keeps:
        return apply_conditions(response, digest.sha256_hex(text)[:_DIGITS])
    response.headers["Cache-Control"] = NO_STORE
    return response


def send_to(path: str) -> WerkzeugResponse:
    """Return what sends a browser on to a path of the service; nobody keeps it."""
    response = redirect(prefix_path(path), code=303)
    response.headers["Cache-Control"] = NO_STORE
    return response


def find_shown_caller() -> Caller | None:
    """Return who looks at the page, None where that is not known."""
    caller = find_admitted_caller()
    if caller is None and "HTTP_AUTHORIZATION" not in request.environ:
        # The guard asks nobody before an open view, and a page that is not there has none.
        with contextlib.suppress(RmosError):
            return current_guard().find_caller(request.environ)
    return caller


def _find_path() -> str:
    """Return the path of the running request, to which a form in the frame of the page leads back."""
    if request.method not in ("GET", "HEAD"):
        return "/"
    query = request.query_string.decode("ascii", "replace")
    return quote(request.path) + (f"?{query}" if query else "")


def wants_page() -> bool:
    """Tell whether the running request would rather have a page for people than JSON."""
    accept = request.accept_mimetypes
    return "HTTP_ACCEPT" in request.environ and accept.best_match(("application/json", "text/html")) == "text/html"
