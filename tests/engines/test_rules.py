from typing import Any

import pytest

from rmos.engines.baseline.engine import BaselineV1
from rmos.engines.baseline.fields import VOCABULARY, Vocabulary
from rmos.engines.baseline.scoring import GATE, GROUP_WEIGHTS
from rmos.engines.baseline_v2 import fields
from rmos.engines.baseline_v2.engine import BaselineV2
from rmos.engines.contract import ContractBroken, collect_rules
from rmos.engines.decision import BLOCK_ORDER
from rmos.engines.registry import Registry
from rmos.engines.rules import Rule
from rmos.engines.testing import check_engine
from rmos.errors.records import RuleNotFound
from tests.engines import manners, sound
from tests.engines.cuts import MILLED_OPERATIONS, check_of, judge, make_context, make_cut, make_design
from tests.engines.plugins import FunctionEngine, Good
from tests.engines.plugins import rule as a_rule

RULES = {rule.id: rule for rule in BaselineV1.rules}
RULES_V2 = {rule.id: rule for rule in BaselineV2.rules}
EVERY_RULE = [
    *(pytest.param(rule, VOCABULARY, id=f"v1-{rule.id}") for rule in BaselineV1.rules),
    *(pytest.param(rule, fields.VOCABULARY, id=f"v2-{rule.id}") for rule in BaselineV2.rules),
]


def test_the_rules_are_those_of_the_policy() -> None:
    # What only the second engine asks stands in the order too.
    assert set(RULES) == {*BLOCK_ORDER, "MATERIAL_YIELD"} - {"MACHINE_FEED", "SPINDLE_RANGE"}
    assert {rule.id for rule in BaselineV2.rules} == {*BLOCK_ORDER, "MATERIAL_YIELD"}
    assert [rule.id for rule in BaselineV1.rules] == sorted(RULES)
    assert [rule.id for rule in BaselineV2.rules] == sorted(RULES_V2)


@pytest.mark.parametrize(("rule", "vocabulary"), EVERY_RULE)
def test_every_rule_says_what_it_asks_how_where_from_and_what_helps(rule: Rule, vocabulary: Vocabulary) -> None:
    assert rule.question.endswith("?")
    assert rule.formula
    assert rule.source
    assert rule.hint.endswith(".")
    assert set(rule.limits) <= {"GREEN", "YELLOW", "RED"}
    assert rule.weight == GROUP_WEIGHTS.get(rule.category)
    assert rule.category in {*GROUP_WEIGHTS, GATE}
    assert set(rule.inputs) <= set(vocabulary.shown_names["mm"])
    assert len(set(rule.inputs)) == len(rule.inputs)
    assert "RMOS policy" in rule.source
    assert rule.operations


@pytest.mark.parametrize("operation", [*MILLED_OPERATIONS, "saw_slice"])
def test_no_engine_emits_an_id_that_is_no_rule_and_each_runs_where_its_rule_says(operation: str) -> None:
    design, context = make_cut(operation)
    result = judge({**design, "feed_mm_min": -1}, context)
    emitted = {item.id for item in result.assessments}
    assert emitted == {rule.id for rule in RULES.values() if operation in rule.operations}
    for item in judge(design, context).assessments:
        rule = RULES[item.id]
        assert (item.category, item.source) == (rule.category, rule.source)
        assert item.unit == rule.unit or item.id == "GEOMETRY"
        assert set(item.inputs_used) <= set(rule.inputs)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        *((operation, "end_mill") for operation in MILLED_OPERATIONS),
        ("drill_hole", "drill"),
        ("saw_slice", "saw_blade"),
    ],
)
def test_the_second_engine_emits_what_its_rules_name_and_asks_what_they_read(operation: str, kind: str) -> None:
    saw = {"flutes": 24, "diameter_mm": 254.0, "max_rpm": 7000.0} if kind == "saw_blade" else {}
    machine = {"class": "rigid", "spindle_power_w": 2200.0, "max_feed_mm_min": 9000.0, "max_rpm": 30000.0}
    context = sound.make_context("ebony", kind=kind, machine=machine, **saw)
    design = sound.make_design(operation=operation, radial_engagement_mm=3.0)
    told = sound.judge({**design, "spindle_rpm": 4000.0}, context).assessments
    refused = sound.judge({**design, "feed_mm_min": -1}, context).assessments
    named = {rule.id for rule in BaselineV2.rules if operation in rule.operations}
    assert {item.id for item in told} | {"INVALID_INPUT"} == named
    assert {item.id for item in refused} == named
    for item in (*told, *refused):
        rule = RULES_V2[item.id]
        assert (item.category, item.source) == (rule.category, rule.source)
        assert item.unit == rule.unit or item.id == "GEOMETRY"
        assert set(item.inputs_used) <= set(rule.inputs) or item.id == "INVALID_INPUT"


def test_every_assessment_is_complete() -> None:
    result = judge(make_design(operation="ring_cutout", feed_mm_min=900, axial_depth_mm=1), make_context("hard_maple"))
    for item in result.assessments:
        record = item.record()
        members = ("id", "category", "value", "unit", "limit", "margin", "score", "risk", "message", "source")
        assert all(record[name] is not None for name in members)
        assert record["inputs_used"]
        assert ("suggestion" in record) == (item.risk != "GREEN")
    deflection = check_of(result, "DEFLECTION")
    assert deflection.margin == (deflection.limit or 0) - (deflection.value or 0)


def test_a_rule_is_found_by_its_id_and_an_unknown_one_is_refused_by_name() -> None:
    engines = Registry([("good", "tests.engines.plugins:Good")])
    assert engines.rule("HEAT") == ("baseline_v2", next(rule for rule in BaselineV2.rules if rule.id == "HEAT"))
    with pytest.raises(RuleNotFound, match=r"There is no rule \"COLD\"\. There are: CHIP_OVERLOAD, "):
        engines.rule("COLD")


def test_the_rules_of_a_plugin_stand_beside_ours() -> None:
    rules = Registry([("ruled", "tests.engines.plugins:Ruled")]).rules()
    assert [(engine_id, rule.id) for engine_id, rule in rules][-2:] == [("plugin", "A"), ("plugin", "B")]
    assert rules[-2][1] == a_rule(id="A")


@pytest.mark.parametrize("rules", [7, ["HEAT"], [a_rule(), a_rule()], {"HEAT": a_rule()}])
def test_rules_that_are_none_break_the_contract(rules: Any) -> None:
    engine = Good()
    engine.rules = rules  # type: ignore[attr-defined]
    with pytest.raises(ContractBroken, match=r"`rules` must be|two of its rules"):
        collect_rules(engine)


def test_the_kit_finds_an_engine_that_emits_an_id_that_its_rules_do_not_have() -> None:
    engine = FunctionEngine(manners.emit)
    check_engine(engine)
    engine.rules = (a_rule(),)  # type: ignore[attr-defined]
    with pytest.raises(AssertionError, match="plugin emits SECRET, which its `rules` do not have"):
        check_engine(engine)
