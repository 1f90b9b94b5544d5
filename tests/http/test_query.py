"""Query strings are read strictly, and what a list's query loads as hangs on nothing else."""

from collections.abc import Mapping, Sequence

import pytest
from flask import Flask

from rmos.errors.http import BadRequest
from rmos.http.query import load_list_query, parse_query


@pytest.mark.parametrize(
    ("query_string", "parameters"),
    [
        (b"", {}),
        (b"a=1&b=2&a=3", {"a": ["1", "3"], "b": ["2"]}),
        (b"a=&b", {"a": [""], "b": [""]}),
        (b"a=x%20y+z&%C3%A9=%F0%9F%AA%B5", {"a": ["x y z"], "é": ["🪵"]}),
        ("a=é".encode(), {"a": ["é"]}),
        (b"a=1;b=2", {"a": ["1;b=2"]}),
        (b"a=%zz", {"a": ["%zz"]}),
    ],
)
def test_each_parameter_has_all_its_values(query_string: bytes, parameters: dict[str, list[str]]) -> None:
    assert parse_query(query_string) == parameters


@pytest.mark.parametrize("query_string", [b"a=%ff", b"%ff=a", b"a=\xff", b"a=%00", b"%00=a", b"a=%ed%a0%80"])
def test_what_is_not_utf_8_or_holds_nul_is_refused(query_string: bytes) -> None:
    with pytest.raises(BadRequest, match=r"UTF-8|U\+0000"):
        parse_query(query_string)


def test_one_query_string_is_loaded_once_by_each_loader() -> None:
    app = Flask("test")
    loaded: list[str] = []

    def load_one(parameters: Mapping[str, Sequence[str]]) -> str:
        loaded.append("one")
        return f"one {parameters['a'][0]}"

    def load_other(parameters: Mapping[str, Sequence[str]]) -> str:
        loaded.append("other")
        return f"other {parameters['a'][0]}"

    for query in ("a=1", "a=2", "a=1"):
        with app.test_request_context(f"/?{query}"):
            value = query[-1]
            assert load_list_query(load_one) == f"one {value}"
            assert load_list_query(load_other) == f"other {value}"
    assert loaded == ["one", "other"] * 2
