"""The pages of the engines say what these do: every example is reckoned again, by hand and by the engine."""

import copy
import json
import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rmos.engines.base import Assessment, EngineResult
from rmos.engines.baseline.engine import BaselineV1
from rmos.engines.baseline.wording import num
from rmos.engines.baseline_v2.engine import BaselineV2
from rmos.engines.decision import BLOCK_ORDER
from rmos.engines.rules import Rule
from rmos.engines.shop import load_shop
from tests.engines import cuts, sound
from tests.engines.cuts import check_of, place_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLE = re.compile(r"Example(.*?): (.*?) gives (\S+) (.*?) against (\S+): (\w+), score (\S+)\.\n")
CHANGE = re.compile(r"`((?:design|context)\.[a-z0-9_.]+)` (-?[\d.]+|[a-z][a-z0-9_]*)")
BY_HAND = {"sqrt": math.sqrt, "pi": math.pi, "__builtins__": {}}


class Page(NamedTuple):
    text: str
    rules: Sequence[Rule]
    judge: Callable[[Any, Any], EngineResult]
    status: str
    """Of the cut of the examples."""

    @property
    def cuts(self) -> list[dict[str, Any]]:
        """The milled design, its context, the sawn cut."""
        return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", self.text, re.DOTALL)]

    @property
    def sections(self) -> Mapping[str, str]:
        parts = self.text.split("## The checks\n")[1].partition("\n## ")[0].split("\n### ")[1:]
        return {heading: text for heading, _, text in (part.partition("\n") for part in parts)}


PAGES = {
    "v1": Page((DOCS / "feasibility-v1.md").read_text(encoding="utf-8"), BaselineV1.rules, cuts.judge, "YELLOW"),
    "v2": Page((DOCS / "feasibility.md").read_text(encoding="utf-8"), BaselineV2.rules, sound.judge, "GREEN"),
}
EVERY_PAGE = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
EVERY_RULE = pytest.mark.parametrize(
    ("page", "rule"),
    [pytest.param(page, rule, id=f"{name}-{rule.id}") for name, page in PAGES.items() for rule in page.rules],
)


def judged(page: Page, text: str, rule: Rule) -> Assessment:
    """Return what the engine says of the example of a section."""
    match = re.search(r"Example(.*?): (.*)", text)
    assert match
    milled, context, sawn = copy.deepcopy(page.cuts)
    design = sawn["design"] if "sawn" in match[1] else milled
    context = sawn["context"] if "sawn" in match[1] else context
    for path, value in CHANGE.findall(match[2]):
        place, name = place_of(design, context, path)
        place[name] = json.loads(value) if value[0] in "-0123456789" else value
    return check_of(page.judge(design, context), rule.id)


@EVERY_PAGE
def test_there_is_a_section_for_each_rule(page: Page) -> None:
    assert list(page.sections) == [rule.id for rule in page.rules]


@EVERY_RULE
def test_a_section_says_what_the_rule_says(page: Page, rule: Rule) -> None:
    text = page.sections[rule.id]
    group = "a gate" if rule.weight is None else f"{rule.category}, weight {rule.weight:.2f}"
    assert f"{rule.question} ({group})" in text
    assert f"- Formula: {rule.formula}\n" in text
    assert all(f"- {colour}: {limit}\n" in text for colour, limit in rule.limits.items())
    assert f"- Source: {rule.source}\n" in text
    assert f"- Runs for: {', '.join(rule.operations)}\n" in text


@EVERY_RULE
def test_an_example_comes_out_as_it_is_told(page: Page, rule: Rule) -> None:
    text = page.sections[rule.id]
    item = judged(page, text, rule)
    assert f"Said: {item.message}.\n" in text
    if rule.id == "INVALID_INPUT":
        return
    match = EXAMPLE.search(text)
    assert match
    value, unit, limit, risk, score = match.groups()[2:]
    assert item.value is not None
    assert item.limit is not None
    assert (num(item.value), item.unit, num(item.limit), item.risk) == (value, unit, limit, risk)
    assert f"{item.score:g}" == score
    (formula,) = re.findall(r"Reckoned: `(.*)`", text)
    assert eval(formula, BY_HAND) == pytest.approx(item.value, rel=2e-3)


@EVERY_PAGE
def test_the_cut_of_the_examples_is_what_the_page_says_it_is(page: Page) -> None:
    design, context, sawn = page.cuts
    assert page.judge(design, context).status == page.status
    assert f"A ring cut out of hard maple: {page.status}" in page.text
    assert page.judge(sawn["design"], sawn["context"]).status == "GREEN"


def test_the_example_of_a_bar_is_what_the_sawn_cut_gives() -> None:
    page = PAGES["v2"]
    [told] = re.findall(r"```\n(\{.*?)```", page.text, re.DOTALL)
    shown = json.loads(told)
    sawn = page.cuts[2]
    recorded = check_of(page.judge(sawn["design"], sawn["context"]), shown["id"]).record()
    assert {name: recorded[name] for name in shown} == shown


@EVERY_PAGE
def test_the_order_of_the_blocks_is_the_order_of_decisions(page: Page) -> None:
    [order] = re.findall(r"RED check in the order ([A-Z_,\s]+)\.", page.text)
    known = {rule.id for rule in page.rules}
    assert re.split(r",\s+", order) == [name for name in BLOCK_ORDER if name in known]


def test_the_deflection_that_makes_the_first_engine_s_cut_yellow_is_the_one_that_is_told() -> None:
    design, context, _ = PAGES["v1"].cuts
    assert f"{check_of(cuts.judge(design, context), 'DEFLECTION').value:.2g}" == "0.015"


def test_the_operations_of_the_table_have_the_checks_that_are_named_there() -> None:
    named = {
        operation: set(checks.split(", "))
        for operation, checks in re.findall(r"\| `(drill_hole|saw_slice)` \| ([A-Z_, ]+) \|", PAGES["v2"].text)
    }
    for operation, checks in named.items():
        has = {rule.id for rule in BaselineV2.rules if operation in rule.operations} - {"INVALID_INPUT"}
        assert has == checks, operation
    assert set(named) == {"drill_hole", "saw_slice"}


def test_the_tables_of_the_page_can_be_used_as_they_are(tmp_path: Path) -> None:
    tables: dict[str, dict[str, Any]] = {}
    for block in re.findall(r"```toml\n(.*?)```", PAGES["v2"].text, re.DOTALL):
        name = re.match(r"# instance/(\w+\.toml)\n", block)
        assert name
        (tmp_path / name[1]).write_text(block, encoding="utf-8")
        tables[name[1]] = tomllib.loads(block)
    shop = load_shop(tmp_path)
    assert set(tables) == {"materials.toml", "tools.toml", "machines.toml"}
    assert {"pear"} <= set(shop.materials)
    assert {"compression-6", "v-30-3175"} <= set(shop.tools)
    assert {"big-gantry"} <= set(shop.machines)
