"""The pure parts of the benchmarks, and that the stores they measure on are healthy; nothing here is timed."""

import json
import math
import sqlite3
import statistics
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import (
    bare_insert,
    buckets,
    bulk,
    cluster,
    cuts,
    figures,
    files,
    gate,
    judging,
    large_blobs,
    load,
    machine,
    reading,
    sessions,
    small_files,
    stores,
    web,
)
from benchmarks.failures import CannotMeasure
from benchmarks.figures import AtLeast, AtMost, Figure, measured, number, ratio
from benchmarks.load import Load
from benchmarks.samples import HELLO, Sample
from benchmarks.whole_store import run_child
from rmos import digest, ids
from rmos.cam.gcode.reader import read_program
from rmos.checks.verify import verify_store
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.row_models import RunQuery
from rmos.schemas.runs import dump_summary
from rmos.store import Store
from tests.helpers.buckets import set_credentials

REPORT = '{"requests":3000,"duration_us":2000000,"p50_us":9100,"p99_us":20500,"refused":0,"broken":0}'


def test_a_figure_is_the_median_of_its_samples_and_keeps_them() -> None:
    figure = measured("verify", [70.0, 10.0, 20.0], "runs/s", runs=1000, target=AtLeast(20))
    assert (figure.value, figure.samples, figure.is_met) == (20.0, (70.0, 10.0, 20.0), True)


@pytest.mark.parametrize("samples", [[], [1.0, math.nan], [math.inf]])
def test_a_figure_without_samples_that_are_numbers_is_refused(samples: list[float]) -> None:
    with pytest.raises(ValueError, match="verify"):
        measured("verify", samples, "runs/s")


def test_a_ratio_is_that_of_the_medians_and_shows_the_pairs() -> None:
    figure = ratio("share", [30.0, 90.0, 60.0], [100.0, 100.0, 200.0])
    assert figure.value == 0.6
    assert figure.samples == (0.3, 0.9, 0.3)


def test_samples_that_were_not_measured_in_pairs_are_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio("share", [1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [(AtLeast(0.7), 0.7, True), (AtLeast(0.7), 0.69, False), (AtMost(1.2), 1.2, True), (AtMost(1.2), 1.21, False)],
)
def test_a_target_is_met_on_its_bound_and_not_beyond(target: AtLeast | AtMost, value: float, met: bool) -> None:
    assert target.is_met(value) is met


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.694, "0.69"), (12.34, "12.3"), (99.96, "100"), (9.996, "10.0"), (123.4, "123"), (40_000, "40 000")],
)
def test_numbers_are_shown_with_the_digits_that_mean_something(value: float, text: str) -> None:
    assert number(value) == text


def test_the_table_is_aligned_markdown_and_names_what_was_missed() -> None:
    told = [
        Figure("hello-world", 6135.4, "requests/s", besides={"p50 ms": 4.87}),
        measured("durable POST, share of hello-world", [0.2, 0.3, 0.25], "", runs=100_000, target=AtLeast(0.27)),
    ]
    lines = figures.table(told).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == [
        "hello-world", "", "6 135 requests/s", "", "", "p50 ms 4.87",
    ]  # fmt: skip
    assert [cell.strip() for cell in lines[3].split("|")[1:-1]] == [
        "durable POST, share of hello-world", "100 000", "0.25", "0.20 to 0.30 (3)", ">= 0.27 MISSED", "",
    ]  # fmt: skip


def test_the_verdict_counts_targets_and_names_the_missed_with_their_stores() -> None:
    met = Figure("verify", 2.0, "", target=AtLeast(1))
    missed = Figure("GET one run", 0.5, "", runs=1000, target=AtLeast(1))
    assert figures.verdict([Figure("hello-world", 1.0, "")]) == "No figure here has a target."
    assert figures.verdict([met]) == "All targets are met (1)."
    assert figures.verdict([met, missed]) == "1 of 2 targets missed: GET one run (1 000 runs)."


