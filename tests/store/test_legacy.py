import json
from pathlib import Path
from typing import Any

import pytest

from rmos.objects.local import LocalObjects
from rmos.store.legacy import read_link, read_tombstones
from tests.makers import write_raw

RUN = "run_361afb6600609b12a3f5db546e6fc575"


def tombstones(folder: Path, data: bytes) -> Any:
    write_raw(folder / "_index.json", data)
    return read_tombstones(LocalObjects(folder))


def test_an_index_of_the_earlier_system_gives_its_soft_deletes(tmp_path: Path) -> None:
    entry = {"run_id": RUN, "deleted": True, "deleted_at_utc": "t", "deleted_reason": "r", "deleted_by": "anna"}
    index = {RUN: entry, "run_361afb660060": {"deleted": False}, "run_361afb660061": {"meta": {"deleted": True}}}
    found = tombstones(tmp_path, json.dumps(index).encode())
    assert (found.present, found.readable) == (True, True)
    assert set(found.deletions) == {RUN}
    deletion = found.deletions[RUN]
    assert (deletion.mode, deletion.deleted_at_utc, deletion.deleted_by, deletion.reason) == ("soft", "t", "anna", "r")


def test_without_the_file_nothing_was_deleted(tmp_path: Path) -> None:
    found = read_tombstones(LocalObjects(tmp_path))
    assert (found.present, found.readable, found.deletions) == (False, True, {})


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"run_1": {"deleted": tr', b"\xff", b"[]", b"null", b"[" * 100_000, b"1" * 5000]
)
def test_trap_03_a_file_that_cannot_be_read_is_known_as_such_and_never_as_nothing_deleted(
    tmp_path: Path, data: bytes
) -> None:
    found = tombstones(tmp_path, data)
    assert (found.present, found.readable) == (True, False)


def test_a_link_or_folder_in_the_place_of_the_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"{}")
    (tmp_path / "_index.json").symlink_to(tmp_path / "secret")
    assert read_tombstones(LocalObjects(tmp_path)).readable is False
    (tmp_path / "_index.json").unlink()
    (tmp_path / "_index.json").mkdir()
    assert read_tombstones(LocalObjects(tmp_path)).readable is False


@pytest.mark.parametrize("entry", [None, 5, [], "deleted", {"deleted": 1}, {"deleted": "true"}, {"deleted": None}])
def test_an_entry_of_another_form_is_no_tombstone(tmp_path: Path, entry: Any) -> None:
    assert tombstones(tmp_path, json.dumps({RUN: entry}).encode()).deletions == {}


def test_trap_23_a_tombstone_under_a_name_that_is_no_id_is_left_out(tmp_path: Path) -> None:
    index = {run_id: {"deleted": True, "deleted_by": 5} for run_id in ("../../etc", "run_*", "", RUN)}
    found = tombstones(tmp_path, json.dumps(index).encode())
    assert set(found.deletions) == {RUN}
    assert found.deletions[RUN].deleted_by is None


def link(advisory_id: Any, **over: Any) -> bytes:
    return json.dumps({"advisory_id": advisory_id, "kind": "note", "created_at_utc": "t", **over}, indent=2).encode()


@pytest.mark.parametrize(
    ("advisory_id", "in_name"),
    [
        ("adv_1", "adv_1"),
        ("a" * 64, "a" * 64),
        ("x_advisory_y", "x_advisory_y"),
        ("vision/v2/sheet", "vision_v2_sheet"),
        ("vision\\v2", "vision_v2"),
        ("a b", "a_b"),
    ],
)
def test_a_link_names_its_advisory_as_it_is_or_sanitised(advisory_id: str, in_name: str) -> None:
    found = read_link(link(advisory_id, request_id="r", more=1), f"{RUN}_advisory_{in_name}.json")
    assert found == {
        "advisory_id": advisory_id,
        "kind": "note",
        "created_at_utc": "t",
        "request_id": "r",
        "engine_id": None,
        "engine_version": None,
    }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        link(None),
        link(5),
        link("other"),
        link(""),
        link(["a"]),
    ],
)
def test_a_link_that_is_none_or_belongs_to_another_name_is_left_out(data: bytes) -> None:
    assert read_link(data, f"{RUN}_advisory_adv_1.json") is None
