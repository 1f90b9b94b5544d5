import itertools
from typing import Any

import pytest

from rmos.engines.base import EngineResult
from rmos.engines.baseline.engine import BaselineV1
from rmos.engines.testing import check_engine
from tests.engines import plugins
from tests.engines.plugins import Good, Plugin, answer, assessment


def test_the_built_in_engine_keeps_the_contract() -> None:
    check_engine(BaselineV1())  # raises AssertionError when it does not


def test_a_good_plugin_keeps_the_contract() -> None:
    check_engine(Good())  # raises AssertionError when it does not


_counter = itertools.count()


def meddle(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    spec["seen"] = True
    return answer(request_id)


def trust(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    return answer(request_id, status="GREEN", reasons=[])


def stumble(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    spec["feed_mm_min"] * 2.0
    return answer(request_id)


@pytest.mark.parametrize(
    ("compute", "says"),
    [
        (stumble, "failed: The engine plugin raised KeyError"),
        (trust, "asked about nothing at all, answered GREEN"),
        (meddle, "changed its inputs"),
        (lambda *_: None, "broke the contract: the answer is a NoneType"),
        (lambda s, c, r: answer(r, reasons=[f"{next(_counter)}"]), "two answers to the same question"),
        (lambda s, c, r: answer(r, reasons=[r]), "two answers to the same question"),
        (lambda s, c, r: answer(r, reasons=[]), "answered RED without a reason"),
        (lambda s, c, r: answer(r, assessments=[assessment(value=float("nan"))]), "CHECK: value is not a finite"),
        (plugins.spin, "did not answer within 100 ms"),
        (plugins.recurse, "raised RecursionError"),
    ],
)
def test_a_broken_engine_is_told_what_to_mend(compute: plugins.Compute, says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        check_engine(Plugin(compute), timeout_ms=100)


def test_an_engine_that_could_not_be_registered_is_told_so() -> None:
    with pytest.raises(AssertionError, match=r"cannot be registered: `info\.engine_id`"):
        check_engine(Plugin(plugins.refuse, engine_id="a b"))