def test_the_document_is_plain_json_with_the_machine_and_every_sample() -> None:
    figure = measured("verify", [1.0, 2.0, 4.0], "runs/s", runs=10, target=AtLeast(1.5), besides={"MB": 60.0})
    told = json.loads(json.dumps(figures.document([figure], {"cores": 2}, {"quick": True})))
    assert told == {
        "form": "rmos.bench/1",
        "machine": {"cores": 2},
        "asked": {"quick": True},
        "figures": [
            {
                "name": "verify",
                "runs": 10,
                "value": 2.0,
                "unit": "runs/s",
                "samples": [1.0, 2.0, 4.0],
                "target": ">= 1.50",
                "met": True,
                "besides": {"MB": 60.0},
            }
        ],
    }


def test_the_report_of_wrk_is_its_last_line() -> None:
    assert load.read_report(f"Running 2s test\n  1 threads\n{REPORT}\n") == Load(3000, 1500.0, 9.1, 20.5)


@pytest.mark.parametrize(
    "output",
    [
        "",
        "Running 2s test",
        REPORT.replace('"refused":0', '"refused":1'),
        REPORT.replace('"broken":0', '"broken":7'),
        REPORT.replace("3000", "0"),
        REPORT.replace("2000000", "0"),
    ],
)
def test_a_load_that_was_not_answered_in_full_is_no_figure(output: str) -> None:
    with pytest.raises(CannotMeasure):
        load.read_report(output)


def test_the_scripts_hold_what_is_sent_line_by_line(tmp_path: Path) -> None:
    script = load.write_posts(tmp_path / "post.lua", "/api/rmos/runs", ['{"a":1}', '{"a":2}'])
    assert (tmp_path / "post.lines").read_text() == '{"a":1}\n{"a":2}\n'
    assert f'io.lines("{tmp_path}/post.lines")' in script.read_text()
    assert 'wrk.format("POST", "/api/rmos/runs"' in script.read_text()


def test_the_http_figures_set_each_case_beside_hello_world_and_the_small_store() -> None:
    def samples(rate: float) -> list[Sample]:
        return [Sample(Load(100, rate * factor, 5.0, 9.0), 300.0) for factor in (0.5, 1.0, 2.0)]

    found = {(HELLO, 0): samples(1000.0), **{(layer, 1_000): samples(800.0) for layer in web.LAYERS}}
    for case in web.TARGETS:
        found |= {(case, 1_000): samples(600.0), (case, 100_000): samples(500.0), (case, 1_000_000): samples(100.0)}
    told = {(figure.name, figure.runs): figure for figure in web.summed_up(found, [1_000, 100_000, 1_000_000])}
    assert told[f"{web.HEALTH}, share of hello-world", 1_000].value == 0.8
    assert told["GET one run, share of hello-world", 100_000].value == 0.5
    assert told["GET one run, share of hello-world", 100_000].target == AtLeast(0.70)
    assert told["durable POST, share of hello-world", 1_000].is_met is True
    assert told["GET a page of 50 summaries, cost against 1 000 runs", 100_000].value == 1.2
    assert told["GET a page of 50 summaries, cost against 1 000 runs", 100_000].target == AtMost(1.2)
    assert told["durable POST, cost against 1 000 runs", 1_000_000].target is None
    assert ("durable POST, cost against 1 000 runs", 1_000) not in told


def test_the_filesystem_is_that_of_the_innermost_mount() -> None:
    mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/inner xfs rw 0 0\n"
    assert machine.filesystem(Path("/tmpfoo"), mounts) == "ext4"
    assert machine.filesystem(Path("/tmp/other"), mounts) == "tmpfs"
    assert machine.filesystem(Path("/tmp/inner/store"), mounts) == "xfs"


def test_the_machine_is_told_without_its_name(tmp_path: Path) -> None:
    told = json.dumps(machine.describe(tmp_path))
    assert str(tmp_path) not in told
    assert {"cpu", "cores", "kernel", "filesystem", "python", "wrk"} <= json.loads(told).keys()


