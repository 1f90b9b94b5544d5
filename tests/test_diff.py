"""The diff of two runs: what counts, how much, and that it is true."""

import copy
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.diff import MAX_PATHS, MAX_VALUE, RunDiff, diff_runs, is_same, path_text, severity_of
from tests.trying import tries

ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0]) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "a", "b.c", "[0]", "", "é", '"']), inner, max_size=3)
    ),
    max_leaves=4,
)
ASSESSMENTS = st.lists(st.fixed_dictionaries({"id": st.sampled_from("ABC"), "value": st.integers(0, 2)}), max_size=3)
RUNS = st.fixed_dictionaries(
    {"run_id": st.sampled_from(["run_a", "run_b"]), "status": st.sampled_from(["OK", "BLOCKED"])},
    optional={
        "decision": st.dictionaries(st.sampled_from(["risk_level", "score", "warnings", "details"]), ANY, max_size=3),
        "hashes": st.dictionaries(st.sampled_from(["gcode_sha256", "opplan_sha256"]), st.text(max_size=2), max_size=2),
        "feasibility": st.fixed_dictionaries({"assessments": ASSESSMENTS}),
        "inputs": ANY,
        "meta": st.dictionaries(st.sampled_from(["request_id", "batch_label", "x y"]), ANY, max_size=2),
        "attachments": st.lists(
            st.fixed_dictionaries({"sha256": st.sampled_from("12"), "created_at_utc": ANY}), max_size=2
        ),
        "tool_id": ANY,
    },
)


def make_run(**over: Any) -> dict[str, Any]:
    run: dict[str, Any] = {
        "_sha256": "0" * 64,
        "run_id": "run_a",
        "created_at_utc": "2025-12-23T10:00:00.000000Z",
        "request_id": "req_1",
        "version": 0,
        "status": "OK",
        "mode": "router",
        "tool_id": "em-3175-2f",
        "material_id": "ebony",
        "machine_id": "m1",
        "notes": None,
        "inputs": {"design": {"feed_mm_min": 900}, "context": {"tool": {"flutes": 2}, "machine": {"class": "light"}}},
        "feasibility": {"assessments": [{"id": "RUBBING", "value": 1.0}, {"id": "SPEED", "value": 2.0}]},
        "decision": {"risk_level": "GREEN", "score": 90.0, "block_reason": None, "warnings": []},
        "hashes": {"feasibility_sha256": "f" * 64},
        "attachments": [],
        "meta": {"request_id": "req_1", "compute_ms": 0.2, "batch_label": "b"},
    }
    return run | over


def changed(path: str, value: Any) -> RunDiff:
    """Return the diff after setting one member, given by its names with slashes between."""
    run = copy.deepcopy(make_run())
    *outer, last = path.split("/")
    inner = run
    for name in outer:
        inner = inner[name]
    inner[last] = value
    return diff_runs(make_run(), run)


def test_trap_19_equal_runs_have_no_difference() -> None:
    found = diff_runs(make_run(), make_run())
    assert (found.diff_severity, found.changed_count, found.changed_paths, found.diff) == ("NONE", 0, [], {})
    assert found.note is None


def test_trap_19_the_same_cut_judged_again_has_no_difference() -> None:
    again = make_run(
        _sha256="1" * 64,
        run_id="run_b",
        created_at_utc="2025-12-24T10:00:00.000000Z",
        request_id="req_2",
        version=3,
        meta={"request_id": "req_2", "compute_ms": 9.9, "batch_label": "b", "idempotency": {"key": "k"}},
    )
    found = diff_runs(make_run(), again)
    assert (found.a, found.b, found.diff_severity) == ("run_a", "run_b", "NONE")


