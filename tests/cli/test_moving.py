"""`rmos import` and `rmos export`."""

import csv
import io
import json
from pathlib import Path

import pytest

from rmos.verifier.rmos_verify import check_bundle, parse_key
from tests.cli.conftest import ROOT, RUNS, Command, artifacts_of, command_on, document, open_store
from tests.makers import make_members


def test_trap_34_an_export_as_a_store_is_verified_with_its_runs_and_imported_again(
    run: Command, root: Path, tmp_path: Path
) -> None:
    result = run("export", "--format", "store", "--to", str(tmp_path / "out"), "--deleted", "--json")
    assert (result.exit_code, document(result)["runs"]) == (0, RUNS)
    # Before it has an index verify says so, and judges the objects alone.
    report = document(command_on(tmp_path / "out")("verify", "--json", "--min-runs", str(RUNS)))
    assert [found["kind"] for found in report["findings"]] == ["index_missing"]
    brought = command_on(tmp_path / "new")("import", str(tmp_path / "out"), "--json")
    assert (brought.exit_code, document(brought)["imported"]) == (0, RUNS)
    assert command_on(tmp_path / "new")("verify", "--min-runs", str(RUNS)).exit_code == 0
    assert [path.read_bytes() for path in artifacts_of(tmp_path / "new")] == [
        path.read_bytes() for path in artifacts_of(root)
    ]


@pytest.mark.long
def test_each_run_of_an_exported_store_has_a_proof_beside_it(run: Command, root: Path, tmp_path: Path) -> None:
    out, proofs = tmp_path / "out", tmp_path / "proofs"
    ask = ("export", "--format", "store", "--to", str(out), "--deleted", "--proofs", str(proofs))
    refused = run(*ask)
    assert (refused.exit_code, "no log of evidence" in refused.output, out.exists()) == (1, True, False)
    key = parse_key(run("evidence", "start").stdout.splitlines()[0])
    late = open_store(root).runs.put(make_members()).view.artifact.run_id
    partly = run(*ask, "--json")
    assert (partly.exit_code, document(partly)["proofs"], document(partly)["unproven"]) == (1, RUNS, [late])
    kept = {path.name: path.read_bytes() for path in proofs.iterdir()}
    assert run("evidence", "append").exit_code == 0
    whole = run(*ask)
    assert (whole.exit_code, f"Wrote {RUNS + 1} proofs." in whole.stdout) == (0, True)
    names = {f"{path.stem}.proof.zip" for path in artifacts_of(out)}
    assert {path.name for path in proofs.iterdir()} == names
    assert len(names) == RUNS + 1
    assert all((proofs / name).read_bytes() == data for name, data in kept.items())  # those that were there still hold
    for path in artifacts_of(out):
        told, _ = check_bundle((proofs / f"{path.stem}.proof.zip").read_bytes(), key, [])
        assert path.stem in told[0]
    assert run("export", "--proofs", str(proofs)).exit_code == 2


@pytest.mark.parametrize("where", ["root/proofs", "out/proofs", "out"])
def test_proofs_are_not_written_into_a_store(run: Command, root: Path, tmp_path: Path, where: str) -> None:
    folder = root / "proofs" if where == "root/proofs" else tmp_path / where
    result = run("export", "--format", "store", "--to", str(tmp_path / "out"), "--proofs", str(folder))
    assert (result.exit_code, "inside a store" in result.stderr) == (2, True)


def test_lines_and_tables_go_to_stdout_or_to_a_new_file(run: Command, tmp_path: Path) -> None:
    lines = run("export", "--deleted").stdout.splitlines()
    assert len({json.loads(line)["run_id"] for line in lines}) == RUNS
    rows = list(csv.DictReader(io.StringIO(run("export", "--deleted", "--format", "csv").stdout)))
    assert [row["run_id"] for row in rows] == [json.loads(line)["run_id"] for line in lines]
    target = tmp_path / "runs.csv"
    assert run("export", "--format", "csv", "--to", str(target)).exit_code == 0
    assert target.read_text().startswith("run_id,created_at_utc,")
    again = run("export", "--format", "csv", "--to", str(target))
    assert (again.exit_code, "nothing is overwritten" in again.stderr) == (2, True)


def test_a_range_of_dates_is_exported(run: Command, root: Path) -> None:
    day = artifacts_of(root)[0].parent.name
    lines = run("export", "--since", day, "--until", day, "--deleted").stdout.splitlines()
    assert len(lines) == len([path for path in artifacts_of(root) if path.parent.name == day]) > 0


@pytest.mark.parametrize("where", [".", "_inside", ".."])
def test_a_store_is_not_exported_into_itself(run: Command, root: Path, where: str) -> None:
    assert run("export", "--format", "store", "--to", str(root / where)).exit_code == 2


def test_a_store_is_not_imported_into_itself(run: Command, root: Path) -> None:
    assert run("import", str(root)).exit_code == 2


def test_what_is_refused_is_listed_and_ends_with_1(run: Command, root: Path, tmp_path: Path) -> None:
    (tmp_path / "other" / "2025-12-23").mkdir(parents=True)
    (tmp_path / "other" / "2025-12-23" / "letter.txt").write_text("x")
    result = run("import", str(tmp_path / "other"))
    assert result.exit_code == 1
    assert "letter.txt" in result.stdout
    assert "letter.txt" in run("audit", "tail").stdout


@pytest.mark.parametrize("locale", ["utf-8", "latin-1"])
def test_trap_44_a_table_is_utf_8_in_any_locale_and_begins_with_a_mark_for_excel_when_asked(
    tmp_path: Path, locale: str
) -> None:
    root, run_jp = tmp_path / "runs", ROOT / "tests" / "data" / "files" / "run-jp.json"
    assert command_on(root)("record", str(run_jp)).exit_code == 0
    plain = command_on(root, charset=locale)("export", "--format", "csv")
    marked = command_on(root, charset=locale)("export", "--format", "csv", "--bom")
    assert plain.stdout_bytes.startswith(b"run_id,")
    assert "ギター 7" in plain.stdout_bytes.decode()
    assert marked.stdout_bytes == b"\xef\xbb\xbf" + plain.stdout_bytes
    target = tmp_path / "runs.csv"
    assert command_on(root)("export", "--format", "csv", "--bom", "--to", str(target)).exit_code == 0
    assert target.read_bytes() == marked.stdout_bytes


def test_a_mark_for_excel_goes_with_a_table_only(run: Command) -> None:
    assert run("export", "--bom").exit_code == 2
    assert run("backtest", "--engine", "baseline_v1", "--bom").exit_code == 2
    flips = run("backtest", "--engine", "baseline_v1", "--csv", "--bom")
    assert flips.stdout.startswith("\ufeffrun_id,")
