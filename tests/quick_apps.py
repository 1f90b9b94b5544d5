"""Apps of the tests come quickly: what werkzeug compiles for a route is the same in each app, so it is compiled once.

    compile_once()          # from here on, in this process

Of the time that `create_app` takes, four fifths go into the functions by which werkzeug builds the URL of each route,
compiled from what the route says and from nothing else (`Rule._compile_builder`, werkzeug 3). A process of the service
makes one app; a process of the tests makes thousands.
"""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

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
