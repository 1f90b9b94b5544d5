"""By what an index is known to have been made by other tables."""

from collections.abc import Callable
from typing import Any

import pytest

from rmos.index import schema
from rmos.index.schema import Schema, schema_of, tables_digest


def make_digest() -> str:
    """Return the digest of the tables as they are now."""
    return tables_digest.__wrapped__()


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "another table": ("CREATE_TABLES", lambda texts: [*texts, "CREATE TABLE more (x TEXT)"]),
    "another column": ("CREATE_TABLES", lambda texts: [text.replace("tool_id", "tool") for text in texts]),
    "an index less": ("CREATE_INDEXES", lambda texts: texts[1:]),
    "a trigger less": ("CREATE_TRIGGERS", lambda texts: texts[1:]),
    "another state that is listed": ("VISIBILITY", lambda states: {**states, "missing": 2}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_tables_make_another_schema(monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    before = make_digest()
    assert make_digest() == before == schema_of(None).tables
    name, changed = CHANGES[change]
    monkeypatch.setattr(schema, name, changed(getattr(schema, name)))
    assert make_digest() != before


def test_a_schema_is_said_in_one_word_that_tells_all_of_it() -> None:
    assert schema_of("a").text != schema_of("b").text
    assert Schema("t", "r", "1").text != Schema("u", "r", "1").text


@pytest.mark.parametrize(
    ("one", "other"),
    [("0.1.0", "0.0.9"), ("0.10.0", "0.9.0"), ("1.0.0", "0.99.99"), ("0.1.1rc1", "0.1.0"), ("0.1.0", ""), ("1", "0.9")],
)
def test_releases_are_compared_by_their_numbers(one: str, other: str) -> None:
    assert Schema("t", "r", one).is_newer(Schema("t", "r", other))
    assert not Schema("t", "r", other).is_newer(Schema("t", "r", one))
    assert not Schema("t", "r", one).is_newer(Schema("u", "s", one))
