"""`rmos replay` and `rmos backtest`: computed again, computed otherwise, and nothing written."""

import csv
import io
import json
from pathlib import Path

import pytest

from rmos import ids
from rmos.decisions.backtest import backtest
from rmos.engines import shop
from rmos.engines.registry import Registry
from rmos.services.artifact import RunRequest
from rmos.services.rosettes.interpreters import BuiltIn
from rmos.services.rosettes.plans import RosetteRequest
from rmos.services.rosettes.recorder import record_rosettes
from rmos.services.runs import record_run
from tests.api.conftest import make_body, make_named
from tests.cli.conftest import Command, artifacts_of, command_on, document, flip, open_store
from tests.earlier_system import snapshot
from tests.makers import ANNA, make_earlier_artifact, make_members, write_raw


def test_each_run_of_the_demo_is_reproduced(run: Command, root: Path) -> None:
    for path in artifacts_of(root)[:5]:
        done = run("replay", path.stem, "--json")
        assert done.exit_code == 0
        assert document(done)["reproduced"] is True
    assert run("replay", artifacts_of(root)[0].stem).stdout.endswith("Reproduced.\n")


def test_what_is_not_reproduced_is_a_finding_with_its_reason(run: Command, root: Path) -> None:
    store = open_store(root)
    members = make_members(feasibility={"engine_id": "baseline_v1", "engine_version": "0.1.0", "status": "GREEN"})
    run_id = store.runs.put(members).view.artifact.run_id
    store.index.close()
    done = run("replay", run_id)
    assert done.exit_code == 1
    assert "differs   feasibility.engine_version" in done.stdout
    assert "NOT reproduced. It was computed by baseline_v1 0.1.0" in done.stdout


def test_a_replay_of_what_is_not_there(run: Command, tmp_path: Path) -> None:
    assert run("replay", "run_0123456789ab").exit_code == 1
    assert command_on(tmp_path / "nowhere")("replay", "run_0123456789ab").exit_code == 10


def test_the_engine_that_judged_flips_nothing_and_nothing_is_written(run: Command, root: Path) -> None:
    before = snapshot(root)
    done = run("backtest", "--engine", "baseline_v2", "--json")
    assert done.exit_code == 0, done.output
    report = document(done)
    repeated = sum(json.loads(path.read_bytes())["event_type"] == "approval" for path in artifacts_of(root))
    assert repeated == 1
    assert (report["judged"], report["repeated"], report["flips"]) == (40 - repeated, repeated, [])
    assert run("backtest", "--engine", "baseline_v2").stdout == (
        f"baseline_v2 1.0.0 evaluated {40 - repeated} runs; none would flip.\n"
    )
    assert {name: what for name, what in snapshot(root).items() if "_index" not in name} == {
        name: what for name, what in before.items() if "_index" not in name
    }


@pytest.mark.parametrize("engine_id", ["baseline_v1", "baseline_v2"])
def test_rosettes_flip_nothing_for_the_engine_that_judged_them_whatever_blocked_them(
    run: Command, root: Path, engine_id: str
) -> None:
    store = open_store(root)
    engines = Registry(default=lambda: engine_id)
    prompts = ("rope in koa, 6 mm band", "0.2 mm lines please", "rosette 60 mm wide", "pearl dots in rosewood, 8 mm")
    made = [
        record_rosettes(
            *(store, engines, BuiltIn(), RosetteRequest(prompt=prompt)),
            actor=ANNA,
            us=ids.now_us(),
            engine_timeout_ms=60_000,
        )[0]
        for prompt in prompts
    ]
    blocked = {one.run_id for one in made if one.risk_level == "RED"}
    assert len(blocked) == 2
    report = backtest(store, engines.get(None), timeout_ms=60_000)
    assert not {flip.run_id for flip in report.flips} & {one.run_id for one in made}
    # No engine finds a rosette possible that the trade calls impossible.
    strict = backtest(store, Registry().get("baseline_v2"), timeout_ms=60_000)
    assert not {flip.run_id for flip in strict.flips} & blocked
    store.index.close()


