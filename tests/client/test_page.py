"""The lines of docs/client.md are run as they are printed, against the real service."""

import contextlib
import inspect
import io
import re
from pathlib import Path

import pytest

from rmos import client as package
from rmos.client import Client
from tests.faults.service import Service

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PRINTED = (r"GREEN 99\.\d\nrun_[0-9a-f]{32} GREEN None\n", r"run_0{32} is not there\n")


@pytest.mark.parametrize(("example", "printed"), list(zip(EXAMPLES, PRINTED, strict=True)))
def test_the_examples_run_and_print_what_they_should(service: Service, example: str, printed: str) -> None:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(example.replace(":8000", f":{service.port}"), "client.md", "exec"), {})
    assert re.fullmatch(printed, output.getvalue()), output.getvalue()


def test_every_method_and_error_that_the_page_names_is_there_and_none_is_left_out() -> None:
    methods = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")}
    told = set(re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE))
    assert told == methods - {"close"}
    for name in re.findall(r"`([A-Z]\w+)`", PAGE):
        assert name in package.__all__, name
