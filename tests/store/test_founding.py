"""Which engine a store has when nobody chose one: that of its first run, the second in a store without runs."""

from pathlib import Path
from typing import Any

import pytest

from rmos import create_app, ids
from rmos.config import Settings
from rmos.engines.registry import Registry
from rmos.errors.store import ObjectUnreadable
from rmos.objects.local import LocalObjects
from rmos.store import founding
from rmos.store.founding import default_engine_of
from tests.earlier_system import snapshot
from tests.makers import EARLIER_ID, US, make_earlier_artifact, make_members, open_store, write_raw

V1, V2 = "baseline_v1", "baseline_v2"
DAY_US = 24 * 3600 * 1_000_000


def settings_of(folder: Path, **over: Any) -> Settings:
    return Settings(instance_path=folder, runs_dir=folder / "runs", **over)


def record(folder: Path, *engine_ids: str | None, us: int = US) -> None:
    """Record runs of these engines, one day after another."""
    store = open_store(folder)
    for day, engine_id in enumerate(engine_ids):
        feasibility = {"status": "GREEN"} | ({} if engine_id is None else {"engine_id": engine_id})
        store.runs.put(make_members(us + day * DAY_US, feasibility=feasibility))
    store.index.close()


@pytest.mark.parametrize(
    ("engine_ids", "engine_id"),
    [
        ((), V2),
        ((V1,), V1),
        ((V2,), V2),
        ((V1, V2, V2), V1),
        ((V2, V1), V2),
        (("gentle", V2, V1), V2),
        ((None, V2), V2),
        (("gentle",), V1),
    ],
)
def test_a_store_keeps_the_built_in_engine_of_its_first_run(
    tmp_path: Path, engine_ids: tuple[str | None, ...], engine_id: str
) -> None:
    record(tmp_path, *engine_ids)
    before = snapshot(tmp_path)
    assert default_engine_of(settings_of(tmp_path)) == engine_id
    assert snapshot(tmp_path) == before


def test_a_store_that_is_not_there_is_new_and_is_not_made(tmp_path: Path) -> None:
    assert default_engine_of(settings_of(tmp_path)) == V2
    assert list(tmp_path.iterdir()) == []


def test_a_store_of_the_earlier_system_keeps_the_first_engine(tmp_path: Path) -> None:
    write_raw(tmp_path / "runs" / "2025-12-23" / f"{EARLIER_ID}.json", make_earlier_artifact())
    assert default_engine_of(settings_of(tmp_path)) == V1


@pytest.mark.parametrize("engine_id", [V1, V2, "gentle"])
def test_a_setting_wins_over_the_record(tmp_path: Path, engine_id: str) -> None:
    record(tmp_path, V1 if engine_id == V2 else V2)
    assert default_engine_of(settings_of(tmp_path, default_engine=engine_id)) == engine_id


def test_damage_among_the_first_runs_is_passed_over(tmp_path: Path) -> None:
    record(tmp_path, V1, V2)
    first = min((tmp_path / "runs").glob("2*/run_*.json"))
    first.chmod(0o644)
    first.write_bytes(b'{"feasibility":')
    assert default_engine_of(settings_of(tmp_path)) == V2


def test_a_store_whose_first_runs_all_say_nothing_keeps_the_first_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(founding, "_LOOKED_AT", 3)
    record(tmp_path, None, None, None, V2)
    assert default_engine_of(settings_of(tmp_path)) == V1


def test_a_disk_that_cannot_be_read_leaves_the_first_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path, V2)

    def fail(*_: object) -> None:
        raise ObjectUnreadable("The disk is broken.")

    monkeypatch.setattr(LocalObjects, "names", fail)
    assert default_engine_of(settings_of(tmp_path)) == V1


@pytest.mark.parametrize(("recorded", "engine_id"), [((), V2), ((V1,), V1)])
def test_the_service_evaluates_with_the_engine_of_its_store(
    tmp_path: Path, recorded: tuple[str, ...], engine_id: str
) -> None:
    record(tmp_path, *recorded)
    engines: Registry = create_app(settings_of(tmp_path)).extensions["rmos"].engines
    assert engines.get(None).info.engine_id == engine_id
    # It stays so for as long as the service runs, whatever is recorded meanwhile.
    record(tmp_path, V1 if engine_id == V2 else V2, us=US - DAY_US)
    assert engines.get(None).info.engine_id == engine_id


def test_a_chosen_engine_that_is_not_there_ends_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        create_app(settings_of(tmp_path, default_engine="gone"))
    assert ended.value.code == 2
    assert "RMOS_DEFAULT_ENGINE is 'gone'; there are the engines baseline_v1, baseline_v2." in capsys.readouterr().err


def test_ids_of_a_day_are_in_the_order_of_their_time(tmp_path: Path) -> None:
    later, sooner = ids.new_run_id(US + 10_000), ids.new_run_id(US)
    store = open_store(tmp_path)
    for run_id, us, engine_id in ((later, US + 10_000, V2), (sooner, US, V1)):
        store.runs.put(make_members(us, run_id, feasibility={"status": "GREEN", "engine_id": engine_id}))
    store.index.close()
    assert default_engine_of(settings_of(tmp_path)) == V1