def test_the_cuts_are_judged_by_the_engine_and_some_are_refused() -> None:
    engines = Registry()
    assert {cuts.judged(engines, place)[2].status for place in range(0, cuts.VARIANTS, 5)} >= {"GREEN", "RED"}


def test_the_runs_of_a_made_store_are_of_about_2_kb() -> None:
    templates = cuts.small_templates()
    sizes = [
        len(digest.encode_record(cuts.small_members(templates, place, ids.now_us()))) for place in range(cuts.VARIANTS)
    ]
    assert 1_800 < statistics.mean(sizes) < 2_700


def test_a_made_store_is_healthy_complete_and_spread_over_forty_days(tmp_path: Path) -> None:
    folder = stores.ready_store(tmp_path, 200, lambda told: None)
    report = verify_store(Store.open(stores.settings_of(folder), write=False))
    assert (report.ok, report.counts["runs"], report.indexed_runs) == (True, 200, 200)
    assert len([path for path in folder.iterdir() if ids.is_partition(path.name)]) >= stores.DAYS
    assert len(set(stores.run_ids(folder))) == 200


def test_a_kept_store_is_used_again_and_a_working_copy_leaves_it_as_it_is(tmp_path: Path) -> None:
    said: list[str] = []
    folder = stores.ready_store(tmp_path, 50, said.append)
    copy = stores.working_copy(folder, tmp_path / "copy")
    Store.open(stores.settings_of(copy)).runs.put(cuts.members(Registry(), 1, ids.now_us()))
    assert stores.ready_store(tmp_path, 50, said.append) == folder
    assert said == ["making a store of 50 runs"]
    assert (len(stores.run_ids(folder)), len(stores.run_ids(copy))) == (50, 51)


def test_a_store_can_have_one_session_spread_among_its_runs(tmp_path: Path) -> None:
    folder = stores.ready_store(tmp_path, 200, lambda told: None, of_session=10)
    store = Store.open(stores.settings_of(folder), summarise=dump_summary)
    store.reconcile()
    assert verify_store(store).ok
    query = RunQuery(workflow_session_id=stores.session_of(folder))
    assert (store.runs.count(query), store.runs.count(RunQuery())) == (10, 200)


def test_views_of_a_session_are_set_beside_hello_world_and_its_first_page() -> None:
    def samples(rate: float) -> list[Sample]:
        return [Sample(Load(100, rate * factor, 5.0, 9.0), 100_000 / rate) for factor in (0.5, 1.0, 2.0)]

    found = {
        HELLO: samples(1000),
        sessions.FIRST: samples(650),
        sessions.DEEP: samples(500),
        sessions.ANY: samples(520),
        sessions.TOTAL: samples(325),
    }
    told = {figure.name: figure for figure in sessions.summed_up(found, [1.0, 2.0, 9.0], 100_000)}
    shown = [(round(figure.value, 2), figure.is_met) for figure in told.values() if figure.target is not None]
    assert shown == [(0.65, True), (1.3, False), (2.0, True), (2.0, True)]
    assert told[f"{sessions.ANY}, share of hello-world"].besides["by CPU time"] == pytest.approx(0.52)


@pytest.mark.parametrize("engine_id", judging.EVALUATION_MS)
def test_every_cut_that_is_timed_has_all_its_checks_judged(engine_id: str) -> None:
    engine = Registry().get(engine_id)
    for design, context in judging.complete_cuts().values():
        result = evaluate(engine, design=design, context=context, request_id="r", timeout_ms=5000)
        assert result.missing_inputs == []
        assert "UNKNOWN" not in {item.risk for item in result.assessments}
        assert {item.id for item in result.assessments} >= {"OVERSPEED", "RIM_SPEED"}


