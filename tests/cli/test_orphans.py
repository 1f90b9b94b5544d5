import shutil
from pathlib import Path

from rmos import digest
from tests.cli.conftest import Command, age, artifacts_of, command_on, document, flip, records_of
from tests.earlier_system import make_earlier_store, snapshot
from tests.makers import US, make_members


def add_unknown(root: Path, *, damaged: bool = False) -> Path:
    """Put an artifact into the store behind the index's back."""
    members = make_members(US)
    path = root / "2025-12-23" / f"{members['run_id']}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(digest.encode_record(members))
    if damaged:
        flip(path)
    age(path)
    return path


def test_a_healthy_store_has_none(run: Command) -> None:
    result = run("orphans")
    assert result.exit_code == 0
    assert result.stdout == "Orphans: 0\n"


def test_trap_32_advisory_links_are_no_orphans_and_survive_delete(tmp_path: Path) -> None:
    earlier = make_earlier_store(tmp_path, oddities=frozenset())
    run = command_on(earlier.root)
    assert run("rebuild").exit_code == 0
    assert earlier.link_paths
    before = snapshot(earlier.root)
    result = run("orphans", "--json")
    assert result.exit_code == 0
    assert document(result) == {"orphans": [], "moved": []}
    assert run("orphans", "--delete", "--yes").exit_code == 0
    assert all(path.exists() for path in earlier.link_paths)
    assert before.items() <= snapshot(earlier.root).items()


def test_trap_32_events_are_no_orphans(run: Command, root: Path) -> None:
    events = [path for path in root.glob("2*/run_*.json") if path.name.count(".") == 2]
    assert events
    assert run("orphans", "--delete", "--yes").exit_code == 0
    assert all(path.exists() for path in events)


def test_a_whole_artifact_that_the_index_lacks_is_listed_and_never_moved(run: Command, root: Path) -> None:
    path = add_unknown(root)
    before = records_of(root)
    result = run("orphans", "--delete", "--yes", "--json")
    assert result.exit_code == 1
    (orphan,) = document(result)["orphans"]
    assert orphan["path"] == f"2025-12-23/{path.name}"
    assert orphan["indexable"] is True
    assert "`rmos rebuild`" in run("orphans").stdout
    assert records_of(root) == before
    assert run("rebuild").exit_code == 0
    assert run("orphans").exit_code == 0


def test_delete_moves_what_cannot_be_indexed_to_quarantine_and_unlinks_nothing(run: Command, root: Path) -> None:
    path = add_unknown(root, damaged=True)
    data = path.read_bytes()
    assert run("orphans").exit_code == 1
    assert path.exists()
    result = run("orphans", "--delete", "--yes", "--json")
    assert result.exit_code == 0
    assert [orphan["path"] for orphan in document(result)["moved"]] == [f"2025-12-23/{path.name}"]
    assert not path.exists()
    assert (root / "_quarantine" / "2025-12-23" / path.name).read_bytes() == data
    assert run("orphans", "--delete", "--yes").exit_code == 0


def test_a_young_one_is_left_alone(run: Command, root: Path) -> None:
    path = add_unknown(root, damaged=True)
    age(path, 60)
    assert "`rmos orphans --delete` moves" in run("orphans").stdout
    result = run("orphans", "--delete", "--yes")
    assert result.exit_code == 1
    assert "orphans --delete" not in result.stdout
    assert "younger than an hour" in result.stdout
    assert path.exists()


def test_delete_asks_first_and_no_means_no(run: Command, root: Path) -> None:
    path = add_unknown(root, damaged=True)
    for answer in ("n\n", "\n"):
        result = run("orphans", "--delete", input=answer)
        assert result.exit_code == 1
        assert "Move 1 to quarantine?" in result.stderr
        assert path.exists()
    assert run("orphans", "--delete", input="y\n").exit_code == 0
    assert not path.exists()


def test_an_input_that_ends_declines(run: Command, root: Path) -> None:
    path = add_unknown(root, damaged=True)
    result = run("orphans", "--delete", input="")
    assert result.exit_code == 1
    assert "nothing was done" in result.stderr
    assert path.exists()


def test_the_question_does_not_end_up_in_the_document(run: Command, root: Path) -> None:
    add_unknown(root, damaged=True)
    assert len(document(run("orphans", "--delete", "--json", input="y\n"))["moved"]) == 1


def test_a_damaged_artifact_that_the_index_knew_as_whole_is_no_orphan(run: Command, root: Path) -> None:
    flip(artifacts_of(root)[0])
    assert run("orphans").exit_code == 0
    assert run("verify").exit_code == 1


def test_yes_without_delete_is_a_usage_error(run: Command) -> None:
    assert run("orphans", "--yes").exit_code == 2


def test_without_a_folder_there_is_no_store(tmp_path: Path) -> None:
    assert command_on(tmp_path / "absent")("orphans", "--delete", "--yes").exit_code == 10
    assert not (tmp_path / "absent").exists()


def test_an_empty_folder_has_none(tmp_path: Path) -> None:
    assert command_on(tmp_path)("orphans").exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_a_store_without_an_index_lists_every_artifact(run: Command, root: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(root, tmp_path / "bare", ignore=shutil.ignore_patterns("_index*")))
    result = command_on(copy)("orphans", "--json")
    assert result.exit_code == 1
    assert len(document(result)["orphans"]) == len(artifacts_of(root))
