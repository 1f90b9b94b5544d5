"""`rmos judge` and `rmos record`: the decision of the service, from a file, with and without a record."""

import getpass
import json
from pathlib import Path
from typing import Any

import pytest

from rmos.cli.checks import figure
from rmos.engines.baseline.wording import num
from tests.api.conftest import make_body
from tests.cli.conftest import Command, artifacts_of, command_on, document, listed


def written(folder: Path, **over: Any) -> str:
    path = folder / "cut.json"
    path.write_text(json.dumps(make_body(**over)))
    return str(path)


def test_a_cut_is_decided_as_when_it_is_recorded_and_only_then_it_is(run: Command, root: Path, tmp_path: Path) -> None:
    cut, before = written(tmp_path), artifacts_of(root)
    judged = document(run("judge", cut, "--json"))
    assert artifacts_of(root) == before
    recorded = document(run("record", cut, "--json"))
    assert {name: recorded[name] for name in ("risk_level", "score")} == {
        name: judged[name] for name in ("risk_level", "score")
    }
    shown = document(run("show", recorded["run_id"], "--json"))
    assert shown["feasibility"] == {**judged["feasibility"]}
    assert listed(run, "runs")[0]["run_id"] == recorded["run_id"]
    assert run("verify").exit_code == 0


def test_each_check_stands_with_its_value_and_its_limit(run: Command, tmp_path: Path) -> None:
    cut = written(tmp_path)
    lines = run("judge", cut).stdout.splitlines()
    checks = document(run("judge", cut, "--json"))["feasibility"]["assessments"]
    assert lines[0].startswith("GREEN")
    for check in checks:
        [line] = [line for line in lines if line.startswith(f"{check['id']} ")]
        assert figure(check["value"]) in line
        assert num(check["limit"]) in line


def test_trap_42_who_records_at_the_command_line_made_the_run(run: Command, tmp_path: Path) -> None:
    run_id = document(run("record", written(tmp_path), "--json"))["run_id"]
    creator = {"name": f"cli:{getpass.getuser()}", "role": "admin"}
    assert document(run("show", run_id, "--json"))["created_by"] == creator
    assert [item["created_by"] for item in listed(run, "runs", "--by", creator["name"])][:1] == [creator]
    assert listed(run, "runs", "--by", "cli:nobody-else") == []
    assert f"by          {creator['name']} (admin)" in run("show", run_id).stdout


@pytest.mark.parametrize("command", ["judge", "record"])
def test_trap_43_a_slip_in_an_id_is_told_and_not_what_it_brings_along(
    run: Command, tmp_path: Path, command: str
) -> None:
    result = run(command, written(tmp_path, tool_id="em-3157-2f"))
    assert result.exit_code == 1
    assert 'tool_id "em-3157-2f" names no tool of this shop. Did you mean em-3175-2f' in result.stdout
    assert "missing" not in result.stdout


@pytest.mark.parametrize("command", ["judge", "record"])
def test_a_blocked_cut_says_why_and_ends_with_1(run: Command, tmp_path: Path, command: str) -> None:
    design = {**make_body()["design"], "spindle_rpm": 60000}
    result = run(command, written(tmp_path, design=design))
    assert result.exit_code == 1
    assert "RED" in result.stdout
    assert "rpm" in result.stdout


def test_many_cuts_are_listed_one_to_a_line(run: Command) -> None:
    usual = {name: value for name, value in make_body().items() if name != "meta"}
    fast = {**usual, "design": {**usual["design"], "spindle_rpm": 60000}}
    body = json.dumps({"items": [usual, fast], "engine_id": "baseline_v2", "view": "brief"})
    result = run("judge", "-", input=body)
    assert result.exit_code == 1
    head, green, red = (line.split() for line in result.stdout.splitlines())
    assert head == ["CUT", "RISK", "SCORE", "RULE", "WHY"]
    assert (green[:2], red[:2], red[3]) == (["1", "GREEN"], ["2", "RED"], "OVERSPEED")
    told = document(run("judge", "-", "--json", input=body))["results"]
    assert [item["why"] for item in told] == [None, "2.5 of the largest speed; GREEN to 1"]
    refused = run("judge", "-", input=json.dumps({"items": [{**usual, "mode": " "}]}))
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "items.0.mode" in refused.stderr


def test_the_standard_input_is_a_file_too(run: Command) -> None:
    assert document(run("judge", "-", "--json", input=json.dumps(make_body())))["risk_level"] == "GREEN"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"mode":"router","tool":1}', "tool: Unknown field."),
        ('{"mode":"router"', "not JSON"),
        ('{"mode":NaN}', "NaN"),
        ("[]", "must be a JSON object"),
    ],
)
def test_what_is_no_cut_is_refused_in_words_and_leaves_no_run(run: Command, root: Path, text: str, said: str) -> None:
    before = artifacts_of(root)
    result = run("record", "-", input=text)
    assert (result.exit_code, result.stdout) == (2 if "Unknown" in said else result.exit_code, "")
    assert result.exit_code in (1, 2)
    assert said in result.stderr
    assert artifacts_of(root) == before


def test_a_first_record_makes_the_store_and_its_index(tmp_path: Path) -> None:
    run = command_on(tmp_path / "new")
    assert run("record", written(tmp_path)).exit_code == 0
    assert len(listed(run, "runs")) == 1
    assert run("verify").exit_code == 0
