"""Runs named as people name them: a beginning of the id, or the latest."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos import ids
from rmos.cli.run_ids import short_ids
from rmos.config import Settings
from rmos.schemas.runs import dump_summary
from rmos.store import Store
from tests.cli.conftest import Command, artifacts_of, command_on, document, listed
from tests.makers import US, make_members


@pytest.fixture
def twins(tmp_path: Path) -> tuple[Command, list[str]]:
    """A store with two runs of one millisecond and one of the next day, and their ids."""
    root = tmp_path / "twins"
    store = Store.open(Settings(instance_path=tmp_path, runs_dir=root), summarise=dump_summary)
    made = [store.runs.put(make_members(us)).view.artifact.run_id for us in (US, US + 1, US + 86_400_000_000)]
    store.index.close()
    return command_on(root), made


def test_a_beginning_that_one_run_has_names_it(twins: tuple[Command, list[str]]) -> None:
    run, made = twins
    assert document(run("show", made[2][:16], "--json"))["run_id"] == made[2]
    assert document(run("show", made[2].removeprefix("run_")[:13], "--json"))["run_id"] == made[2]
    assert document(run("replay", made[0][:20], "--json"))["run_id"] == made[0]


def test_a_beginning_that_two_runs_have_names_both_and_touches_neither(twins: tuple[Command, list[str]]) -> None:
    run, made = twins
    result = run("delete", made[0][:16], "--reason", "a trial cut")
    assert result.exit_code == 2
    assert f"2 runs begin with {made[0][:16]}: {made[0]}, {made[1]}" in " ".join(result.stderr.split())
    assert {item["run_id"] for item in listed(run, "runs")} == set(made)


def test_latest_is_the_newest_run_that_is_listed(twins: tuple[Command, list[str]]) -> None:
    run, made = twins
    assert document(run("show", "@latest", "--json"))["run_id"] == made[2]
    assert run("delete", "@latest", "--reason", "a trial cut").exit_code == 0
    assert document(run("show", "@latest", "--json"))["run_id"] == made[1]


def test_an_empty_store_has_no_latest_run(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = command_on(tmp_path / "empty")("show", "@latest")
    assert (result.exit_code, result.stderr) == (1, "Run not found: There is no run yet.\n")


def test_a_whole_id_opens_no_list(run: Command, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = artifacts_of(root)[0].stem
    monkeypatch.setattr("rmos.cli.run_ids._ids_beginning", lambda *_: pytest.fail("the folders were listed"))
    assert document(run("show", run_id, "--json"))["run_id"] == run_id


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=8, unique=True))
def test_short_ids_tell_runs_apart(moments: list[int]) -> None:
    run_ids = [ids.new_run_id(US + us) for us in moments]
    shown = short_ids(run_ids)
    assert len(set(shown.values())) == len(run_ids)
    for run_id, short in shown.items():
        assert len(short) >= len("run_") + 12
        assert [other for other in run_ids if other.startswith(short)] == [run_id]
