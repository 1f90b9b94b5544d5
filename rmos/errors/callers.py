"""Who asks, and whether they may.

    raise Forbidden("This takes the role operator.", role_needed="operator")

A refusal says which role, setting or token would do: whoever meets it can ask the right person for it.
"""

from collections.abc import Mapping
from typing import ClassVar

from rmos.errors.base import RmosError


class Unauthenticated(RmosError):
    """The route needs a caller, and the request names none that is known."""

    code, title, status = "UNAUTHENTICATED", "Not authenticated", 401
    remedy = "Send `Authorization: Bearer rmos_<id>_<secret>`, or sign in at /sign-in."
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer realm="RMOS"'}


class Forbidden(RmosError):
    """The caller's role does not reach; `role_needed` says which one does."""

    code, title, status = "FORBIDDEN", "Forbidden", 403
    remedy = "Use the token of a caller with the role that `role_needed` names."


class NotLocal(RmosError):
    """Without tokens only programs on this machine are served, and this request came another way."""

    code, title, status = "NOT_LOCAL", "Only this machine is served", 403
    remedy = "Call the service on the machine on which it runs, or make a token: `rmos token create NAME --role ROLE`."


class CrossSite(RmosError):
    """A browser sent this write from the page of another site."""

    code, title, status = "CROSS_SITE_REQUEST", "Cross-site request refused", 403
    remedy = "Send the write from a page of this service; for the scripts of another site set RMOS_CORS_ORIGINS."


class TooManyAttempts(RmosError):
    """The address sent too many wrong tokens; a right one is served all the same."""

    code, title, status = "TOO_MANY_ATTEMPTS", "Too many attempts", 429
    remedy = "Send the right token; wrong ones are looked at again after Retry-After."


class TooManyWrites(RmosError):
    """The caller writes more often than `RMOS_WRITE_LIMIT_PER_MINUTE` allows."""

    code, title, status = "TOO_MANY_WRITES", "Too many writes", 429
    remedy = "Wait as long as Retry-After says, or have RMOS_WRITE_LIMIT_PER_MINUTE raised."


class RateLimited(RmosError):
    """The caller has tried this too often within the window; `Retry-After` says when to try again."""

    code, title, status = "RATE_LIMITED", "Too many attempts", 429
    remedy = "Wait for as many seconds as Retry-After says."


class LinkInvalid(RmosError):
    """The signed link is not one of this service, was altered, or is not good for this."""

    code, title, status = "LINK_INVALID", "Link is not valid", 403
    remedy = "Ask whoever gave the link for another one; it is copied whole, and good for one file and one purpose."


class LinkExpired(RmosError):
    """The time of the signed link is over."""

    code, title, status = "LINK_EXPIRED", "Link has expired", 410
    remedy = "Ask whoever gave the link for a new one."


class TokenNotFound(RmosError):
    """No token has this id."""

    code, title, status = "TOKEN_NOT_FOUND", "Token not found", 404
    remedy = "Compare the id with those of `rmos token list`."


class HardDeleteDisabled(RmosError):
    """This installation erases nothing."""

    code, title, status = "HARD_DELETE_DISABLED", "Hard delete disabled", 403
    remedy = "Delete softly, or have an operator set RMOS_DELETE_ALLOW_HARD and restart."


class RedOverrideDisabled(RmosError):
    """This installation overrides no RED."""

    code, title, status = "RED_OVERRIDE_DISABLED", "RED override disabled", 403
    remedy = "Change the cut; or have whoever runs the service set RMOS_ALLOW_RED_OVERRIDE and restart."
