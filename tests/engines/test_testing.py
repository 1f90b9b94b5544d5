from typing import Any

import pytest

from rmos.engines.baseline.engine import BaselineV1
from rmos.engines.baseline_v2.engine import BaselineV2
from rmos.engines.testing import check_engine
from tests.engines import manners
from tests.engines.plugins import ODD_ID, Good

PATIENT_MS = 60_000


@pytest.mark.parametrize(
    "engine",
    [
        *(BaselineV1(), "rmos.engines.baseline.engine:BaselineV1"),
        *(BaselineV2(), "rmos.engines.baseline_v2.engine:BaselineV2"),
        *(Good(), "tests.engines.plugins:Good"),
    ],
    ids=["v1", "v1 in its process", "v2", "v2 in its process", "plug-in", "plug-in in its process"],
)
def test_a_good_engine_keeps_the_contract(engine: Any) -> None:
    check_engine(engine, timeout_ms=PATIENT_MS)  # raises AssertionError when it does not


@pytest.mark.parametrize("is_isolated", [False, True], ids=["in this process", "in its process"])
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("stumble", "asked about nothing at all, failed: .* raised KeyError"),
        ("trust", "asked about nothing at all, answered GREEN"),
        ("forget", "asked about a sound cut, .*broke the contract: the answer is a NoneType"),
        ("count", "two answers to the same question"),
        ("tire", "two answers to the same question"),
        ("name_request", "two answers to the same question"),
        ("say_nothing", "answered RED without a reason"),
        ("overflow", "CHECK: value is not a finite"),
        ("recurse", "raised RecursionError"),
    ],
)
def test_a_broken_engine_is_told_what_to_mend(name: str, says: str, is_isolated: bool) -> None:
    engine = f"tests.engines.manners:engines.{name}" if is_isolated else getattr(manners.engines, name)
    with pytest.raises(AssertionError, match=says):
        check_engine(engine, timeout_ms=PATIENT_MS)


@pytest.mark.parametrize(
    ("name", "timeout_ms", "says"),
    [
        ("hang", 200, "did not answer within 200 ms"),
        ("leave", PATIENT_MS, "exited with status 3"),
        ("name_process", PATIENT_MS, "two answers to the same question"),
        ("name_place", PATIENT_MS, "two answers to the same question"),
    ],
)
def test_what_only_shows_in_processes_of_its_own_is_told_there(name: str, timeout_ms: float, says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        check_engine(f"tests.engines.manners:engines.{name}", timeout_ms=timeout_ms)


def test_an_engine_that_changes_its_inputs_is_told_so_in_this_process() -> None:
    with pytest.raises(AssertionError, match="changed its inputs"):
        check_engine(manners.engines.meddle, timeout_ms=PATIENT_MS)


def test_an_engine_that_is_too_slow_in_this_process_is_told_so() -> None:
    with pytest.raises(AssertionError, match="asked about a sound cut, did not answer within -1 ms"):
        check_engine(Good(), timeout_ms=-1)


@pytest.mark.parametrize(
    ("engine", "says"),
    [
        (ODD_ID, r": `info\.engine_id`"),
        ("tests.engines.plugins:ODD_ID", r": tests.engines.plugins:ODD_ID: `info\.engine_id`"),
        ("tests.engines.plugins:Missing", ": tests.engines.plugins:Missing cannot be imported: AttributeError"),
        ("tests.engines.plugins:make_raising", ": tests.engines.plugins:make_raising raised RuntimeError: no licence"),
    ],
)
def test_an_engine_that_could_not_be_registered_is_told_so(engine: Any, says: str) -> None:
    with pytest.raises(AssertionError, match=f"^The engine cannot be registered{says}"):
        check_engine(engine)
