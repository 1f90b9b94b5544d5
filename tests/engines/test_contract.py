from typing import Any

import pytest

from rmos.engines.base import Assessment, EngineInfo, EngineInput, EngineResult
from rmos.engines.contract import ContractBroken, check_engine_shape, check_result
from tests.engines.plugins import FunctionEngine, Good, answer, assessment, refuse

INFO = Good().info


def test_a_sound_answer_comes_back_as_a_copy() -> None:
    sound = answer("r", assessments=[assessment(value=1, score=100)], overall_score=12)
    clean = check_result(sound, info=INFO, request_id="r")
    assert clean == sound
    sound.reasons.append("later")
    sound.assessments[0].inputs_used.append("later")
    assert clean.reasons == ["it refuses everything"]
    assert clean.assessments[0].inputs_used == []
    assert type(clean.assessments[0].value) is float


def in_numbers(**members: Any) -> Assessment:
    """Return an assessment with a value and a limit."""
    return assessment(value=0.5, limit=1, **members)


@pytest.mark.parametrize(
    "members",
    [
        {"better": "low", "yellow_limit": 1},
        {"better": "high"},
        {"better": "window", "yellow_limit": 2, "other_limit": 0, "other_yellow_limit": None},
    ],
)
def test_limits_of_every_direction_are_taken(members: dict[str, Any]) -> None:
    sound = answer("r", assessments=[in_numbers(**members)])
    assert check_result(sound, info=INFO, request_id="r") == sound


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"engine_id": "baseline_v1"}, "another engine"),
    ({"engine_version": "9.9.9"}, "another engine"),
    ({"request_id": "other"}, "another request"),
    ({"status": "FINE"}, "status must be"),
    ({"status": []}, "status must be"),
    ({"overall_score": 900}, "overall_score is 900, it must be from 0 to 100"),
    ({"overall_score": -1}, "overall_score is -1"),
    ({"overall_score": float("nan")}, "overall_score is not a finite number"),
    ({"overall_score": 10**400}, "overall_score is not a finite number"),
    ({"overall_score": True}, "overall_score is a bool, not a number"),
    ({"overall_score": "90"}, "overall_score is a str, not a number"),
    ({"reasons": "because"}, "reasons is a str, not a list"),
    ({"reasons": [1]}, "reasons is a int, not a string"),
    ({"reasons": ["a\0b"]}, "reasons holds a character"),
    ({"reasons": ["\ud800"]}, "reasons holds a character"),
    ({"reasons": ["x" * 5000]}, "reasons has 5000 characters"),
    ({"reasons": ["x"] * 501}, "reasons has 501 entries"),
    ({"missing_inputs": None}, "missing_inputs is a NoneType"),
    ({"assumptions": {"a": 1}}, "assumptions is a dict"),
    ({"assessments": [{"id": "X"}]}, "an assessment is a dict"),
    ({"assessments": [assessment(), assessment()]}, "two assessments have the same id"),
    ({"assessments": [assessment(risk="BLUE")]}, "CHECK: risk must be"),
    ({"assessments": [assessment(id="")]}, "id is empty"),
    ({"assessments": [assessment(value=float("inf"))]}, "CHECK: value is not a finite number"),
    ({"assessments": [assessment(limit=2.0**60)]}, "CHECK: limit is not a finite number"),
    ({"assessments": [assessment(score=100.5)]}, "CHECK: score is 100.5"),
    ({"assessments": [assessment(message=None)]}, "CHECK: message is a NoneType"),
    ({"assessments": [assessment(better="less")]}, "CHECK: better must be low, high or window"),
    ({"assessments": [assessment(better="low")]}, "CHECK: better comes with value and limit"),
    (
        {"assessments": [assessment(yellow_limit=2)]},
        "CHECK: yellow_limit, other_limit and other_yellow_limit come with",
    ),
    ({"assessments": [in_numbers(better="low", other_limit=0)]}, "CHECK: other_limit and .* those of a window"),
    ({"assessments": [in_numbers(better="window")]}, "CHECK: a window has other_limit"),
    (
        {"assessments": [in_numbers(better="low", yellow_limit=0.5)]},
        "CHECK: YELLOW ends at 0.5, before GREEN does at 1",
    ),
    ({"assessments": [in_numbers(better="high", yellow_limit=2)]}, "CHECK: YELLOW ends at 2, before GREEN does at 1"),
    (
        {"assessments": [in_numbers(better="window", other_limit=0, other_yellow_limit=0.5)]},
        "CHECK: YELLOW ends at 0.5, before GREEN does at 0",
    ),
    ({"status": "GREEN", "missing_inputs": ["design.feed_mm_min"]}, "GREEN although inputs are missing"),
    ({"status": "GREEN", "assessments": [assessment(risk="UNKNOWN")]}, "GREEN although CHECK is UNKNOWN"),
    ({"status": "YELLOW", "assessments": [assessment(risk="RED")]}, "YELLOW although CHECK is RED"),
    ({"status": "UNKNOWN", "overall_score": 50}, "UNKNOWN has no score"),
]


