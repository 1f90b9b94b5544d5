"""docs/feasibility.md says what the engine does: every example is reckoned again, by hand and by the engine."""

import copy
import json
import math
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from rmos.engines.base import Assessment
from rmos.engines.baseline.engine import BaselineV1
from rmos.engines.rules import Rule
from rmos.engines.shop import load_shop
from tests.engines.cuts import check_of, judge, place_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "feasibility.md").read_text(encoding="utf-8")
DESIGN, CONTEXT, SAWN = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
SECTIONS = {
    heading: text
    for heading, _, text in (part.partition("\n") for part in PAGE.split("## The checks\n")[1].split("\n### ")[1:])
}
EXAMPLE = re.compile(r"Example(.*?): (.*?) gives (\S+) (.*?) against (\S+): (\w+), score (\S+)\.\n")
BY_HAND = {"sqrt": math.sqrt, "pi": math.pi, "__builtins__": {}}


def judged(text: str, rule: Rule) -> Assessment:
    """Return what the engine says of the example of a section."""
    match = re.search(r"Example(.*?): (.*)", text)
    assert match
    sawn = "sawn" in match[1]
    design, context = copy.deepcopy((SAWN["design"], SAWN["context"]) if sawn else (DESIGN, CONTEXT))
    for path, value in re.findall(r"`((?:design|context)\.[a-z0-9_.]+)` (-?[\d.]+)", match[2]):
        place, name = place_of(design, context, path)
        place[name] = float(value) if "." in value else int(value)
    return check_of(judge(design, context), rule.id)


def test_there_is_a_section_for_each_rule() -> None:
    assert list(SECTIONS) == [rule.id for rule in BaselineV1.rules]


@pytest.mark.parametrize("rule", BaselineV1.rules, ids=lambda rule: rule.id)
def test_a_section_says_what_the_rule_says(rule: Rule) -> None:
    text = SECTIONS[rule.id]
    group = "a gate" if rule.weight is None else f"{rule.category}, weight {rule.weight:.2f}"
    assert f"{rule.question} ({group})" in text
    assert f"- Formula: {rule.formula}\n" in text
    assert all(f"- {colour}: {limit}\n" in text for colour, limit in rule.limits.items())
    assert f"- Source: {rule.source}\n" in text
    assert f"- Runs for: {', '.join(rule.operations)}\n" in text


@pytest.mark.parametrize("rule", BaselineV1.rules, ids=lambda rule: rule.id)
def test_an_example_comes_out_as_it_is_told(rule: Rule) -> None:
    text = SECTIONS[rule.id]
    item = judged(text, rule)
    assert f"Said: {item.message}.\n" in text
    if rule.id == "INVALID_INPUT":
        return
    match = EXAMPLE.search(text)
    assert match
    value, unit, limit, risk, score = match.groups()[2:]
    assert item.value is not None
    assert item.limit is not None
    assert (f"{item.value:.3g}", item.unit, f"{item.limit:.3g}", item.risk) == (value, unit, limit, risk)
    assert f"{item.score:g}" == score
    (formula,) = re.findall(r"Reckoned: `(.*)`", text)
    assert eval(formula, BY_HAND) == pytest.approx(item.value, rel=2e-3)


def test_the_cut_of_the_examples_is_what_the_page_says_it_is() -> None:
    result = judge(DESIGN, CONTEXT)
    assert result.status == "YELLOW"
    assert f"{check_of(result, 'DEFLECTION').value:.2g}" == "0.015"
    assert judge(SAWN["design"], SAWN["context"]).status == "GREEN"


def test_the_tables_of_the_page_can_be_used_as_they_are(tmp_path: Path) -> None:
    tables: dict[str, dict[str, Any]] = {}
    for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL):
        name = re.match(r"# instance/(\w+\.toml)\n", block)
        assert name
        (tmp_path / name[1]).write_text(block, encoding="utf-8")
        tables[name[1]] = tomllib.loads(block)
    shop = load_shop(tmp_path)
    assert set(tables) == {"materials.toml", "tools.toml", "machines.toml"}
    assert {"pear"} <= set(shop.materials)
    assert {"compression-6"} <= set(shop.tools)
    assert {"big-gantry"} <= set(shop.machines)