@pytest.mark.long
@pytest.mark.parametrize(
    "work", ["csv", *(pytest.param(work, marks=pytest.mark.long) for work in ("backtest", "ndjson"))]
)
def test_work_on_a_whole_store_sees_all_its_runs(tmp_path: Path, work: str) -> None:
    ran = run_child(work, stores.ready_store(tmp_path, 60, lambda told: None), 60)
    assert ran.runs_per_s > 0
    assert ran.peak_mb > 1
    assert ran.cpu_us > 0
    with pytest.raises(CannotMeasure, match=work):
        run_child(work, tmp_path / "runs-60", 61)


@pytest.mark.long
def test_files_go_in_and_out_beside_hashing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SIZE", files.MIB)
    found = files.figures(tmp_path, rounds=1, say=lambda _: None)
    names = [figure.name.partition(" ")[0] for figure in found]
    assert names[:3] == ["64", "upload", "download"]
    assert set(names[3:]) == {"attachments"}
    assert all(figure.value > 0 for figure in found)
    assert all(figure.target is not None for figure in found[1:])


def test_the_gate_is_measured_on_each_kind_of_drawing_and_weighed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "SIZE", 20_000)
    monkeypatch.setattr(gate, "LARGE", 1_500_000)
    *speeds, memory = gate.figures(tmp_path, rounds=1, say=lambda _: None)
    assert len(speeds) >= 5
    assert all(figure.value > 0 and figure.target == figures.AtLeast(20.0) for figure in speeds)
    assert 0 <= memory.value < 50
    assert memory.is_met


@pytest.mark.long
def test_objects_of_a_bucket_are_measured_beside_bare_requests_and_what_is_absent_is_left_out_loud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_credentials(monkeypatch)
    monkeypatch.setattr(buckets, "_CALLS", 3)
    monkeypatch.setattr(large_blobs, "_SIZE", 3 * 1024 * 1024)
    monkeypatch.setattr(buckets, "find_lacking", lambda: ["radosgw"])
    monkeypatch.setattr(buckets, "_BOTO3", "no-such-package @ file:///nowhere")
    told: list[str] = []
    found = buckets.figures(tmp_path, rounds=1, say=told.append)
    small, large = [figure for figure in found if "blob" not in figure.name], found[3:]
    assert [figure.name.partition(" /")[0] for figure in small] == [
        *("create", "create"),
        "run whose event was read before, in one batch",
    ]
    assert len(large) == len(found) - len(small) > 0
    assert all(figure.value > 0 for figure in small)
    assert [line for line in told if "left out" in line] == [
        "buckets: boto3 cannot be installed; its figure is left out",
        "buckets: radosgw is not there; the figures over Ceph are left out",
    ]


def test_a_cluster_without_ceph_is_left_out_loud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_lacking", lambda: ["radosgw"])
    told: list[str] = []
    assert cluster.figures(tmp_path, rounds=1, keys=1, seconds=1, say=told.append) == []
    assert told == ["cluster: radosgw is not there; the figures of a cluster are left out"]