@pytest.mark.parametrize(("members", "says"), BROKEN)
def test_a_broken_answer_is_refused_by_name(members: dict[str, Any], says: str) -> None:
    with pytest.raises(ContractBroken, match=says):
        check_result(answer(**({"request_id": "r"} | members)), info=INFO, request_id="r")


@pytest.mark.parametrize("garbage", [None, {}, "GREEN", 3, {"status": "GREEN"}])
def test_what_is_no_result_is_refused(garbage: object) -> None:
    with pytest.raises(ContractBroken, match="not an EngineResult"):
        check_result(garbage, info=INFO, request_id="r")


def test_a_subclass_that_could_rewrite_its_record_is_no_result() -> None:
    class Sly(EngineResult, frozen=True, kw_only=True):
        def record(self) -> dict[str, Any]:
            return {"status": "GREEN"}

    sly = Sly(engine_id="plugin", engine_version="1.2.3", status="RED", request_id="r")
    with pytest.raises(ContractBroken, match="the answer is a Sly"):
        check_result(sly, info=INFO, request_id="r")


@pytest.mark.parametrize("engine_id", ["", "a b", "a-b", "engine\n", "é", "x" * 65, 7, None])
def test_an_engine_id_is_letters_digits_and_underscores(engine_id: Any) -> None:
    with pytest.raises(ContractBroken, match="engine_id"):
        check_engine_shape(FunctionEngine(refuse, engine_id=engine_id))


@pytest.mark.parametrize("version", ["", "1", "1.2", "v1.2.3", "01.2.3", "1.2.3\n", "1.2.3-", "١.2.3", 1.2, None])
def test_a_version_is_semantic(version: Any) -> None:
    with pytest.raises(ContractBroken, match="semantic version"):
        check_engine_shape(FunctionEngine(refuse, version=version))


@pytest.mark.parametrize("version", ["0.1.0", "1.2.3-rc.1", "10.20.30+build.5"])
def test_semantic_versions_are_taken(version: str) -> None:
    assert check_engine_shape(FunctionEngine(refuse, version=version)).version == version


def test_an_engine_must_take_the_keywords_that_it_is_called_with() -> None:
    class Old(FunctionEngine):
        def compute(self, design: Any) -> Any:  # type: ignore[override]
            return design

    with pytest.raises(ContractBroken, match="keywords spec, ctx and request_id"):
        check_engine_shape(Old(refuse))


@pytest.mark.parametrize(
    "inputs",
    [
        None,
        "design.feed",
        ["design.feed"],
        [EngineInput(path=1, kind="number")],
        [EngineInput(path="x", kind="\ud800")],
    ],  # type: ignore[arg-type]
)
def test_inputs_that_cannot_be_told_are_refused(inputs: Any) -> None:
    engine = Good()
    engine.info = EngineInfo(engine_id="plugin", version="1.0.0", description="Odd.", inputs=inputs)
    with pytest.raises(ContractBroken, match="input"):
        check_engine_shape(engine)
