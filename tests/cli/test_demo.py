import itertools
import json
import logging
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import Result

from rmos import ids
from rmos.demo import SPAN_US, demo_runs
from rmos.demo.outcomes import DemoJobs
from rmos.engines.shop import SHIPPED
from rmos.index.locks import file_lock
from tests.cli.conftest import Command, artifacts_of, command_on, document, records_of
from tests.makers import US


class Filled(NamedTuple):
    """A first start: the store that it filled, and what it said."""

    root: Path
    result: Result
    log_level: int


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Fill a store as on the first start."""
    root = tmp_path_factory.mktemp("demo") / "not yet there" / "runs"
    result = command_on(root)("demo")
    return Filled(root, result, logging.getLogger("rmos.services").level)


@pytest.fixture
def filled(first_start: Filled) -> Path:
    """Return the store of the first start, which nobody changes."""
    assert first_start.result.exit_code == 0
    return first_start.root


def test_the_first_start_gets_three_hundred_runs_that_verify(filled: Path) -> None:
    run = command_on(filled)
    assert len(artifacts_of(filled)) == 300
    assert not (filled / "_index.sqlite-wal").exists(), "the index was left open"
    assert run("verify", "--min-runs", "300").exit_code == 0
    assert run("orphans").exit_code == 0


def test_the_runs_are_judged_by_the_engine_and_come_out_in_every_colour(filled: Path) -> None:
    runs = [json.loads(path.read_bytes()) for path in artifacts_of(filled)]
    risks = Counter(run["decision"]["risk_level"] for run in runs)
    assert set(risks) == {"GREEN", "YELLOW", "RED", "UNKNOWN"}
    assert risks["GREEN"] > 150
    assert {run["feasibility"]["engine_id"] for run in runs} == {"baseline_v2"}
    blockers = {(run["decision"]["block_reason"] or "").partition(":")[0] for run in runs}
    assert {"OVERSPEED", "HEAT", "CHIP_OVERLOAD", "GEOMETRY", "INVALID_INPUT"} <= blockers
    assert {run["mode"] for run in runs} == {"router", "saw", "cam", "art_studio"}
    assert {"ebony", "hard_maple", "sitka_spruce"} <= {run.get("material_id") for run in runs}
    assert any(run["inputs"]["context"].get("units") == "inch" for run in runs)
    assert all(run["notes"] and run["meta"]["batch_label"] for run in runs if "workflow" not in run["meta"])


def test_corrections_name_the_run_that_they_correct(filled: Path) -> None:
    runs = {path.stem: json.loads(path.read_bytes()) for path in artifacts_of(filled)}
    children = [run for run in runs.values() if run.get("parent_run_id") and "workflow" not in run["meta"]]
    assert children
    for child in children:
        parent = runs[child["parent_run_id"]]
        assert parent["status"] == "BLOCKED"
        assert child["decision"]["risk_level"] == "GREEN"


def test_the_machines_of_its_sessions_are_in_the_shop(filled: Path) -> None:
    listed = document(command_on(filled)("sessions", "--json", "--deleted", "--limit", "50"))["items"]
    assert {item["machine_id"] for item in listed} <= SHIPPED.machines.keys()


def test_three_sessions_go_through_the_workflow(filled: Path) -> None:
    listed = document(command_on(filled)("sessions", "--json", "--limit", "50"))["items"]
    walked = {item["user_id"]: item for item in listed if item["machine_id"] == "light_desktop"}
    assert {user: item["state"] for user, item in walked.items()} == {
        "anna": "approved",
        "jonas": "rejected",
        "mei": "design_revision_required",
    }
    runs = [json.loads(path.read_bytes()) for path in artifacts_of(filled)]
    made = {
        user: [run for run in runs if run["workflow_session_id"] == item["session_id"]] for user, item in walked.items()
    }
    assert [run["event_type"] for run in made["anna"]] == ["feasibility_check", "approval"]
    assert made["anna"][1]["parent_run_id"] == made["anna"][0]["run_id"]
    decisions = {user: runs_of[-1]["decision"] for user, runs_of in made.items()}
    assert {user: decision["risk_level"] for user, decision in decisions.items()} == {
        "anna": "GREEN",
        "jonas": "RED",
        "mei": "YELLOW",
    }
    assert decisions["jonas"]["block_reason"] == (
        "GEOMETRY: a floor of 0.7 mm is left of the 2.3 mm: cut 1.1 mm deep or less and "
        "leave a floor of 1.15 mm or more"
    )
    assert decisions["mei"]["warnings"][0].startswith("CHIP_RUBBING")


def test_the_times_are_a_fortnight_strictly_increasing_and_past(filled: Path) -> None:
    moments = [ids.moment_of(path.stem) or 0 for path in artifacts_of(filled)]
    assert all(first < second for first, second in itertools.pairwise(moments))
    assert moments[-1] < ids.now_us()
    assert 10 * 86_400 * 1_000_000 < moments[-1] - moments[0] <= SPAN_US
    assert len({path.parent.name for path in artifacts_of(filled)}) >= 10
    events = [json.loads(path.read_bytes()) for path in filled.glob("2*/run_*.0*.json")]
    assert {event["kind"] for event in events} == {"advisory", "delete", "outcome"}
    assert all(ids.parse_utc(event["created_at_utc"]) < ids.now_us() for event in events)


def test_what_became_of_some_cuts_was_reported_and_corrected_and_two_tools_were_reset(filled: Path) -> None:
    run = command_on(filled)
    items = document(run("outcomes", "--limit", "200", "--json"))["items"]
    assert 24 <= len(items) <= 70
    scrapped = [item for item in items if item["outcome"] == "scrapped"]
    assert 1 <= len([item for item in scrapped if item["risk_level"] == "GREEN"]) <= 8
    assert any(item["corrects"] for item in items)
    assert any(item["cut_against_decision"] for item in items)
    assert all(item["spent_s"] > 60 for item in items)
    report = document(run("calibrate", "--json"))
    assert report["green_scrapped"]["check"]["items"]
    tools = document(run("tool-life", "--json"))["items"]
    reset = {tool["tool_id"]: tool for tool in tools if tool["history"]}
    assert set(reset) == {"em-3175-2f", "saw-254-24t"}
    assert all(tool["tools"][0]["minutes"] > 0 for tool in reset.values())
    assert reset["em-3175-2f"]["history"][-1]["minutes"] > 0


def test_what_became_of_the_demos_cuts_follows_from_the_seed() -> None:
    runs = list(demo_runs(300, seed=3, now_us=US))
    told = [[jobs.of(run, "GREEN", now_us=US) for run in runs] for jobs in (DemoJobs(7), DemoJobs(7), DemoJobs(8))]
    assert told[0] == told[1] != told[2]
    assert all(run.us < job.us < US for run, jobs in zip(runs, told[0], strict=True) for job in jobs)


def test_deletions_carry_a_reason(filled: Path) -> None:
    items = document(command_on(filled)("runs", "--limit", "500", "--deleted", "--json"))["items"]
    listed = document(command_on(filled)("runs", "--limit", "500", "--json"))["items"]
    assert 0 < len(items) - len(listed) < 30


def test_the_same_seed_asks_for_the_same_runs(tmp_path: Path) -> None:
    asked = []
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        assert command_on(tmp_path / name)("demo", "--runs", "15", "--seed", seed).exit_code == 0
        runs = [json.loads(path.read_bytes()) for path in artifacts_of(tmp_path / name)]
        asked.append([(run["inputs"], run["notes"], run["hashes"]["feasibility_sha256"]) for run in runs])
    assert asked[0] == asked[1]
    assert asked[0] != asked[2]


@pytest.mark.parametrize("count", [1, 2, 37, 5000])
def test_any_number_of_requests_fits_into_the_fortnight(count: int) -> None:
    runs = list(demo_runs(count, seed=3, now_us=US))
    assert len(runs) == count
    assert not runs[0].request.corrects
    assert all(first.us < second.us for first, second in itertools.pairwise(runs))
    assert runs[0].us >= US - SPAN_US
    assert runs[-1].us < US - 1_000_000


def test_a_store_with_runs_is_never_touched(run: Command, root: Path) -> None:
    before = records_of(root)
    refused = run("demo")
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert "not empty" in refused.stderr
    skipped = run("demo", "--if-empty", "--json")
    assert skipped.exit_code == 0
    assert document(skipped) == {"made": 0, "by_risk": {}}
    assert records_of(root) == before


def test_what_stands_in_quarantine_counts_as_a_run(run: Command, root: Path) -> None:
    for path in root.glob("2*"):
        (root / "_quarantine").mkdir(exist_ok=True)
        path.rename(root / "_quarantine" / path.name)
    assert run("demo").exit_code == 1


def test_an_empty_folder_is_filled_and_counted(tmp_path: Path) -> None:
    result = command_on(tmp_path)("demo", "--if-empty", "--runs", "20", "--json")
    assert result.exit_code == 0
    made = document(result)
    assert made["made"] == 20 == sum(made["by_risk"].values())


def test_two_demos_at_once_fill_it_once(tmp_path: Path) -> None:
    assert command_on(tmp_path)("demo", "--runs", "1").exit_code == 0
    with file_lock(tmp_path / "_index.lock", wait_s=0):
        # Not empty any more: the second neither waits for the lock nor adds to what the first made.
        assert command_on(tmp_path)("demo", "--if-empty").exit_code == 0
    assert len(artifacts_of(tmp_path)) == 1


def test_the_first_start_is_not_buried_in_log_lines(first_start: Filled) -> None:
    assert first_start.result.stderr == ""
    assert len(first_start.result.stdout.splitlines()) == 1
    assert first_start.log_level == logging.NOTSET
