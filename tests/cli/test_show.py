import json
from pathlib import Path

import pytest

from rmos import digest
from tests.cli.conftest import Command, artifacts_of, command_on, document, flip
from tests.earlier_system import make_earlier_store
from tests.makers import US, make_members


def with_event(root: Path, kind: str) -> str:
    """Return the id of a run that has an event of this kind."""
    for path in sorted(root.glob("2*/run_*.000001.json")):
        if json.loads(path.read_bytes())["kind"] == kind:
            return path.name.partition(".")[0]
    raise AssertionError(f"the demo has no {kind}")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("large") / "runs"
    assert command_on(root)("demo", "--runs", "200").exit_code == 0
    return root


def test_a_page_has_the_decision_its_reasons_and_the_digests(run: Command, root: Path) -> None:
    blocked = next(
        path
        for path in artifacts_of(root)
        if b'"risk_level":"RED"' in path.read_bytes() and not list(path.parent.glob(f"{path.stem}.0*"))
    )
    artifact = json.loads(blocked.read_bytes())
    result = run("show", blocked.stem)
    assert result.exit_code == 0
    for text in (
        blocked.stem,
        artifact["created_at_utc"],
        "BLOCKED",
        artifact["decision"]["block_reason"],
        artifact["notes"],
        artifact["tool_id"],
        artifact["meta"]["batch_label"],
        artifact["_sha256"],
        artifact["hashes"]["feasibility_sha256"],
        f"{artifact['feasibility']['engine_id']} {artifact['feasibility']['engine_version']}",
        f"operation {artifact['inputs']['design']['operation']}",
        *(check["id"] for check in artifact["feasibility"]["assessments"]),
    ):
        assert text in result.stdout


def test_json_is_the_artifact_with_its_events_folded_in(large: Path) -> None:
    run_id = with_event(large, "advisory")
    run = command_on(large)
    shown = document(run("show", run_id, "--json"))
    stored = json.loads(next(large.glob(f"2*/{run_id}.json")).read_bytes())
    for member in ("_sha256", "inputs", "feasibility", "decision", "hashes", "notes"):
        assert shown[member] == stored[member]
    assert shown["version"] == 1
    assert shown["deleted"] is False
    assert [entry["kind"] for entry in shown["advisory_inputs"]] == ["note"]
    assert "events" not in shown


def test_events_are_shown_in_order_with_who_and_what(large: Path) -> None:
    run_id = with_event(large, "advisory")
    run = command_on(large)
    (event,) = document(run("show", run_id, "--events", "--json"))["events"]
    assert (event["number"], event["kind"], event["role"]) == (1, "advisory", "admin")
    assert event["actor"].startswith("cli:")
    text = run("show", run_id, "--events").stdout
    assert f"1  {event['created_at_utc']}  advisory  by {event['actor']} (admin)" in text
    assert event["data"]["title"] in text


def test_a_deleted_run_is_not_shown_but_who_when_and_why(large: Path) -> None:
    run_id = with_event(large, "delete")
    event = json.loads(next(large.glob(f"2*/{run_id}.000001.json")).read_bytes())
    run = command_on(large)
    result = run("show", run_id)
    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    for text in (event["actor"], event["created_at_utc"], event["data"]["reason"]):
        assert text in line
    error = document(run("show", run_id, "--json"))
    assert error["error"] == "RUN_DELETED"
    assert error["reason"] == event["data"]["reason"]


@pytest.mark.parametrize("run_id", ["run_" + "0" * 32, "nonsense", "../../etc/passwd", "run_*", ""])
def test_an_unknown_id_is_one_clear_line(run: Command, run_id: str) -> None:
    result = run("show", run_id)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Run not found: There is no run with this id.")
    assert document(run("show", run_id, "--json"))["error"] == "RUN_NOT_FOUND"


def test_a_damaged_run_is_never_shown(run: Command, root: Path) -> None:
    victim = artifacts_of(root)[4]
    flip(victim)
    result = run("show", victim.stem, "--json")
    assert result.exit_code == 1
    assert document(result)["error"] == "RECORD_DAMAGED"


def test_a_run_is_shown_without_the_index(run: Command, root: Path) -> None:
    (root / "_index.sqlite").unlink()
    assert run("show", artifacts_of(root)[0].stem).exit_code == 0
    assert not (root / "_index.sqlite").exists()


def test_words_of_clients_cannot_forge_lines(run: Command, root: Path) -> None:
    members = make_members(US, notes="fine\n  risk        GREEN\x1b[2J", meta={"batch_label": "b\rx"})
    path = root / "2025-12-23" / f"{members['run_id']}.json"
    path.parent.mkdir()
    path.write_bytes(digest.encode_record(members))
    text = run("show", path.stem).stdout
    assert "\x1b" not in text
    assert "\r" not in text
    assert text.count("\n  risk ") == 1


def test_every_run_of_the_earlier_system_can_be_shown(tmp_path: Path) -> None:
    earlier = make_earlier_store(tmp_path)
    run = command_on(earlier.root)
    for run_id in earlier.run_ids:
        result = run("show", run_id, "--events")
        assert result.exit_code == 0, result.output
        assert run_id in result.stdout


def test_without_a_folder_there_is_no_store(tmp_path: Path) -> None:
    assert command_on(tmp_path / "absent")("show", "run_" + "0" * 32).exit_code == 10


def test_the_id_has_to_be_given(run: Command) -> None:
    assert run("show").exit_code == 2