@pytest.mark.parametrize(
    ("path", "value", "severity"),
    [
        ("status", "BLOCKED", "CRITICAL"),
        ("decision/risk_level", "RED", "CRITICAL"),
        ("decision/block_reason", "CHIP_RUBBING", "CRITICAL"),
        ("hashes/gcode_sha256", "1" * 64, "CRITICAL"),
        ("hashes/toolpaths_sha256", "1" * 64, "CRITICAL"),
        ("hashes/feasibility_sha256", "1" * 64, "WARNING"),
        ("decision/score", 89.5, "WARNING"),
        ("decision/warnings", ["mind the grain"], "WARNING"),
        ("tool_id", "em-6350-2f", "WARNING"),
        ("material_id", "hard_maple", "WARNING"),
        ("machine_id", "m2", "WARNING"),
        ("inputs/context/tool/flutes", 3, "WARNING"),
        ("inputs/context/machine/class", "rigid", "WARNING"),
        ("inputs/context/material", {"id": "ebony"}, "WARNING"),
        ("inputs/design/feed_mm_min", 901, "INFO"),
        ("hashes/opplan_sha256", "1" * 64, "INFO"),
        ("notes", "again", "INFO"),
        ("meta/batch_label", "c", "INFO"),
        ("mode", "saw", "INFO"),
    ],
)
def test_trap_19_each_change_has_its_severity(path: str, value: Any, severity: str) -> None:
    found = changed(path, value)
    assert found.diff_severity == severity
    assert all(name.startswith(path.replace("/", ".")) for name in found.changed_paths)
    assert {entry.severity for entry in found.diff.values()} == {severity}


def test_the_gravest_change_counts_and_is_listed_first() -> None:
    found = diff_runs(make_run(), make_run(notes="x", tool_id="y", status="ERROR"))
    assert found.diff_severity == "CRITICAL"
    assert found.changed_paths == ["status", "tool_id", "notes"]
    assert found.diff["status"].a == "OK"
    assert found.diff["status"].b == "ERROR"


def test_a_member_that_one_run_lacks_is_left_out_on_its_side() -> None:
    found = changed("hashes/gcode_sha256", "1" * 64)
    entry = json.loads(msgspec.json.encode(found))["diff"]["hashes.gcode_sha256"]
    assert entry == {"severity": "CRITICAL", "b": "1" * 64}


def test_an_object_that_is_gone_matters_as_much_as_its_gravest_member() -> None:
    assert changed("hashes", "lost").diff_severity == "CRITICAL"
    assert changed("hashes", {}).changed_paths == ["hashes.feasibility_sha256"]
    run = make_run()
    del run["inputs"]
    assert "inputs.context.tool.flutes" in diff_runs(make_run(), run).changed_paths


def test_null_is_the_same_as_absent_in_the_records_own_members_and_not_in_what_was_sent() -> None:
    run = make_run()
    del run["notes"], run["decision"]["block_reason"]
    assert diff_runs(make_run(), run).diff_severity == "NONE"
    assert changed("outputs", {}).diff_severity == changed("errors", []).diff_severity == "NONE"
    assert changed("inputs/design/axial_depth_mm", None).changed_paths == ["inputs.design.axial_depth_mm"]


def test_checks_are_compared_by_their_ids() -> None:
    run = make_run(feasibility={"assessments": [{"id": "DEPTH", "value": 1}, {"id": "SPEED", "value": 3.0}]})
    found = diff_runs(make_run(), run)
    assert found.changed_paths == [
        "feasibility.assessments.RUBBING",
        "feasibility.assessments.SPEED.value",
        "feasibility.assessments.DEPTH",
    ]


def test_what_was_attached_again_elsewhere_is_no_difference() -> None:
    first = make_run(attachments=[{"sha256": "1", "kind": "svg", "created_at_utc": "2025-12-23T10:00:00Z"}])
    second = make_run(attachments=[{"sha256": "1", "kind": "svg", "created_at_utc": "2025-12-24T10:00:00Z"}])
    assert diff_runs(first, second).diff_severity == "NONE"
    assert diff_runs(first, make_run()).diff_severity == "INFO"


def test_many_differences_are_cut_with_a_note_and_none_of_the_grave_ones() -> None:
    design = {f"x{number}": number for number in range(3 * MAX_PATHS)}
    run = make_run(status="ERROR", inputs={"design": design, "context": make_run()["inputs"]["context"]})
    found = diff_runs(make_run(), run)
    assert found.changed_count == len(design) + 2
    assert len(found.changed_paths) == len(found.diff) == MAX_PATHS
    assert found.changed_paths[0] == "status"
    assert found.note == f"{found.changed_count - MAX_PATHS} more paths differ, none graver than those that are listed."


