import re
from collections.abc import Callable
from pathlib import Path

import pytest

from rmos import digest, ids
from rmos.objects.local import LocalObjects
from tests.cli.conftest import RUNS, Command, artifacts_of, command_on, document, listed
from tests.earlier_system import snapshot
from tests.makers import US, make_members


def test_the_list_is_aligned_and_newest_first(run: Command) -> None:
    lines = run("runs").stdout.splitlines()
    assert re.fullmatch(r"CREATED \(UTC\) +RUN +STATUS +RISK +SCORE +BATCH +TOOL +BY +WHY", lines[0])
    times = [line[:19] for line in lines[1:]]
    assert times == sorted(times, reverse=True)
    place = lines[0].index("RUN")
    assert all(line[place:].startswith("run_") for line in lines[1:])


def test_the_walk_shows_each_run_once(run: Command, root: Path) -> None:
    items = listed(run, "runs", "--deleted")
    assert [item["run_id"] for item in items] == [path.stem for path in reversed(artifacts_of(root))]
    assert len(items) == RUNS


def test_the_cursor_is_offered_to_people_too(run: Command) -> None:
    first = run("runs", "--limit", "5")
    hint = first.stdout.splitlines()[-1]
    cursor = hint.rpartition("--cursor ")[2]
    second = document(run("runs", "--limit", "5", "--cursor", cursor, "--json"))
    assert first.stdout.count("run_") == 5
    assert second["items"][0]["run_id"] not in first.stdout


def test_filters_choose(run: Command) -> None:
    every = listed(run, "runs")
    red = listed(run, "runs", "--risk", "red")
    assert [item["run_id"] for item in red] == [item["run_id"] for item in every if item["risk_level"] == "RED"]
    assert red
    blocked = listed(run, "runs", "--status", "BLOCKED")
    assert {item["risk_level"] for item in blocked} == {"RED", "UNKNOWN"}
    saws = listed(run, "runs", "--mode", "saw")
    assert saws
    assert saws == listed(run, "runs", "--tool", "saw-254-24t")
    assert [listed(run, "runs", "--override", state) for state in ("none", "Asked")] == [every, []]
    assert listed(run, "runs", "--session", "ws_0123456789abcdef") == []


def test_since_and_until_take_dates_and_times(run: Command) -> None:
    every = [item["created_at_utc"] for item in listed(run, "runs")]
    day = every[len(every) // 2][:10]
    of_day = [item["created_at_utc"] for item in listed(run, "runs", "--since", day, "--until", day)]
    assert of_day == [time for time in every if time.startswith(day)] != []
    before = [item["created_at_utc"] for item in listed(run, "runs", "--until", of_day[0])]
    assert before == [time for time in every if time < of_day[0]]
    assert [item["created_at_utc"] for item in listed(run, "runs", "--since", of_day[0])][-1] == of_day[0]


def test_deleted_runs_are_listed_only_when_asked_for(run: Command) -> None:
    assert len(listed(run, "runs")) < len(listed(run, "runs", "--deleted")) == RUNS


def test_a_run_that_the_index_lacked_is_in_the_list(run: Command, root: Path) -> None:
    members = make_members(US)
    path = root / "2025-12-23" / f"{members['run_id']}.json"
    path.parent.mkdir()
    path.write_bytes(digest.encode_record(members))
    assert members["run_id"] in [item["run_id"] for item in listed(run, "runs")]


def test_trap_36_a_list_opens_no_artifact_and_prints_nothing_else(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    read = LocalObjects.read

    def watched(self: LocalObjects, key: str) -> bytes:
        opened.append(key)
        return read(self, key)

    monkeypatch.setattr(LocalObjects, "read", watched)
    result = run("runs", "--json", "--limit", "500")
    assert document(result)["items"]
    assert [key for key in opened if "run_" in key] == []
    assert result.stderr == ""


def test_nothing_that_matches_is_no_error(run: Command) -> None:
    result = run("runs", "--mode", "laser")
    assert result.exit_code == 0
    assert result.stdout == "No runs match.\n"


@pytest.mark.parametrize(
    "options",
    [("--risk", "PURPLE"), ("--limit", "0"), ("--limit", "501"), ("--since", "soon"), ("--until", "2025-12-23T10:00")],
)
def test_options_that_make_no_sense_are_usage_errors(run: Command, options: tuple[str, ...]) -> None:
    result = run("runs", "--json", *options)
    assert result.exit_code == 2
    assert document(result)["error"] == "USAGE"


def test_a_damaged_cursor_is_a_usage_error_and_never_page_one(run: Command) -> None:
    result = run("runs", "--cursor", "x" + ids.make_cursor(US, "run_" + "0" * 32), "--json")
    assert result.exit_code == 2
    assert document(result)["error"] == "BAD_CURSOR"


def test_a_read_only_folder_is_listed_as_the_index_stands(root: Path, read_only: Callable[[Path], Path]) -> None:
    copy = read_only(root)
    before = snapshot(copy)
    result = command_on(copy)("runs", "--json", "--limit", "500", "--deleted")
    assert len(document(result)["items"]) == RUNS
    assert "0 runs are lacking" in result.stderr
    assert snapshot(copy) == before


def test_a_read_only_list_says_what_it_lacks(root: Path, read_only: Callable[[Path], Path]) -> None:
    members = make_members(US)
    (root / "2025-12-23").mkdir()
    (root / "2025-12-23" / f"{members['run_id']}.json").write_bytes(digest.encode_record(members))
    result = command_on(read_only(root))("runs", "--limit", "500")
    assert result.exit_code == 0
    assert "1 run is lacking" in result.stderr


def test_a_read_only_store_without_an_index_is_never_listed_as_empty(
    root: Path, read_only: Callable[[Path], Path]
) -> None:
    (root / "_index.sqlite").unlink()
    result = command_on(read_only(root))("runs", "--json")
    assert result.exit_code == 1
    assert document(result)["error"] == "INDEX_REBUILDING"


def test_reading_commands_work_on_a_read_only_folder_and_writing_ones_say_why_not(
    root: Path, read_only: Callable[[Path], Path]
) -> None:
    run_id = artifacts_of(root)[0].stem
    copy = read_only(root)
    before = snapshot(copy)
    run = command_on(copy)
    for arguments in (("verify",), ("status",), ("orphans",), ("repair", "--dry-run"), ("rebuild", "--dry-run")):
        assert run(*arguments).exit_code == 0, arguments
    assert run("show", run_id).exit_code == 0
    result = run("rebuild", "--json")
    assert result.exit_code == 1
    assert document(result)["error"] == "STORE_READ_ONLY"
    assert snapshot(copy) == before


def test_an_empty_read_only_folder_has_no_runs(tmp_path: Path, read_only: Callable[[Path], Path]) -> None:
    (tmp_path / "runs").mkdir()
    result = command_on(read_only(tmp_path / "runs"))("runs", "--json")
    assert result.exit_code == 0
    assert document(result) == {"items": [], "next_cursor": None}


def test_an_empty_folder_has_no_runs_and_an_absent_one_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert command_on(tmp_path / "empty")("runs").exit_code == 0
    assert command_on(tmp_path / "absent")("runs").exit_code == 10
    assert not (tmp_path / "absent").exists()
