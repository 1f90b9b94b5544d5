"""Apps of the tests come quickly: what is the same in each is found out once.

    compile_once()          # from here on, in this process
    look_for_engines_once()
    derive_schema_once()

Of the time that `create_app` takes, four fifths go into the functions by which werkzeug builds the URL of each route,
compiled from what the route says and from nothing else (`Rule._compile_builder`, werkzeug 3); of the time that it takes
to open a store, a third goes into the schema of the rows. A process of the service does each once; a process of the
tests does it thousands of times.
"""

import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from typing import Any

from werkzeug.routing import Rule

from rmos.engines import registry
from rmos.store import store

Builder = Callable[..., tuple[str, str]]


def compile_once() -> None:
    """Let routes that say the same share what builds their URLs; one with defaults, which convert, gets its own."""
    made: dict[tuple[Any, ...], Builder] = {}
    compile_builder: Callable[[Rule, bool], Builder] = Rule._compile_builder

    def shared(rule: Rule, append_unknown: bool = True) -> Builder:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (append_unknown, *rule._trace)
        if key not in made:
            made[key] = compile_builder(rule, append_unknown)
        return made[key]

    Rule._compile_builder = shared  # type: ignore[method-assign]


def look_for_engines_once() -> None:
    """Let engine plug-ins be looked for again only when a test has changed the path: there are many packages."""

    @cache
    def found(path: tuple[str, ...], group: str) -> EntryPoints:
        return entry_points(group=group)

    registry.entry_points = lambda *, group: found(tuple(sys.path), group)  # type: ignore[assignment]


def derive_schema_once() -> None:
    """Let the schema of the rows be derived once for each way to shape summaries; tests of it ask `specimens`."""
    store.row_schema = cache(store.row_schema)  # type: ignore[attr-defined]
