"""What an outcome is in words and numbers, and what of one that somebody reports cannot be."""

from typing import Any

import msgspec
import pytest
from marshmallow import ValidationError

from rmos import ids
from rmos.outcomes import (
    ENDED,
    PARTS,
    CutOutcome,
    ReportedOutcome,
    classify_outcome,
    find_moment,
    find_seconds,
    needs_reason,
    read_decimal,
    read_outcome,
)
from rmos.schemas.outcomes import load_outcome

GOOD = {"ended": "completed", "part": "good"}
NOW_US = ids.parse_utc("2026-03-01T12:00:00Z")


def test_one_word_for_two_axes() -> None:
    words = {(ended, part): classify_outcome(ended, part) for ended in ENDED for part in PARTS}
    assert [pair for pair, word in words.items() if word == "done"] == [("completed", "good")]
    assert {part for (_, part), word in words.items() if word == "scrapped"} == {"scrap"}
    assert sum(word == "scrapped" for word in words.values()) == len(ENDED)
    assert [pair for pair in words if needs_reason(*pair)] == [
        pair for pair in words if pair[0] == "failed" or pair[1] == "scrap"
    ]


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"started_at_utc": "2026-03-01T11:00:00Z", "ended_at_utc": "2026-03-01T10:59:59Z"}, "ended_at_utc"),
        ({"started_at_utc": "2026-02-22T10:00:00Z", "ended_at_utc": "2026-03-01T10:00:01Z"}, "ended_at_utc"),
        ({"ended_at_utc": "2026-03-01T12:05:01Z"}, "ended_at_utc"),
        ({"started_at_utc": "2026-03-01T12:05:01Z"}, "started_at_utc"),
        ({"started_at_utc": "2026-03-01T11:00:00"}, "started_at_utc"),
        ({"started_at_utc": "2026-03-01T11:00:00Z", "measured_s": 3901}, "measured_s"),
        ({"measured_s": -1}, "measured_s"),
        ({"measured_s": 604801}, "measured_s"),
        ({"measured_s": True}, "measured_s"),
        ({"measured_s": "60"}, "measured_s"),
        ({"last_line": 0}, "last_line"),
        ({"last_line": 1.5}, "last_line"),
        ({"quantity": 0}, "quantity"),
        ({"rating": 6}, "rating"),
        ({"feed_override_pct": -5}, "feed_override_pct"),
        ({"tools": [{"tool_id": "x", "minutes": -1}]}, "tools"),
        ({"tools": [{"minutes": 1}]}, "tools"),
        ({"note": "x" * 2001}, "note"),
        ({"readings": [{"name": "n", "value": 1, "unit": "mm"}] * 51}, "readings"),
        ({"photo_sha256": ["b"]}, "photo_sha256"),
        ({"measured_s": float("nan")}, "measured_s"),
        ({"measured_s": float("inf")}, "measured_s"),
        ({"readings": [{"name": "n", "value": 10**400, "unit": "mm"}]}, "readings"),
        ({"program_sha256": "b"}, "program_sha256"),
        ({"ended": "stopped"}, "ended"),
        ({"part": None}, "part"),
        ({"part": "scrap"}, "reason_code"),
        ({"ended": "failed"}, "reason_code"),
        ({"reason_code": "BAD_LUCK"}, "reason_code"),
        ({"outcome": "done"}, "outcome"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(over: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        load_outcome({**GOOD, **over}, now_us=NOW_US)
    assert list(refused.value.messages_dict) == [field]


@pytest.mark.parametrize(
    "over",
    [
        {"started_at_utc": "2026-02-22T10:00:00Z", "ended_at_utc": "2026-03-01T10:00:00Z", "measured_s": 604800},
        {"started_at_utc": "2026-03-01T11:00:00Z", "measured_s": 3900},
        {"started_at_utc": "2026-03-01T12:05:00Z", "ended_at_utc": "2026-03-01T12:05:00Z", "measured_s": 0},
        {"ended": "Failed", "part": "SCRAP", "reason_code": "power"},
        dict.fromkeys(("reason_code", "started_at_utc", "ended_at_utc", "measured_s", "last_line", "corrects")),
        {"quantity": 10_000, "last_line": 1, "rating": 5, "note": "x" * 2000},
    ],
)
def test_what_just_can_be_is_taken_and_is_an_outcome_when_it_is_read_again(over: dict[str, Any]) -> None:
    reported = load_outcome({**GOOD, **over}, now_us=NOW_US)
    outcome = CutOutcome(**msgspec.structs.asdict(reported), outcome="done")
    assert read_outcome(msgspec.json.decode(msgspec.json.encode(outcome))) == outcome


@pytest.mark.parametrize(
    ("over", "seconds"),
    [
        ({}, None),
        ({"started_at_utc": "2026-03-01T10:00:00Z"}, None),
        ({"started_at_utc": "2026-03-01T10:00:00Z", "ended_at_utc": "2026-03-01T10:01:00.5Z"}, 60.5),
        ({"started_at_utc": "2026-03-01T10:00:00Z", "ended_at_utc": "2026-03-01T10:01:00Z", "measured_s": 0.0}, 0.0),
        ({"started_at_utc": "2026-03-01T10:00:00Z", "ended_at_utc": "2026-03-01T09:00:00Z"}, None),
        ({"started_at_utc": "2025-03-01T10:00:00Z", "ended_at_utc": "2026-03-01T09:00:00Z"}, None),
    ],
)
def test_a_job_took_as_long_as_was_measured_else_from_start_to_end(over: dict[str, Any], seconds: float | None) -> None:
    assert find_seconds(ReportedOutcome(ended="completed", part="good", **over)) == seconds


def test_a_job_was_when_it_ended_else_when_it_began_else_when_it_was_reported() -> None:
    times = ["2026-03-01T10:00:00Z", "2026-03-01T10:01:00Z", "2026-03-01T11:00:00Z"]
    started, ended, reported = times
    for over, moment in (
        ({"started_at_utc": started, "ended_at_utc": ended}, ended),
        ({"started_at_utc": started}, started),
        ({}, reported),
    ):
        outcome = ReportedOutcome(ended="completed", part="good", **over)
        assert find_moment(outcome, reported) == ids.parse_utc(moment)


@pytest.mark.parametrize(
    "over",
    [
        {"ended": "stopped"},
        {"measured_s": -1},
        {"quantity": 0},
        {"ended_at_utc": "yesterday"},
        {"started_at_utc": "9999-99-99T00:00:00Z"},
        {"tools": [{"minutes": 1}]},
        {"note": 5},
    ],
)
def test_members_that_are_no_outcome_are_none(over: dict[str, Any]) -> None:
    assert read_outcome({**GOOD, "outcome": "done"}) is not None
    assert read_outcome({**GOOD, "outcome": "done", **over}) is None
    assert read_outcome({}) is None


def test_a_decimal_of_the_measures_is_a_number_or_nothing() -> None:
    values = ("12.5", 3, "0", "-1", "nan", "inf", "x", None, True, [])
    assert [read_decimal(value) for value in values] == [12.5, 3.0, 0.0, *([None] * 7)]
