"""Apps of the tests come quickly: what is the same in each is found out once.

    compile_once()          # from here on, in this process
    look_for_engines_once()
    derive_schema_once()
    compile_templates_once()

Of the time that `create_app` takes, nine tenths go into what werkzeug compiles of each route, from what the route says
and from nothing else (`Rule.compile`, werkzeug 3); of the time that it takes to open a store, a third goes into the
schema of the rows; of the time that an app takes to show its first pages, half goes into compiling their templates. A
process of the service does each once; a process of the tests does it thousands of times.
"""

import sys
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from types import CodeType

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from rmos.engines import registry
from rmos.store import store


def compile_once() -> None:
    """Let a route take over what was compiled of another that says the same; one with defaults is compiled anew."""
    made: dict[tuple[object, ...], Rule] = {}
    compile_rule = Rule.compile

    def compile_or_share(rule: Rule) -> None:
        first = rule if rule.defaults else made.setdefault((rule.rule, rule.subdomain, rule.merge_slashes), rule)
        if first is rule:
            compile_rule(rule)
            return
        rule._parts, rule._trace, rule._converters = first._parts, first._trace, first._converters
        rule.arguments = first.arguments
        rule._build = first._build.__func__.__get__(rule)  # type: ignore[attr-defined]
        rule._build_unknown = first._build_unknown.__func__.__get__(rule)  # type: ignore[attr-defined]

    Rule.compile = compile_or_share  # type: ignore[method-assign]


def look_for_engines_once() -> None:
    """Let engine plug-ins be looked for again only when a test has changed the path: there are many packages."""

    @cache
    def found(path: tuple[str, ...], group: str) -> EntryPoints:
        return entry_points(group=group)

    registry.entry_points = lambda *, group: found(tuple(sys.path), group)  # type: ignore[assignment]


def derive_schema_once() -> None:
    """Let the schema of the rows be derived once for each way to shape summaries; tests of it ask `specimens`."""
    store.row_schema = cache(store.row_schema)  # type: ignore[attr-defined]


class _KeptTemplates(BytecodeCache):
    """The templates that were compiled in this process, by name and by what stands in them."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


def compile_templates_once() -> None:
    """Let each app take over the templates that were compiled for one before it."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _KeptTemplates()}