def test_long_values_and_names_are_cut_with_a_note() -> None:
    found = changed("notes", "n" * (MAX_VALUE + 1))
    entry = found.diff["notes"]
    assert entry.cut == {"b": MAX_VALUE + 3}
    assert entry.b == '"' + "n" * 199
    assert found.note == "Of the values under 1 path only the beginning is shown."
    longest = changed("meta/" + "k" * 5000, 1)
    assert len(longest.changed_paths[0]) < 300
    assert "4800 characters" in longest.changed_paths[0]


def test_the_page_is_bounded_whatever_the_runs_hold() -> None:
    meta = {f"{number}" + "k" * 3000: ["v" * 3000] * 3 for number in range(400)}
    assert len(msgspec.json.encode(diff_runs(make_run(), make_run(meta=meta)))) < 400_000


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("decision", "risk_level"), "decision.risk_level"),
        (("meta", "a.b"), 'meta["a.b"]'),
        (("meta", ""), 'meta[""]'),
        (("overrides", 0, "reason"), "overrides[0].reason"),
        (("meta", "0"), 'meta["0"]'),
        (("meta", 'a"b'), 'meta["a\\"b"]'),
    ],
)
def test_paths_are_unambiguous(path: tuple[str | int, ...], text: str) -> None:
    assert path_text(path) == text


@given(RUNS)
@settings(max_examples=tries(50))
def test_trap_19_a_run_never_differs_from_itself(run: dict[str, Any]) -> None:
    found = diff_runs(run, copy.deepcopy(run))
    assert (found.diff_severity, found.changed_paths) == ("NONE", [])


@given(RUNS, RUNS)
@settings(max_examples=tries(100))
def test_the_severity_does_not_depend_on_the_order(a: dict[str, Any], b: dict[str, Any]) -> None:
    one, other = diff_runs(a, b), diff_runs(b, a)
    assert one.diff_severity == other.diff_severity
    assert sorted(one.changed_paths) == sorted(other.changed_paths)
    for path, entry in one.diff.items():
        assert (entry.a, entry.b) == (other.diff[path].b, other.diff[path].a)


def at(run: Any, path: str) -> Any:
    """Return what stands under a path in a run, read from its text alone; `...` when nothing does."""
    while path and run is not ...:
        if path.startswith("["):
            step, used = json.JSONDecoder().raw_decode(path, 1)
            path = path[used + 1 :]
        else:
            step = path.lstrip(".").split(".")[0].split("[")[0]
            path = path.lstrip(".")[len(step) :]
        if isinstance(run, list) and isinstance(step, str):
            run = next((item for item in run if step in (item.get("id"), item.get("sha256"))), ...)
        elif isinstance(run, list):
            run = run[step] if step < len(run) else ...
        else:
            run = run.get(step, ...) if isinstance(run, dict) else ...
    return run


@given(RUNS, RUNS)
@settings(max_examples=tries(150))
def test_every_path_really_differs_and_shows_what_stands_there(a: dict[str, Any], b: dict[str, Any]) -> None:
    found = diff_runs(a, b)
    for path, entry in found.diff.items():
        here, there = at(a, path), at(b, path)
        assert not is_same(here, there), path
        for side, shown, stands in (("a", entry.a, here), ("b", entry.b, there)):
            if entry.cut is not msgspec.UNSET and side in entry.cut:
                assert json.dumps(stands, ensure_ascii=False).startswith(shown)
            elif shown is not msgspec.UNSET:
                assert is_same(shown, stands), path
            else:
                assert stands is ...


@given(RUNS, ANY)
@settings(max_examples=tries(50))
def test_a_change_anywhere_in_the_design_is_found(run: dict[str, Any], value: Any) -> None:
    before, after = run | {"inputs": {"design": {"x": value}}}, run | {"inputs": {"design": {"x": ["other"]}}}
    assert diff_runs(before, after).changed_count == (
        0 if is_same(value, ["other"]) else diff_runs(after, before).changed_count
    )
    assert (diff_runs(before, after).diff_severity == "NONE") == is_same(value, ["other"])


def test_the_ranks_hold_below_and_above_their_paths() -> None:
    assert severity_of(("decision",)) == "CRITICAL"
    assert severity_of(("feasibility", "assessments", "X", "value")) == "WARNING"
    assert severity_of(("feasibilities",)) == "INFO"
