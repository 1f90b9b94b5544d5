from typing import Any

import pytest

from rmos.digest import canonical, canonical_sha256
from rmos.engines.decision import decide
from tests.engines.cuts import (
    MILLED_OPERATIONS,
    NEEDED,
    check_of,
    judge,
    make_context,
    make_cut,
    make_design,
    make_saw_context,
    make_saw_design,
    remove,
)

# What is absent or odd must never be GREEN


def test_trap_26_all_checks_unknown_is_not_green() -> None:
    for design in ({}, {"operation": "channel"}, {"operation": "saw_slice"}):
        result = judge(design, {})
        assert (result.status, result.overall_score) == ("UNKNOWN", None)
        assert result.missing_inputs
        assert result.reasons[0].startswith("this cut cannot be judged without ")


@pytest.mark.parametrize("operation", MILLED_OPERATIONS)
def test_a_cut_with_everything_stated_is_green(operation: str) -> None:
    result = judge(make_design(operation=operation), make_context())
    assert (result.status, result.missing_inputs) == ("GREEN", [])
    assert judge(make_saw_design(), make_saw_context()).status == "GREEN"


@pytest.mark.parametrize(("operation", "path"), NEEDED)
def test_trap_26_a_missing_input_is_named_and_never_green(operation: str, path: str) -> None:
    design, context = make_cut(operation)
    assert judge(design, context).status == "GREEN"
    remove(design, context, path)
    result = judge(design, context)
    assert result.status in ("YELLOW", "UNKNOWN")
    assert path in result.missing_inputs
    assert (result.overall_score or 0) <= 79


def test_trap_26_a_missing_material_is_named_and_never_green() -> None:
    context = make_context()
    del context["material"]
    result = judge(make_design(), context)
    assert (result.status, result.missing_inputs) == ("YELLOW", ["context.material.id"])


BAD: list[Any] = [
    None, float("nan"), float("inf"), float("-inf"), -1, -0.5, 0, 0.0, -0.0, 1e300, 1e-300, 10**400, True, False,
    "18000", "", "fast", [], [18000], {}, {"value": 3}, "\0", "\ud800",
]  # fmt: skip
NUMBER_FIELDS = [
    *(("design", name) for name in make_design() if name not in ("operation", "fit_critical")),
    *(("tool", name) for name in ("diameter_mm", "flutes", "stickout_mm", "flute_length_mm", "max_rpm")),
    *(("machine", name) for name in ("spindle_power_w", "max_force_n", "max_rpm")),
    *(("stock", name) for name in ("thickness_mm", "area_mm2")),
    *(("hold_down", name) for name in ("pressure_kpa", "area_mm2", "friction")),
]


def _place(where: str, design: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    place: dict[str, Any] = {"design": design, "context": context}.get(where) or context[where]
    return place


@pytest.mark.parametrize(("where", "name"), NUMBER_FIELDS)
def test_trap_26_a_number_that_is_none_is_red_whatever_it_is(where: str, name: str) -> None:
    for bad in BAD:
        design, context = make_design(), make_context()
        _place(where, design, context)[name] = bad
        result = judge(design, context)
        assert result.status == "RED", bad
        assert name in check_of(result, "INVALID_INPUT").message
        assert (decide(result).block_reason or "").startswith("INVALID_INPUT: ")
        canonical(result.record())


BAD_WORDS: list[Any] = [None, 3, 1.5, float("nan"), "unobtainium", "", "MM", [], ["channel"], [[]], "\0", "\ud800"]
WORD_FIELDS = [
    ("design", "operation"),
    ("design", "fit_critical"),
    ("context", "units"),
    ("context", "material_id"),
    ("context", "coolant"),
    ("context", "tool"),
    ("context", "material"),
    ("context", "machine"),
    ("context", "stock"),
    ("context", "hold_down"),
    ("tool", "kind"),
    ("tool", "material"),
    ("tool", "centre_cutting"),
    ("material", "id"),
    ("machine", "class"),
]


@pytest.mark.parametrize(("where", "name"), WORD_FIELDS)
def test_trap_26_an_unknown_word_or_a_wrong_type_is_red(where: str, name: str) -> None:
    for bad in BAD_WORDS:
        design, context = make_design(), make_context()
        _place(where, design, context)[name] = bad
        result = judge(design, context)
        assert result.status == "RED", bad
        assert name in check_of(result, "INVALID_INPUT").message
        canonical(result.record())


def test_trap_26_inch_values_under_metric_names_are_refused_by_name() -> None:
    result = judge(make_design(), make_context(units="inch"))
    message = check_of(result, "INVALID_INPUT").message
    assert result.status == "RED"
    assert "design.feed_mm_min is not read: with units inch this is called feed" in message


@pytest.mark.parametrize("name", ["radial_engagement", "radial_engagement_in", "radial_engagement_inch"])
def test_trap_26_a_length_without_its_unit_is_not_silently_ignored(name: str) -> None:
    result = judge(make_design(radial_engagement_mm=..., **{name: 0.01}), make_context())
    assert result.status == "RED"
    assert "with units mm this is called radial_engagement_mm" in check_of(result, "INVALID_INPUT").message


def test_trap_26_different_cuts_get_different_scores() -> None:
    scores = {judge(make_design(feed_mm_min=feed), make_context()).overall_score for feed in range(300, 9000, 300)}
    assert len(scores) > 10


def test_bad_inputs_of_a_drawing_are_refused_too() -> None:
    assert judge({"operation": "drawing_only", "feed_mm_min": float("nan")}, {}).status == "RED"


def test_unknown_members_are_tolerated_and_named() -> None:
    result = judge(make_design(rosette="weave", note="x"), make_context(operator="Ann"))
    assert result.status == "GREEN"
    unread = "sent but not read by baseline_v1 1.0.0: context.operator, design.note, design.rosette"
    assert unread in result.assumptions


# Contradictions


@pytest.mark.parametrize(
    ("design", "context", "says"),
    [
        (make_design(), make_context(kind="saw_blade"), "context.tool.kind is saw_blade, which does no channel"),
        (make_design(operation="saw_slice"), make_context(), "context.tool.kind is end_mill, which does no saw_slice"),
        (make_design(radial_engagement_mm=4), make_context(), "more than the cutter's diameter"),
        (make_design(), make_context(material_id="ebony"), "context.material_id is ebony while"),
        (make_design(units="inch"), make_context(), "the units are a member of the context"),
    ],
)
def test_inputs_that_contradict_each_other_are_refused(design: Any, context: Any, says: str) -> None:
    result = judge(design, context)
    assert result.status == "RED"
    assert says in check_of(result, "INVALID_INPUT").message


def test_the_material_may_stand_at_the_top_of_the_context() -> None:
    context = make_context(material_id="sitka_spruce")
    del context["material"]
    assert judge(make_design(), context).status == "GREEN"


def test_the_same_inputs_give_the_same_digest() -> None:
    digests = {canonical_sha256(judge(make_design(), make_context()).record()) for _ in range(3)}
    assert len(digests) == 1


def test_a_record_is_pinned_so_that_other_bytes_need_another_engine_version() -> None:
    # When this fails, an old run no longer replays: raise the version of the engine, then pin again.
    assert canonical_sha256(judge(make_design(), make_context()).record()) == (
        "bf1b131ea2f6459b19e998966f6e9eee756010ecd116168b2a7f6fc511ecbc07"
    )
