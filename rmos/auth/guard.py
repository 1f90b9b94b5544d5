"""Checks each request before its view: who calls, and whether the caller may.

    init_app(app, settings)
    current_caller()                        # Caller(name="anna", role="operator", token_id="…")

The order: a write from another site's page is refused; an open view needs nothing more; the caller is found (local
mode, else the bearer token, else the cookie); the role is compared; writes are counted. A token is never logged.
"""

import logging
import time
from typing import Any, Final, cast

from flask import Flask, current_app, request

from rmos import ids
from rmos.auth.callers import LOCAL, Caller, Callers
from rmos.auth.cookies import COOKIE, Cookies
from rmos.auth.links import LinkSigner
from rmos.auth.places import UNSAFE, Proxies, RequestEnviron, is_direct, refuse_cross_site, refuse_strangers
from rmos.auth.roles import OPEN, OPEN_ON_LOOPBACK, OPEN_WHERE_PUBLIC, RANKS, find_needed_role
from rmos.auth.throttle import Throttle
from rmos.config import Settings
from rmos.errors.callers import CrossSite, Forbidden, TooManyAttempts, TooManyWrites, Unauthenticated
from rmos.store.tokens import BEARER, open_tokens

log = logging.getLogger(__name__)

WRONG_TOKENS: Final = 20
"""Wrong tokens of one address and minute that are answered one by one (RMOS policy); then it has to wait."""
_MINUTE_S: Final = 60.0
_SCHEME: Final = "bearer "
_OPEN_RANK: Final = 0
_LOOPBACK_RANK: Final = -1
_EXTENSION: Final = "rmos.guard"
_CALLER: Final = "rmos.caller"
"""Where the WSGI environment of a request has its caller."""


