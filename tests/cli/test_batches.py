"""`rmos batch` and `rmos run-log`: many runs at once, from a terminal."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rmos.schemas.run_log import RUN_LOG_COLUMNS
from tests.cli.conftest import Command, command_on, document, open_store
from tests.makers import US, make_members


@pytest.fixture
def chain(root: Path) -> list[str]:
    """Put a chain of thirty runs with a label, its first one without its parent, and a run beside it."""
    store, made = open_store(root), [f"run_{9:032x}"]
    for number in range(30):
        members = make_members(US + number * 1_000_000, meta={"batch_label": "Long ß"}, parent_run_id=made[-1])
        made.append(store.runs.put(members).view.artifact.run_id)
    store.index.close()
    return made[1:]


def test_a_batch_is_a_tree_and_names_what_is_broken(run: Command, chain: list[str]) -> None:
    shown = run("batch", "long ß")
    assert shown.exit_code == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[:2] == ["OK: 30 runs, 1 root, 0 of them with a good part", "Parts: 0 good, 0 scrap."]
    assert lines[2] == f"Broken: {chain[0]} names a parent that is not there (run_{9:032x})"
    assert lines[4].startswith(chain[0])
    assert lines[5].startswith(f"  {chain[1]}")
    assert lines[-1].startswith(f"{'  ' * 20}(29) {chain[29]}")
    assert "long ss" in run("batch").stdout.splitlines()
    for view in ("tree", "summary", "timeline", "progress"):
        assert run("batch", "long ß", "--view", view).exit_code == 0
        told = document(run("batch", "long ß", "--view", view.upper(), "--json"))
        assert (told["view"], told["runs"], told["more"]) == (view, 30, 0)
    assert run("batch", "none").stdout == "No runs match.\n"
    assert run("batch", "--session", "ws_000000000000").stdout == "No runs match.\n"


def test_the_run_log_is_written_as_a_table_or_lines_to_stdout_or_a_new_file(
    run: Command, chain: list[str], tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in run("run-log", "--format", "ndjson", "--batch", "LONG ß").stdout.splitlines()]
    assert [line["run_id"] for line in lines] == chain[::-1]
    table = run("run-log", "--batch", "long ß").stdout_bytes.decode()
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert [row["run_id"] for row in rows] == chain[::-1]
    assert tuple(rows[0]) == RUN_LOG_COLUMNS
    target = tmp_path / "log.csv"
    done = run("run-log", "--bom", "--batch", "long ß", "--to", str(target), "--json")
    assert (done.exit_code, document(done)) == (0, {"bytes": target.stat().st_size})
    assert target.read_bytes() == b"\xef\xbb\xbf" + table.encode()
    again = run("run-log", "--to", str(target))
    assert (again.exit_code, "nothing is overwritten" in again.stderr) == (2, True)


@pytest.mark.parametrize("words", [("--bom", "--format", "ndjson"), ("--json",), ("--format", "xlsx")])
def test_what_the_run_log_cannot_be_written_as_is_usage(run: Command, words: tuple[str, ...]) -> None:
    assert run("run-log", *words).exit_code == 2


@pytest.mark.long
def test_on_a_read_only_folder_both_show_what_the_index_has(
    root: Path, chain: list[str], read_only: Callable[[Path], Path]
) -> None:
    copy = command_on(read_only(root))
    log = copy("run-log", "--format", "ndjson", "--batch", "long ß")
    assert (log.exit_code, len(log.stdout.splitlines())) == (0, 30)
    assert "as it stands" in log.stderr
    assert document(copy("batch", "long ß", "--json"))["runs"] == 30