def test_trap_43_no_engine_knows_a_name_that_nobody_knew(run: Command, root: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.json"
    cut.write_text(json.dumps(make_named(machine_id="nobody-has-it")))
    made = json.loads(run("record", str(cut), "--json").stdout)
    assert made["risk_level"] == "UNKNOWN"
    assert run("replay", made["run_id"]).exit_code == 0
    store = open_store(root)
    for engine_id in ("baseline_v1", "baseline_v2"):
        report = backtest(store, Registry().get(engine_id), timeout_ms=60_000)
        assert made["run_id"] not in {flip.run_id for flip in report.flips}
    store.index.close()


def test_what_the_second_engine_decides_otherwise_is_listed_with_both_scores(run: Command, root: Path) -> None:
    store = open_store(root)
    body = make_body()
    first = Registry().get("baseline_v1")
    cuts = {"slow in soft wood": {"feed_mm_min": 1200}, "as it was": {}, "through the top": {"floor_thickness_mm": 0.7}}
    made = {}
    for name, change in cuts.items():
        request = RunRequest(
            **{**body, "design": {**body["design"], **change}, "engine_id": first.info.engine_id, "meta": {}}
        )
        recorded = record_run(store, Registry(), request, actor=ANNA, us=ids.now_us(), engine_timeout_ms=60_000)
        made[recorded.run_id] = name
    store.index.close()
    flips = {flip["run_id"]: flip for flip in document(run("backtest", "--engine", "baseline_v2", "--json"))["flips"]}
    [(run_id, flip)] = [(run_id, flip) for run_id, flip in flips.items() if run_id in made]
    assert made[run_id] == "slow in soft wood"
    assert (flip["risk_recorded"], flip["risk_now"]) == ("YELLOW", "GREEN")
    assert flip["score_recorded"] < flip["score_now"]


def test_other_tables_are_listed_with_what_they_would_flip(run: Command, root: Path, tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    tables.mkdir()
    shipped = (Path(shop.__file__).parent / "materials.toml").read_text()
    entry = shipped[shipped.index("[sitka_spruce]") : shipped.index("[engelmann_spruce]")]
    (tables / "materials.toml").write_text(entry.replace("energy_j_mm3 = 0.113", "energy_j_mm3 = 9.0"))
    done = run("backtest", "--engine", "baseline_v1", "--tables", str(tables), "--json")
    assert done.exit_code == 1
    report = document(done)
    assert report["flips"]
    assert {flip["material_id"] for flip in report["flips"]} == {"sitka_spruce"}
    assert sum(report["flipped"].values()) == len(report["flips"])


def test_an_engine_that_refuses_all_flips_what_was_not_refused(root: Path) -> None:
    store = open_store(root)
    runs = {path.stem: json.loads(path.read_bytes()) for path in artifacts_of(root)}
    open_ones = {
        run_id
        for run_id, run in runs.items()
        if run["decision"]["risk_level"] != "RED" and run["event_type"] != "approval"
    }
    engine = Registry([("strict", "tests.engines.plugins:Strict")]).get("strict")
    progress: list[int] = []
    report = backtest(store, engine, timeout_ms=60_000, workers=2, progress=progress.append)
    assert {flip.run_id for flip in report.flips} == open_ones
    assert [flip.run_id for flip in report.flips] == sorted(open_ones)
    assert {flip.risk_now for flip in report.flips} == {"RED"}
    assert report.flips[0].why == "Too risky."
    assert sum(progress) == len(runs)
    assert sum(report.flipped.values()) == len(open_ones)
    last_day = artifacts_of(root)[-1].parent.name
    late = backtest(store, engine, timeout_ms=60_000, since=last_day)
    assert late.judged + late.repeated == sum(path.parent.name == last_day for path in artifacts_of(root))


def test_damage_is_named_and_what_has_no_inputs_is_counted(run: Command, root: Path) -> None:
    damaged = artifacts_of(root)[3]
    flip(damaged)
    write_raw(root / "2025-12-23" / "run_361afb660060.json", make_earlier_artifact())
    done = run("backtest", "--engine", "baseline_v1", "--json")
    assert done.exit_code == 1
    assert (document(done)["damaged"], document(done)["without_inputs"]) == ([damaged.stem], 1)
    assert f"Not evaluated, damaged (1): {damaged.stem}." in run("backtest", "--engine", "baseline_v1").stdout


def test_flips_as_csv_and_as_a_table(run: Command, root: Path) -> None:
    store = open_store(root)
    for run_id_material in ("=1+1", "ebony"):
        store.runs.put(make_members(material_id=run_id_material))
    store.index.close()
    done = run("backtest", "--engine", "baseline_v1", "--csv")
    assert done.exit_code == 1
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["risk_recorded"], row["material_id"]) for row in rows] == [("GREEN", "'=1+1"), ("GREEN", "ebony")]
    assert "2 would flip" in done.stderr
    table = run("backtest", "--engine", "baseline_v1")
    assert table.stdout.splitlines()[0].split()[:3] == ["CREATED", "(UTC)", "RUN"]
    assert rows[0]["run_id"] in table.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("--engine", "nobody"), 1),
        (("--engine", "baseline_v1", "--csv", "--json"), 2),
        (("--engine", "baseline_v1", "--since", "yesterday"), 2),
        (("--engine", "baseline_v1", "--tables", "nowhere"), 2),
    ],
)
def test_a_backtest_of_nothing_is_refused(run: Command, arguments: tuple[str, ...], code: int) -> None:
    assert run("backtest", *arguments).exit_code == code


def test_a_backtest_without_a_store_is_told_apart(tmp_path: Path) -> None:
    assert command_on(tmp_path / "nowhere")("backtest", "--engine", "baseline_v1").exit_code == 10
