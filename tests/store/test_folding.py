from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos import digest, ids
from rmos.models import Deletion, Event, RunView
from rmos.store.artifacts import verify_artifact
from rmos.store.folding import fold
from tests.makers import US, make_event, make_members

MEMBERS = make_members(US, explanation_status="NONE")
RUN = str(MEMBERS["run_id"])
ARTIFACT = verify_artifact(digest.encode_record(MEMBERS), RUN, "2025-12-23")
TOMBSTONE = Deletion(mode="soft", deleted_at_utc="2025-12-24T00:00:00Z", deleted_by="anna", reason="a trial")


def folded(*events: tuple[str, dict[str, Any]], **how: Any) -> RunView:
    """Fold events given as kind and data; their clocks step back."""
    made = [
        msgspec.json.decode(
            make_event(RUN, number, None, {"kind": kind, "data": data, "created_at_utc": ids.utc_text(US - number)}),
            type=Event,
        )
        for number, (kind, data) in enumerate(events, 1)
    ]
    return fold(ARTIFACT, made, **how)


def test_without_events_a_run_stands_as_it_was_written() -> None:
    view = folded()
    assert (view.version, view.deletion, view.superseded) == (0, None, False)
    assert (view.explanation_status, view.explanation_summary) == ("NONE", None)
    assert view.sha256 == ARTIFACT.sha256


def test_the_last_of_delete_and_restore_decides_by_number_and_not_by_clock() -> None:
    delete = ("delete", {"mode": "soft", "reason": "a trial"})
    restore: tuple[str, dict[str, Any]] = ("restore", {})
    assert folded(delete).deletion == Deletion(
        mode="soft", deleted_at_utc=ids.utc_text(US - 1), deleted_by="anna", reason="a trial"
    )
    assert folded(delete, restore).deletion is None
    assert folded(delete, restore, delete).deletion is not None
    assert folded(("delete", {"mode": "hard"})).deletion == Deletion(
        mode="hard", deleted_at_utc=ids.utc_text(US - 1), deleted_by="anna", reason=None
    )


def test_a_tombstone_of_the_earlier_system_comes_before_the_first_event() -> None:
    assert folded(tombstone=TOMBSTONE).deletion == TOMBSTONE
    assert folded(("advisory", {"advisory_id": "a"}), tombstone=TOMBSTONE).deletion == TOMBSTONE
    assert folded(("restore", {}), tombstone=TOMBSTONE).deletion is None


def test_attaching_the_same_again_changes_nothing() -> None:
    view = folded(
        ("advisory", {"advisory_id": "a", "title": "first"}),
        ("advisory", {"advisory_id": "a", "title": "again"}),
        ("advisory", {"advisory_id": "b"}),
        ("attachment", {"sha256": "x"}),
        ("attachment", {"sha256": "x"}),
        links=[{"advisory_id": "link"}],
    )
    assert [advisory["advisory_id"] for advisory in view.advisories] == ["link", "a", "b"]
    assert view.advisories[1]["title"] == "first"
    assert view.attachments == [{"sha256": "x"}]
    assert view.version == 5


def test_the_latest_explanation_stands() -> None:
    view = folded(
        ("explanation", {"status": "PENDING"}), ("explanation", {"status": "READY", "summary": "Kühlung prüfen"})
    )
    assert (view.explanation_status, view.explanation_summary) == ("READY", "Kühlung prüfen")


def test_overrides_say_by_whom_and_when() -> None:
    view = folded(("override", {"scope": "YELLOW"}))
    assert view.overrides == [{"scope": "YELLOW", "by": "anna", "created_at_utc": ids.utc_text(US - 1)}]


def test_kinds_of_a_later_release_count_and_change_nothing_else() -> None:
    view = folded(("levitate", {"x": 1}), ("superseded", {}))
    assert view.version == 2
    assert view.superseded


def test_folding_does_not_change_what_it_folds() -> None:
    before = msgspec.json.encode(ARTIFACT.run)
    folded(("advisory", {"advisory_id": "a"}), ("attachment", {"sha256": "x"}))
    assert msgspec.json.encode(ARTIFACT.run) == before
    assert folded().advisories == []


kinds = st.sampled_from(
    ["advisory", "attachment", "explanation", "delete", "restore", "override", "review", "superseded"]
)
values = st.dictionaries(
    st.sampled_from(["advisory_id", "sha256", "status", "summary", "mode", "reason"]),
    st.sampled_from(["a", "b", "hard", "soft"]),
)


@given(st.lists(st.tuples(kinds, values), max_size=8))
def test_folding_again_gives_the_same_and_every_prefix_is_the_run_as_it_stood(
    events: list[tuple[str, dict[str, Any]]],
) -> None:
    assert msgspec.json.encode(folded(*events)) == msgspec.json.encode(folded(*events))
    for end in range(len(events)):
        view = folded(*events[:end])
        assert view.version == end
        assert view.advisories == folded(*events).advisories[: len(view.advisories)]


def explain(status: str, summary: str | None = None) -> tuple[str, dict[str, Any]]:
    return "explanation", {"status": status, "summary": summary}


@pytest.mark.parametrize(
    ("events", "age_s", "status", "summary"),
    [
        ([explain("READY", "first"), explain("PENDING")], 0, "READY", "first"),
        ([explain("READY", "first"), explain("PENDING")], 900, "READY", "first"),
        ([explain("ERROR", "no model"), explain("PENDING")], 900, "ERROR", "no model"),
        ([explain("READY", "first"), explain("PENDING"), explain("ERROR", "no")], 0, "ERROR", "no"),
        ([explain("READY", "first"), explain("PENDING"), explain("READY", "second")], 900, "READY", "second"),
        ([explain("PENDING")], 290, "PENDING", None),
        ([explain("PENDING")], 310, "ERROR", "The explanation was cut off before it was ready; ask for it again."),
        ([explain("PENDING")], -310, "ERROR", "The explanation was cut off before it was ready; ask for it again."),
    ],
    ids=["regenerating", "cut off", "cut off after an error", "failed", "again", "young", "old", "clock went back"],
)
def test_trap_49_the_last_finished_explanation_counts_and_one_that_was_cut_off_is_an_error(
    events: list[tuple[str, dict[str, Any]]], age_s: int, status: str, summary: str | None
) -> None:
    view = folded(*events, now_us=US + age_s * 1_000_000)
    assert (view.explanation_status, view.explanation_summary) == (status, summary)


def test_an_outcome_that_was_corrected_names_what_replaced_it_once() -> None:
    good, scrap = ("outcome", {"part": "good"}), ("outcome", {"part": "scrap", "corrects": 1})
    view = folded(good, ("advisory", {"advisory_id": "a"}), scrap, scrap, ("outcome", {"corrects": 9}))
    shown = [(entry["number"], entry.get("part"), entry["corrected_by"], entry["by"]) for entry in view.outcomes]
    assert shown == [
        (1, "good", 3, "anna"),
        (3, "scrap", None, "anna"),
        (4, "scrap", None, "anna"),
        (5, None, None, "anna"),
    ]
