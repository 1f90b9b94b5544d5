"""RMOS: the flight recorder of a CNC lutherie shop.

    from rmos import create_app

The service is loaded when it is asked for: a program that only talks to one imports `rmos.client` and loads nothing
else.
"""

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rmos.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    """Return the factory; whatever else is asked for is a module, which the import system finds by itself."""
    if name == "create_app":
        return resolve_name("rmos.app:create_app")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