@pytest.mark.long
def test_a_cluster_is_measured_beside_bare_requests_and_one_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[str] = []

    def drive(url: str, script: Path, *, seconds: int) -> load.Load:
        body = script.with_suffix(".lines").read_text().splitlines()[0].encode()
        request = urllib.request.Request(f"{url}/api/rmos/runs", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert json.load(answer)["indexed"] is True
        recorded.append(url)
        return load.Load(100, 100.0, 1.0, 2.0)

    set_credentials(monkeypatch)
    monkeypatch.setattr(cluster, "_CALLS", 3)
    monkeypatch.setattr(cluster, "DEBIAN", tmp_path)
    monkeypatch.setattr(cluster, "drive", drive)
    told: list[str] = []
    with buckets._localbucket(tmp_path) as url:
        found = cluster.measure(url, tmp_path, rounds=1, keys=20, seconds=1, say=told.append)
    assert [figure.name.partition(" /")[0] for figure in found] == [
        *("announcement", "POST of a run", "POST with an Idempotency-Key"),
        *("names pass", "verify", "rebuild", "two hosts"),
    ]
    assert all(figure.value > 0 and figure.target is not None for figure in found)
    assert (found[-1].value, len(recorded), len(set(recorded))) == (2.0, 5, 2)
    assert "cluster: PostgreSQL 15 is not there; its figures are left out" in told


@pytest.mark.long
def test_many_runs_in_one_request_are_measured_beside_a_bare_loop(tmp_path: Path) -> None:
    told = {figure.name: figure for figure in bulk.figures(tmp_path, 1, lambda what: None, runs=20)}
    assert [figure.unit for figure in told.values()] == ["files/s", "runs/s", "", "runs/s", ""]
    assert told["runs, 500 in a request"].besides["CPU µs a run"]
    assert len(list((tmp_path / "bulk" / "bare-0").iterdir())) == 20


def test_small_files_are_measured_in_turn_with_a_hello_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drive(url: str, script: Path, *, seconds: int) -> load.Load:
        path = script.with_suffix(".lines").read_text().splitlines()[0]
        if "POST" not in script.read_text() or path.startswith("/api/rmos/attachments/"):
            with urllib.request.urlopen(url + path, timeout=20) as answer:
                assert len(answer.read()) in (13, small_files.SIZE)
        return load.Load(100, {"small-hello": 1000.0, "small-down": 500.0}.get(script.stem, 100.0), 1.0, 2.0)

    monkeypatch.setattr(small_files, "_RUNS", 20)
    monkeypatch.setattr(small_files, "drive", drive)
    found = small_files.figures(tmp_path, tmp_path, starts=1, seconds=1, say=lambda _: None)
    *told, alone = [(figure.value, figure.is_met) for figure in found]
    assert told == [(500, None), (0.5, True), (100, None), (0.1, False)]
    assert alone[0] > 0


@pytest.mark.long
def test_the_durable_part_of_an_upload_is_a_blob_and_the_event_that_names_it(tmp_path: Path) -> None:
    made = small_files.durable_parts_per_s(tmp_path, 0.125) * 0.125
    blobs = [path for path in (tmp_path / "_attachments").rglob("*") if path.is_file()]
    assert len(blobs) == len(list((tmp_path / "2026-01-02").glob("run_*.json"))) == made > 0
    assert {path.stat().st_size for path in blobs} == {small_files.SIZE}


def test_the_script_of_small_files_posts_forms_of_new_bytes(tmp_path: Path) -> None:
    script = load.write_forms(tmp_path / "forms.lua", ["/api/rmos/runs/run_1/attachments"], 2000)
    text = script.read_text()
    assert 'wrk.format("POST", paths[' in text
    assert "(2000 - #text) / 8" in text
    assert "/dev/urandom" in text
    assert "{{" not in text


def test_without_wrk_one_line_names_the_package_and_the_exit_status_is_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command.main(["--only", "http", "--quick", "--json", str(tmp_path / "told.json")]) == 2
    told = capsys.readouterr()
    assert told.err.splitlines() == [load.NO_WRK]
    assert "`wrk`" in told.err
    assert not (tmp_path / "told.json").exists()


def test_the_help_names_every_option_and_part(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    for word in (
        "--quick",
        "--large",
        "--json",
        "--only",
        "--keep",
        "http",
        "verify",
        "rebuild",
        "operations",
        "files",
        "sessions",
        "engine",
        "gate",
    ):
        assert word in told


@pytest.mark.parametrize("make", [reading.make_relief, reading.make_rings])
def test_the_programs_that_are_read_are_whole_and_without_a_finding(make: Callable[[int], str]) -> None:
    program = read_program(make(100).encode())
    assert (len(program.motions), program.findings) == (104, ())


def test_what_a_post_is_measured_by_has_committed_a_row_of_8_kib(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "bare.sqlite"
    monkeypatch.setenv(bare_insert.DATABASE, str(database))
    answer = bare_insert.app.test_client().post("/api/rmos/runs", json=cuts.body(1))
    with sqlite3.connect(database) as other:
        rows = other.execute("SELECT id, mode, length(record) FROM runs").fetchall()
    assert (answer.status_code, rows) == (201, [(answer.get_json()["run_id"], "router", 8192)])
