"""The file of words: each table has a word for each id of its vocabulary and none besides."""

import re
from importlib.resources import files
from typing import Any

import pytest

from rmos.checks.trail_pages import ACTIONS
from rmos.decisions.calibration import CHECK_UNKNOWNS
from rmos.engines.baseline_v2.fields import DRILLED, MILLED, SAWN
from rmos.http.themes import THEMES
from rmos.lineage import BREAK_REASONS, PHASES
from rmos.models import RISK_LEVELS, WORKFLOW_STATES
from rmos.outcomes import ENDED, ESTIMATES, OUTCOME_WORDS, PARTS, REASON_CODES, TIME_BASES
from rmos.row_models import OVERRIDE_STATES
from rmos.schemas.lists import PageRequest, RunListSchema
from rmos.store.tool_records import TOOL_ACTIONS
from rmos.web.formats import tone_of
from rmos.web.shared_words import WORDS, name_verdict
from rmos.web.shell import SECTIONS
from rmos.web.try_fields import AXES
from tests.web.conftest import SLOW

MENU = {section.name for section in SECTIONS}
FORMS = {*PageRequest.__struct_fields__, "bom", "format", "risk_level"}
VOCABULARIES: dict[str, set[str]] = {
    "verdicts": set(RISK_LEVELS),
    "menu": MENU,
    "themes": set(THEMES),
    "units": {"mm", "inch"},
    "filters": set(RunListSchema().fields) - FORMS,
    "overrides": set(OVERRIDE_STATES),
    "outcomes": set(OUTCOME_WORDS),
    "ended": set(ENDED),
    "part_verdicts": set(PARTS),
    "tool_actions": set(TOOL_ACTIONS),
    "reasons": set(REASON_CODES),
    "estimates": set(ESTIMATES),
    "not_compared": set(TIME_BASES) - set(ESTIMATES),
    "check_unknown": set(CHECK_UNKNOWNS),
    "trail": set(ACTIONS),
    "job_states": set(WORKFLOW_STATES),
    "operations": {*MILLED, DRILLED, SAWN},
    "coolants": {"", "none", "air", "mist"},
    "map_axes": set(AXES),
    "map_colourings": {"worst", "rule"},
    "map_views": {"map", "table"},
    "phases": set(PHASES),
    "broken": set(BREAK_REASONS),
}


@pytest.mark.parametrize("table", VOCABULARIES)
def test_each_id_has_a_word_and_no_word_is_left_over(table: str) -> None:
    assert set(WORDS[table]) == VOCABULARIES[table]
    assert all(word.strip() == word != "" for word in WORDS[table].values())


def test_there_is_no_table_that_nobody_reads() -> None:
    assert set(WORDS) == {*VOCABULARIES, "menu_short"}
    assert set(WORDS["menu_short"]) <= MENU


def test_pages_say_the_words_of_the_file_and_keep_the_ids(
    browse: Any, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = record(SLOW)
    for table, word in (("verdicts", "RED"), ("menu", "runs"), ("filters", "material_id"), ("overrides", "asked")):
        monkeypatch.setitem(WORDS[table], word, f"other {table}")  # type: ignore[arg-type]
    page = browse("/runs?risk_level=RED").text
    for table in ("verdicts", "menu", "filters", "overrides"):
        assert f"other {table}" in page
    assert 'href="/runs?risk_level=RED"' in page
    assert '<option value="asked">other overrides</option>' in page
    assert "other verdicts" in browse(f"/runs/{run_id}").text
    assert (name_verdict("RED"), tone_of("RED"), name_verdict("something")) == ("other verdicts", "red", "something")


def test_the_file_is_a_package_file_and_says_each_word_once() -> None:
    text = files("rmos.web").joinpath("words", "en.toml").read_text(encoding="utf-8")
    names = re.findall(r"^\[(\w+)\]$", text, re.MULTILINE)
    assert names == list(WORDS)
