"""How the index answers the pages that a shop of many years opens every day: by its indexes, never row by row."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.web.conftest import SLOW

Explain = Callable[[str], list[tuple[str, str]]]

QUESTIONS = (
    *("", "?risk_level=RED", "?rule=HEAT", "?tool_id=em-3175-2f", "?material_id=a", "?machine_id=a", "?created_by=a"),
    *("?mode=router", "?status=BLOCKED", "?batch_label=a", "?created_from=2025-12-01&created_to=2025-12-31"),
    *("?risk_level=RED&created_by=a", "?risk_level=RED&created_from=2025-12-01", "?override=asked", "?override=none"),
    *("?override=expired", "?override=granted&tool_id=a&status=BLOCKED", "?parent_run_id=a"),
    *("?limit=1", "?request_id=a&mode=router&machine_id=b"),
)


@pytest.fixture
def explain(app: Flask, browse: Any, record: Any) -> Explain:
    """Give a function that returns each step by which the index answers a page, after the question."""
    for change in (SLOW, {}, {}):
        record(change)

    def explain(path: str) -> list[tuple[str, str]]:
        index = app.extensions["rmos"].store.index
        index.close()  # and with it what was answered before
        connection = index._connections.held().connection
        asked: list[str] = []
        connection.set_trace_callback(asked.append)
        assert browse(path).status_code == 200
        connection.set_trace_callback(None)
        questions = [text for text in asked if text.startswith(("SELECT", "WITH"))]
        return [(text, row[3]) for text in questions for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")]

    return explain


@pytest.mark.parametrize("path", ["/", *(f"/runs{question}" for question in QUESTIONS)])
def test_no_page_reads_the_table_of_runs_from_end_to_end(explain: Explain, path: str) -> None:
    steps = explain(path)
    assert sum(bool(re.search(r"\b(runs|tally)\b", step)) for _, step in steps) > 3
    for text, step in steps:
        assert "B-TREE" not in step, f"{text} sorts"
        if re.match("SCAN (runs|tally|sessions)", step):
            # In the order of an index, and no further than the page: that is no reading of the whole.
            assert re.match(r"SCAN runs USING (COVERING )?INDEX runs_by_\w+", step), text
            assert "LIMIT" in text