class Guard:
    """Authenticates the callers of one app and compares their roles."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self.callers = Callers(open_tokens(settings), local_mode=settings.auth == "local")
        self.cookies = Cookies(settings.instance_path, settings.secret_key)
        self.links = LinkSigner(settings.instance_path, settings.secret_key)
        self.proxies = Proxies(settings.trusted_proxies)
        self._public_rank = _OPEN_RANK if settings.evidence_public else RANKS["viewer"]
        self._origins = frozenset(settings.cors_origins)
        self._wrong = Throttle(limit=WRONG_TOKENS, window_s=_MINUTE_S)
        limit = settings.write_limit_per_minute
        self._writes = Throttle(limit=limit, window_s=_MINUTE_S) if limit else None
        self._ranks: dict[tuple[str, str], int] = {}

    def admit(self, environ: dict[str, Any]) -> None:
        """Admit a request whose route is known, and note its caller in its environment.

        Raises:
            CrossSite, NotLocal, Unauthenticated, TooManyAttempts, Forbidden, TooManyWrites, StorageFailed.
        """
        rule = environ["werkzeug.request"].url_rule
        if rule is None:
            return  # no view: 404 or 405 for every caller
        method = environ["REQUEST_METHOD"]
        if method in UNSAFE:
            refuse_cross_site(environ, self._origins)
        rank = self._ranks.get((rule.endpoint, method))
        if rank is None:
            rank = self._find_rank(rule, method)
        if rank == _OPEN_RANK:
            return
        if rank == _LOOPBACK_RANK:
            if is_direct(environ):
                return
            rank = RANKS["viewer"]
        caller = self.find_caller(environ)
        if RANKS[caller.role] < rank:
            _forbid(caller, rank)
        if self._writes is not None and method in UNSAFE:
            self._count_write(self._writes, caller)
        environ[_CALLER] = caller

    def _find_rank(self, rule: Any, method: str) -> int:
        """Return the rank that a view takes; computed once."""
        if method == "OPTIONS" and rule.provide_automatic_options:
            rank = _OPEN_RANK
        else:
            needed = find_needed_role(self._app.view_functions[rule.endpoint], method)
            ranks = {OPEN: _OPEN_RANK, OPEN_ON_LOOPBACK: _LOOPBACK_RANK, OPEN_WHERE_PUBLIC: self._public_rank}
            rank = {**ranks, **RANKS}[needed]
        self._ranks[rule.endpoint, method] = rank
        return rank

    def find_caller(self, environ: RequestEnviron) -> Caller:
        """Return who sends a request.

        Raises:
            NotLocal: local mode, and it came another way than directly from this machine.
            Unauthenticated, TooManyAttempts: it carries no token, or one that is not in force.
            StorageFailed: the tokens cannot be read.
        """
        table = self.callers.read_table()
        if table.local:
            refuse_strangers(environ)
            return LOCAL
        header = environ.get("HTTP_AUTHORIZATION")
        if header is not None:
            scheme, bearer = header[:7], header[7:]
            return self.authenticate(bearer.strip(" ") if scheme.lower() == _SCHEME else "", environ)
        if COOKIE in environ.get("HTTP_COOKIE", ""):
            return self._find_cookie_caller(environ)
        raise Unauthenticated("Send a token: `Authorization: Bearer rmos_…`. Browsers sign in at /sign-in.")

    def authenticate(self, bearer: str, environ: RequestEnviron) -> Caller:
        """Return whose token it is; a right one is served whatever number of wrong ones came from its address.

        Raises:
            Unauthenticated: it is unknown, revoked or expired.
            TooManyAttempts: so it is, and the address sent too many of them.
            StorageFailed: the tokens cannot be read.
        """
        match = BEARER.fullmatch(bearer)
        try:
            if match is None:
                raise Unauthenticated("The token does not have the form rmos_<id>_<secret>.")
            return self.callers.read_table().authenticate(match[1], match[2], ids.now_us())
        except Unauthenticated as refusal:
            self._count_wrong_token(environ, refusal)
            raise

    def _count_wrong_token(self, environ: RequestEnviron, refusal: Unauthenticated) -> None:
        address = self.proxies.client_address(environ)
        wait_s = self._wrong.count(_network_of(address), time.monotonic())
        if wait_s:
            raise TooManyAttempts(
                "Too many wrong tokens came from this address; a right one is served at once.", retry_after_s=wait_s
            ) from None
        log.warning("refused a token from %s: %s", address, refusal.detail)

    def _find_cookie_caller(self, environ: RequestEnviron) -> Caller:
        value = request.cookies.get(COOKIE, "")
        token_id = self.cookies.read_token_id(value)
        if token_id is None:
            raise Unauthenticated("The sign-in is over; sign in again at /sign-in.")
        if environ["REQUEST_METHOD"] in UNSAFE and not ("HTTP_ORIGIN" in environ or "HTTP_SEC_FETCH_SITE" in environ):
            # Every browser sends the page that a write comes from; a program that does not has no use for a cookie.
            raise CrossSite("A write with a cookie needs the header Origin.")
        return self.callers.read_table().find_caller(token_id, ids.now_us())

    def admit_another(self, caller: Caller) -> None:
        """Admit one more write of a request that brings many; the first was admitted with the request.

        Raises:
            TooManyWrites.
        """
        if self._writes is not None:
            self._count_write(self._writes, caller)

    @staticmethod
    def _count_write(writes: Throttle, caller: Caller) -> None:
        wait_s = writes.count(caller.name, time.monotonic())
        if wait_s:
            raise TooManyWrites(
                f"{caller.name} may write {writes.limit} times a minute; wait a moment.", retry_after_s=wait_s
            )


def _network_of(address: str) -> str:
    """Return what is counted as one address: an IPv6 subscriber has a whole /64 (RFC 6177) to send from."""
    return ":".join(address.split(":")[:4]) if ":" in address else address


def _forbid(caller: Caller, rank: int) -> None:
    needed = next(role for role, reached in RANKS.items() if reached == rank)
    raise Forbidden(
        f"This takes the role {needed}; {caller.name} is {caller.role}.", role_needed=needed, role=caller.role
    )


def current_caller() -> Caller:
    """Return who sent the running request.

    Raises:
        RuntimeError: the view is open, so the caller is not known.
    """
    caller: Caller | None = request.environ.get(_CALLER)
    if caller is None:
        raise RuntimeError("The view is open: its caller is not known.")
    return caller


def find_admitted_caller() -> Caller | None:
    """Return whom the guard admitted to the running request, None where it asked nobody."""
    caller: Caller | None = request.environ.get(_CALLER)
    return caller


def current_guard() -> Guard:
    """Return the guard of the running app."""
    return get_guard(current_app)


def get_guard(app: Flask) -> Guard:
    """Return the guard of an app."""
    return cast(Guard, app.extensions[_EXTENSION])


def init_app(app: Flask, settings: Settings) -> None:
    """Give an app its guard, which `rmos.http.routes` puts before every view; nothing is read before it is asked."""
    app.extensions[_EXTENSION] = Guard(app, settings)
