import hashlib
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
import rfc8785

from tests.earlier_system import (
    ARTIFACT_KEYS,
    GUARD_DIGEST,
    HARMFUL,
    HARMLESS,
    HASH_KEYS,
    LATER_KEYS,
    NON_HEX_IDS,
    OUTPUT_KEYS,
    EarlierStore,
    earlier_digest,
    make_earlier_store,
    snapshot,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EarlierStore:
    return make_earlier_store(tmp_path_factory.mktemp("harmless"), runs=30)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> EarlierStore:
    return make_earlier_store(tmp_path_factory.mktemp("plain"), oddities=frozenset())


def load(path: Path) -> Any:
    return json.loads(path.read_bytes())


def artifacts(store: EarlierStore) -> list[dict[str, Any]]:
    return [load(path) for path in store.artifacts.values()]


def audit_lines(store: EarlierStore) -> list[bytes]:
    return (store.root / "_audit" / "deletes.jsonl").read_bytes().split(b"\n")


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def made_with(folder: Path, *oddities: str) -> EarlierStore:
    return make_earlier_store(folder, oddities=frozenset(oddities))


def test_the_same_seed_makes_the_same_store_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        make_earlier_store(tmp_path / name, seed=seed, oddities=HARMLESS | {"non_hex_ids", "orphan_link"})
    a, b, c = (snapshot(tmp_path / name) for name in "abc")
    assert a == b
    assert a != c


def test_every_file_is_dated_in_the_past_of_the_earlier_system(store: EarlierStore) -> None:
    files = {key: entry for key, entry in snapshot(store.root).items() if entry[0] == "file"}
    assert all(mode == 0o644 for _, _, mode, _ in files.values())
    assert {datetime.fromtimestamp(ns / 1e9, UTC).strftime("%Y-%m") for *_, ns in files.values()} == {"2025-12"}


def test_artifacts_are_indented_json_in_the_order_of_the_page_without_a_last_newline(store: EarlierStore) -> None:
    seen = set()
    for path in store.artifacts.values():
        data = path.read_bytes()
        record = json.loads(data)
        assert data == json.dumps(record, indent=2, ensure_ascii=False).encode()
        seen.add(tuple(record))
        assert tuple(record["hashes"]) == HASH_KEYS
        assert tuple(record["outputs"]) == OUTPUT_KEYS
        assert tuple(record["decision"]) == ("risk_level", "score", "block_reason", "warnings", "details")
    assert seen == {ARTIFACT_KEYS, LATER_KEYS}


def test_a_plain_store_has_no_later_fields(plain: EarlierStore) -> None:
    assert {tuple(record) for record in artifacts(plain)} == {ARTIFACT_KEYS}
    assert plain.inline_advisories == {}


def test_each_artifact_lies_under_its_id_in_the_partition_of_its_utc_date(store: EarlierStore) -> None:
    assert len(store.run_ids) + len(store.deleted) == len(store.artifacts) == 30
    for run_id, path in store.artifacts.items():
        record = load(path)
        assert (record["run_id"], path.name) == (run_id, f"{run_id}.json")
        assert path.parent.name == record["created_at_utc"][:10]
        assert re.fullmatch(r"2025-12-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", record["created_at_utc"])


def test_times_come_with_and_without_fraction_tied_and_on_both_sides_of_midnight(store: EarlierStore) -> None:
    times = [record["created_at_utc"] for record in artifacts(store)]
    assert {"2025-12-05T23:59:59.999999Z", "2025-12-06T00:00:00Z"} <= set(times)
    assert {"." in text for text in times} == {True, False}
    assert len(set(times)) < len(times)


def test_run_ids_are_listed_oldest_first(store: EarlierStore) -> None:
    keys = [(datetime.fromisoformat(load(store.artifacts[key])["created_at_utc"]), key) for key in store.run_ids]
    assert keys == sorted(keys)


def test_ids_are_prefixed_short_or_bare_only_when_asked_for(store: EarlierStore, plain: EarlierStore) -> None:
    shapes = (r"run_[0-9a-f]{12}4[0-9a-f]{19}", r"run_[0-9a-f]{12,31}", r"[0-9a-f]{32}")
    found = {shape for run_id in store.artifacts for shape in shapes if re.fullmatch(shape, run_id)}
    assert found == set(shapes)
    assert all(re.fullmatch(shapes[0], run_id) for run_id in plain.artifacts)


def test_the_earlier_form_is_sorted_compact_unescaped_and_has_numbers_as_python_writes_them() -> None:
    value = {"é": [1.0, 1e-07, -0.0], "b": None, "\U0001d11e": 1, "\ufb33": 2**53 + 1}
    expected = '{"b":null,"é":[1.0,1e-07,-0.0],"\ufb33":9007199254740993,"\U0001d11e":1}'
    assert earlier_digest(value) == hashlib.sha256(expected.encode()).hexdigest()


def test_feasibility_digests_recompute_in_the_earlier_form_and_not_in_rfc_8785(store: EarlierStore) -> None:
    for record in artifacts(store):
        if record["run_id"] in store.guarded:
            continue
        feasibility, digest = record["feasibility"], record["hashes"]["feasibility_sha256"]
        assert digest == earlier_digest(feasibility)
        if feasibility and "seed" not in feasibility:  # a seed is beyond 2^53: RFC 8785 has no form for it
            assert digest != hashlib.sha256(rfc8785.dumps(feasibility)).hexdigest()


def test_other_hashes_are_those_of_the_outputs(store: EarlierStore) -> None:
    made = [record for record in artifacts(store) if record["outputs"]["gcode_text"]]
    assert made
    for record in made:
        assert record["hashes"]["gcode_sha256"] == hashlib.sha256(record["outputs"]["gcode_text"].encode()).hexdigest()
        assert record["hashes"]["opplan_sha256"] == earlier_digest(record["outputs"]["opplan_json"])


def test_the_completeness_guard_left_sixty_four_zeros(store: EarlierStore, plain: EarlierStore) -> None:
    assert store.guarded
    assert not plain.guarded
    for run_id in store.guarded:
        record = load(store.artifacts[run_id])
        assert record["hashes"]["feasibility_sha256"] == GUARD_DIGEST
        assert (record["status"], record["decision"]["risk_level"]) == ("BLOCKED", "ERROR")


def test_every_risk_and_both_places_of_a_request_id_occur(store: EarlierStore) -> None:
    records = artifacts(store)
    assert {record["decision"]["risk_level"] for record in records} == {"GREEN", "YELLOW", "RED", "UNKNOWN", "ERROR"}
    assert sum(record["request_id"] is None for record in records) > len(records) / 2
    assert all("request_id" in record["meta"] for record in records if record["run_id"] not in store.guarded)
    sessions = {record["workflow_session_id"] for record in records} - {None}
    assert all(re.fullmatch(r"ws_[0-9a-f]{12}", session) for session in sessions)


def test_hostile_paths_stand_in_outputs_only_when_asked_for(store: EarlierStore, plain: EarlierStore) -> None:
    assert "/etc/passwd" in {record["outputs"]["gcode_path"] for record in artifacts(store)}
    assert {record["outputs"]["gcode_path"] for record in artifacts(plain)} == {None}


def test_attachments_name_blobs_that_exist(store: EarlierStore) -> None:
    named = [entry for record in artifacts(store) for entry in record["attachments"] or []]
    by_digest = {path.name[:64]: path for path in store.blobs}
    assert {entry["sha256"] for entry in named} < set(by_digest)
    assert len({entry["sha256"] for entry in named}) < len(named)
    assert {path.suffix for path in store.blobs} == {"", ".svg", ".json", ".gcode", ".txt", ".dxf"}
    for digest, path in by_digest.items():
        assert path.relative_to(store.attachments).parts[:2] == (digest[:2], digest[2:4])


def test_blobs_match_their_names_except_json_named_after_its_compact_form(store: EarlierStore) -> None:
    assert store.json_blobs_misnamed
    for path in store.blobs:
        misnamed = path in store.json_blobs_misnamed
        assert (digest_of(path) == path.name[:64]) is not misnamed
        if misnamed:
            assert earlier_digest(load(path)) == path.name[:64]


def test_without_json_blob_names_every_blob_matches(plain: EarlierStore) -> None:
    assert not plain.json_blobs_misnamed
    assert all(digest_of(path) == path.name[:64] for path in plain.blobs)
    assert ".json" in {path.suffix for path in plain.blobs}


@pytest.mark.parametrize(("where", "expected"), [("beside", "attachments"), ("inside", "runs/attachments")])
def test_attachments_lie_beside_or_inside(tmp_path: Path, where: Literal["beside", "inside"], expected: str) -> None:
    made = make_earlier_store(tmp_path, attachments=where)
    assert made.attachments == tmp_path / expected
    assert all(path.is_relative_to(tmp_path / expected) for path in made.blobs)


def test_links_carry_their_advisory_id_and_their_name_its_sanitised_form(store: EarlierStore) -> None:
    keys = ("advisory_id", "kind", "created_at_utc", "request_id", "engine_id", "engine_version")
    owners = {}
    for path in store.link_paths:
        link = load(path)
        assert tuple(link) == keys
        owner = path.name.removesuffix(f"_advisory_{link['advisory_id'].replace('/', '_')}.json")
        owners[path] = owner.removeprefix("run_") if owner.startswith("run_run_") else owner
        assert link["advisory_id"] in store.advisory_links[owners[path]]
        assert path.parent == store.artifacts[owners[path]].parent
    assert sum(map(len, store.advisory_links.values())) == len(store.link_paths) == len(owners)
    assert set(owners.values()) & set(store.deleted)


def test_odd_link_names_show_only_when_asked_for(store: EarlierStore, plain: EarlierStore) -> None:
    def oddities(made: EarlierStore) -> list[bool]:
        ids = [advisory_id for listed in made.advisory_links.values() for advisory_id in listed]
        doubled = any(path.name.startswith("run_run_") for path in made.link_paths)
        return [doubled, any("_advisory_" in each for each in ids), any("/" in each for each in ids)]

    assert oddities(store) == [True] * 3
    assert oddities(plain) == [False] * 3
    digests = {path.name[:64] for path in plain.blobs}
    assert digests & {advisory_id for listed in plain.advisory_links.values() for advisory_id in listed}


def test_rewritten_artifacts_repeat_a_link(store: EarlierStore) -> None:
    assert store.inline_advisories
    for run_id, inline in store.inline_advisories.items():
        assert [entry["advisory_id"] for entry in load(store.artifacts[run_id])["advisory_inputs"]] == inline
        assert set(inline) <= set(store.advisory_links[run_id])


def test_the_index_keeps_the_tombstones_of_deleted_runs_whose_files_stay(store: EarlierStore) -> None:
    index = load(store.root / "_index.json")
    assert len(store.deleted) >= 2
    for run_id, tombstone in store.deleted.items():
        assert index[run_id] == tombstone
        assert tombstone["deleted"] is True
        assert store.artifacts[run_id].is_file()
    assert None in {tombstone["status"] for tombstone in store.deleted.values()}


def test_index_rows_agree_with_the_artifacts_but_write_times_with_an_offset(plain: EarlierStore) -> None:
    index = load(plain.root / "_index.json")
    assert set(index) == set(plain.artifacts)
    for run_id in plain.run_ids:
        row, record = index[run_id], load(plain.artifacts[run_id])
        assert row["created_at_utc"].endswith("+00:00")
        assert row["created_at_utc"] == record["created_at_utc"].replace("Z", "+00:00")
        assert row["partition"] == plain.artifacts[run_id].parent.name
        for key in ("event_type", "status", "workflow_session_id", "tool_id", "mode", "meta"):
            assert row[key] == record[key]


def test_with_several_writers_the_index_lacks_most_runs(store: EarlierStore) -> None:
    assert 0 < len(set(store.run_ids) & set(load(store.root / "_index.json"))) < len(store.run_ids) / 2


def test_the_audit_tells_soft_hard_and_refused_deletes(plain: EarlierStore) -> None:
    *lines, rest = audit_lines(plain)
    assert rest == b""
    records = [json.loads(line) for line in lines]
    keys = (
        "ts_utc run_id mode reason actor request_id allowed_by_policy allowed_by_rate_limit client_ip outcome"
        " index_updated artifact_deleted attachments_deleted errors meta"
    )
    assert {" ".join(record) for record in records} == {keys}
    assert {record["run_id"] for record in records if record["artifact_deleted"]} == set(plain.hard_deleted)
    soft = [record["run_id"] for record in records if record["index_updated"] and not record["artifact_deleted"]]
    assert sorted(soft) == sorted(plain.deleted)
    assert {record["run_id"] for record in records if record["errors"]} == set(plain.refused)
    assert {record["outcome"] for record in records if record["errors"]} >= {"ok", "forbidden", "rate_limited"}


def test_hard_deleted_runs_leave_nothing_but_their_audit_line(store: EarlierStore) -> None:
    text = "".join(snapshot(store.root)) + (store.root / "_index.json").read_text()
    assert len(store.hard_deleted) == 2
    assert not [run_id for run_id in store.hard_deleted if run_id in text]


def test_a_torn_last_audit_line_is_that_of_a_tombstone(store: EarlierStore) -> None:
    *whole, torn = audit_lines(store)
    assert all(json.loads(line) for line in whole)
    with pytest.raises(json.JSONDecodeError):
        json.loads(torn)
    assert list(store.deleted)[-1].encode() in torn


def test_debris_is_torn_or_empty_and_absent_unless_asked_for(store: EarlierStore, plain: EarlierStore) -> None:
    found = {path for base in (store.root, store.attachments) for path in base.rglob("*.tmp")}
    assert found == set(store.debris)
    assert {path.stat().st_size > 0 for path in store.debris} == {True, False}
    assert not list(plain.root.rglob("*.tmp"))


def test_a_truncated_index_does_not_decode(tmp_path: Path) -> None:
    made = made_with(tmp_path, "truncated_index")
    assert made.deleted
    with pytest.raises(json.JSONDecodeError):
        load(made.root / "_index.json")


def test_a_missing_index_is_missing(tmp_path: Path) -> None:
    made = made_with(tmp_path, "missing_index")
    assert made.deleted
    assert not (made.root / "_index.json").exists()


def test_runs_of_tests_and_tools_have_any_name_and_links_that_only_their_content_tells_apart(tmp_path: Path) -> None:
    made = made_with(tmp_path, "non_hex_ids")
    assert tuple(made.non_hex_ids) == NON_HEX_IDS
    assert not set(made.non_hex_ids) & set(made.run_ids)
    assert all(load(made.artifacts[run_id])["run_id"] == run_id for run_id in NON_HEX_IDS)
    names = {path.name for path in made.link_paths}
    assert {"run_a_advisory_b_advisory_c.json", "run_a_advisory_b_advisory_d.json"} <= names
    assert made.advisory_links["run_a"] == ["b_advisory_c"]
    assert made.advisory_links["run_a_advisory_b"] == ["d"]


def test_an_orphan_link_names_a_run_that_is_gone(tmp_path: Path) -> None:
    made = made_with(tmp_path, "orphan_link")
    assert set(made.advisory_links) - set(made.artifacts) == {made.hard_deleted[0]}


def test_a_hostile_advisory_id_is_an_absolute_path_in_the_content_only(tmp_path: Path) -> None:
    made = made_with(tmp_path, "hostile_advisory_ids")
    hostile = [path for path in made.link_paths if load(path)["advisory_id"] == "/etc/passwd"]
    assert hostile
    assert all(path.name.endswith("_advisory__etc_passwd.json") for path in hostile)


def test_asking_for_one_oddity_leaves_the_other_files_as_they_are(tmp_path: Path) -> None:
    made_with(tmp_path / "without")
    made_with(tmp_path / "with", "tmp_debris")
    without, with_debris = snapshot(tmp_path / "without"), snapshot(tmp_path / "with")
    assert without.items() < with_debris.items()


@pytest.mark.parametrize("oddities", [{"no_such"}, HARMFUL])
def test_unknown_and_contradictory_oddities_are_refused(tmp_path: Path, oddities: set[str]) -> None:
    with pytest.raises(ValueError, match="oddities"):
        make_earlier_store(tmp_path, oddities=frozenset(oddities))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("runs", [0, 1, 2, 3])
def test_a_store_may_be_small(tmp_path: Path, runs: int) -> None:
    assert len(make_earlier_store(tmp_path, runs=runs).artifacts) == runs


def test_a_snapshot_tells_every_change_but_not_what_is_excluded(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a")
    (tmp_path / "link").symlink_to("kept")
    (tmp_path / "skipped").mkdir()
    (tmp_path / "skipped" / "inside").write_text("b")
    before = snapshot(tmp_path, exclude={"skipped"})
    assert set(before) == {"kept", "link"}
    assert before["link"][:2] == ("symlink", "kept")
    times = (tmp_path / "kept").stat()
    (tmp_path / "kept").write_text("c")
    os.utime(tmp_path / "kept", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert snapshot(tmp_path, exclude={"skipped"}) != before
    (tmp_path / "kept").write_text("a")
    os.utime(tmp_path / "kept", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert snapshot(tmp_path, exclude={"skipped"}) == before
    (tmp_path / "kept").chmod(0o600)
    assert snapshot(tmp_path, exclude={"skipped"}) != before
