"""The role that each view takes; views declare it themselves, so that no table of roles can lag behind the routes."""

from collections.abc import Callable
from typing import Any, Final, Literal, TypeVar

from rmos.errors.base import RmosError
from rmos.errors.callers import CrossSite, Forbidden, NotLocal, TooManyAttempts, TooManyWrites, Unauthenticated
from rmos.models import ROLES, Role

Needed = Role | Literal["open", "open_on_loopback", "open_where_public"]
OPEN: Final = "open"
"""Everybody may call it, from anywhere."""
OPEN_ON_LOOPBACK: Final = "open_on_loopback"
"""Everybody on this machine may call it, directly; from elsewhere it takes a viewer."""

OPEN_WHERE_PUBLIC: Final = "open_where_public"
"""Everybody may call it where `RMOS_EVIDENCE_PUBLIC` says so; elsewhere it takes a viewer."""

RANKS: Final[dict[str, int]] = {role: rank for rank, role in enumerate(ROLES, 1)}
_OF_AN_UNDECLARED_VIEW: Final = "admin"
_LEAST: Final = ROLES[0]

_OF_READERS: Final = (Unauthenticated, NotLocal, TooManyAttempts)
_PROBLEMS: Final[dict[str, tuple[type[RmosError], ...]]] = {
    OPEN: (),
    OPEN_ON_LOOPBACK: _OF_READERS,
    OPEN_WHERE_PUBLIC: _OF_READERS,
    "viewer": _OF_READERS,
    **dict.fromkeys(ROLES[1:], (*_OF_READERS, Forbidden, CrossSite, TooManyWrites)),
}

View = TypeVar("View", bound=Callable[..., Any])


def requires(role: Needed, *, refused_by_view: bool = False) -> Callable[[View], View]:
    """Declare which role a view needs at least: as its attribute `rmos_role`, without wrapping it.

    The problems with which the guard may respond in its place are in `rmos_problems`.

    Args:
        refused_by_view: the guard lets every known caller through, because the view turns lesser roles down itself,
            in writing.
    """

    def declare(view: View) -> View:
        view.rmos_role = role  # type: ignore[attr-defined]
        view.rmos_problems = _PROBLEMS[role]  # type: ignore[attr-defined]
        view.rmos_refuses = refused_by_view  # type: ignore[attr-defined]
        return view

    return declare


def find_role(view: Callable[..., Any], method: str) -> str | None:
    """Return the role that a view declares for a method, or None when it declares none."""
    # A class of methods declares on each of them.
    of_class = getattr(getattr(view, "view_class", None), ("get" if method == "HEAD" else method.lower()), None)
    declared: str | None = getattr(of_class or view, "rmos_role", None)
    return declared


def find_needed_role(view: Callable[..., Any], method: str) -> str:
    """Return the role that a caller of a view needs; a view that declares none is closed to all but admins."""
    if getattr(view, "rmos_refuses", False):
        return _LEAST
    return find_role(view, method) or _OF_AN_UNDECLARED_VIEW
