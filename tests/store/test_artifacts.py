"""Verifying artifacts: everything that a file can be, and none of it escapes as anything but damage."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos import digest, ids
from rmos.store.artifacts import examine_artifact, examine_identity, verify_artifact
from rmos.store.legacy import legacy_json_sha256
from rmos.store.records import Damage, decode_claim, examine_event
from tests.earlier_system import earlier_digest
from tests.makers import EARLIER_ID, US, make_earlier_artifact, make_members
from tests.trying import tries

DAY = "2025-12-23"
MEMBERS = make_members(US)
RUN = str(MEMBERS["run_id"])
DATA = digest.encode_record(MEMBERS)


def reseal(data: bytes) -> bytes:
    """Give bytes that were changed by hand a digest that holds again, as a forger would."""
    blanked = data[:12] + b"0" * 64 + data[76:]
    return data[:12] + digest.sha256_hex(blanked).encode() + data[76:]


def kinds(data: bytes, run_id: str = RUN, partition: str = DAY) -> list[str]:
    """Return all that is wrong with an artifact; the first of it is what `verify_artifact` raises."""
    found = [damage.kind for damage in examine_artifact(data, run_id, partition).damages]
    if found:
        with pytest.raises(Damage) as caught:
            verify_artifact(data, run_id, partition)
        assert caught.value.kind == found[0]
    else:
        verify_artifact(data, run_id, partition)
    return found


def identity_kinds(data: bytes, run_id: str = RUN, partition: str = DAY) -> list[str]:
    """Return what is wrong with the identity of an artifact of ours."""
    return [damage.kind for damage in examine_identity(data, run_id, partition).damages]


# Artifacts of ours


def test_a_whole_artifact_vouches_for_itself() -> None:
    artifact = verify_artifact(DATA, RUN, DAY)
    assert artifact.has_self_digest
    assert artifact.sha256 == json.loads(DATA)["_sha256"] == examine_identity(DATA, RUN, DAY).sha256
    assert identity_kinds(DATA) == []
    assert artifact.run.run_id == RUN
    assert artifact.data == DATA


def test_trap_07_every_flipped_byte_of_an_artifact_is_damage() -> None:
    for place in range(len(DATA)):
        for flip in (0x01, 0x20, 0x80):
            broken = bytearray(DATA)
            broken[place] ^= flip
            assert kinds(bytes(broken)), (place, flip)


def test_trap_07_every_truncation_of_an_artifact_is_damage() -> None:
    for end in range(len(DATA)):
        assert kinds(DATA[:end])


@given(st.binary(max_size=300))
@settings(max_examples=tries(300))
def test_trap_07_any_other_bytes_are_damage(data: bytes) -> None:
    assert kinds(data)
    assert kinds(reseal(DATA[:76] + data) if len(data) > 1 else b"")


@given(st.integers(76, len(DATA) - 1), st.binary(min_size=1, max_size=12))
@settings(max_examples=tries(500))
def test_bytes_that_were_changed_and_sealed_again_are_judged_and_never_crash(place: int, splice: bytes) -> None:
    data = reseal(DATA[:place] + splice + DATA[place + len(splice) :])
    examine_artifact(data, RUN, DAY)
    examine_identity(data, RUN, DAY)


@pytest.mark.parametrize("nested", ["[" * 100_000, '{"a":' * 50_000])
def test_an_artifact_nested_beyond_reason_is_damage_everywhere(nested: str) -> None:
    closing = nested.replace("[", "]").replace('{"a":', "}")
    inner = (nested + ("1" if "a" in nested else "") + closing).encode()
    data = reseal(DATA[:-2] + b',"zz":' + inner + b"}\n")
    assert kinds(data)
    assert identity_kinds(data) == ["undecodable"]
    _, [damage] = examine_event(data, RUN, 1, None)
    assert damage.kind == "event_corrupt"
    with pytest.raises(Damage):
        decode_claim(data, "claim.json")
    assert kinds(make_earlier_artifact()[:-1] + b',"zz":' + inner + b"}", EARLIER_ID)


@pytest.mark.parametrize("text", [b'"\xff"', b'"\xed\xa0\x80"', b'"\\ud800"', b"NaN", b"1e400", b"01"])
def test_values_that_are_no_json_are_damage_even_when_sealed(text: bytes) -> None:
    data = reseal(DATA[:-2] + b',"notes":' + text + b',"zz":' + text + b"}\n")
    examine_artifact(data, RUN, DAY)
    examine_identity(data, RUN, DAY)
    with pytest.raises(Damage):
        verify_artifact(reseal(DATA[:-2] + b',"material_id":' + text + b"}\n"), RUN, DAY)


def test_an_artifact_under_another_name_is_misnamed() -> None:
    assert kinds(DATA, ids.new_run_id(US)) == ["misnamed"]
    assert identity_kinds(DATA, ids.new_run_id(US)) == ["misnamed"]


def test_an_artifact_in_another_partition_is_misplaced() -> None:
    assert kinds(DATA, partition="2025-12-24") == ["misplaced"]
    [misplaced] = examine_identity(DATA, RUN, "2025-12-24").damages
    assert (misplaced.kind, misplaced.detail) == ("misplaced", "the artifact belongs in 2025-12-23")


def test_no_damage_hides_another() -> None:
    members = make_members(US, feasibility={"a": 1}) | {"feasibility": {"a": 2}, "inputs": {"design": 1, "context": 2}}
    found = kinds(digest.encode_record(members), RUN, "2025-12-24")
    assert found == ["misnamed", "misplaced", "feasibility_mismatch", "inputs_mismatch", "inputs_mismatch"]


@pytest.mark.parametrize(
    ("created", "kind"),
    [
        ("2025-12-23T09:46:13.123457Z", "misnamed"),  # not the moment of the id
        ("2025-12-23T09:46:13", "undecodable"),
        ("yesterday", "undecodable"),
        ("9999-12-31T23:59:59-23:59", "undecodable"),
        ("0001-01-01T00:00:00+23:59", "undecodable"),
    ],
)
def test_trap_14_a_time_that_is_none_or_not_that_of_the_id_is_damage(created: str, kind: str) -> None:
    assert kinds(digest.encode_record(MEMBERS | {"created_at_utc": created})) == [kind]


@pytest.mark.parametrize(
    ("schema", "kind"),
    [("rmos.run/2", "newer_schema"), ("rmos.event/1", "corrupt"), (None, "corrupt"), ("x", "corrupt")],
)
def test_a_schema_that_this_release_does_not_write_is_told(schema: str | None, kind: str) -> None:
    data = digest.encode_record(MEMBERS | {"schema": schema})
    assert kinds(data) == identity_kinds(data) == [kind]


def test_a_newer_schema_is_told_also_where_its_form_has_changed() -> None:
    assert kinds(digest.encode_record(MEMBERS | {"schema": "rmos.run/2", "decision": "GREEN"})) == ["newer_schema"]


def test_an_artifact_of_ours_that_lost_its_seal_is_not_taken_for_one_of_the_earlier_system() -> None:
    members = json.loads(DATA)
    del members["_sha256"]
    assert kinds(json.dumps(members).encode())[0] == "corrupt"


@pytest.mark.parametrize("name", ["feasibility", "design", "context"])
def test_what_was_judged_must_have_the_digest_that_was_recorded(name: str) -> None:
    hashes = MEMBERS["hashes"] | {f"{name}_sha256": "a" * 64}
    expected = "feasibility_mismatch" if name == "feasibility" else "inputs_mismatch"
    assert kinds(digest.encode_record(MEMBERS | {"hashes": hashes})) == [expected]


def test_64_zeros_stand_for_a_digest_only_where_the_completeness_guard_says_so() -> None:
    hashes = MEMBERS["hashes"] | {"feasibility_sha256": digest.NO_DIGEST}
    assert kinds(digest.encode_record(MEMBERS | {"hashes": hashes})) == ["feasibility_mismatch"]
    assert kinds(digest.encode_record(MEMBERS | {"hashes": hashes, "meta": {"completeness_guard": True}})) == []
    assert kinds(digest.encode_record(MEMBERS | {"hashes": hashes, "meta": {"completeness_guard": 1}})) == [
        "feasibility_mismatch"
    ]


# Artifacts of the earlier system


def test_an_artifact_of_the_earlier_system_is_read_unvouched() -> None:
    data = make_earlier_artifact()
    artifact = verify_artifact(data, EARLIER_ID, DAY)
    assert not artifact.has_self_digest
    assert artifact.sha256 == digest.sha256_hex(data)


def test_its_feasibility_digest_is_recomputed_in_its_own_form() -> None:
    value = {"b": 1e-07, "a": [1.0, -0.0, "é"], "\U0001d11e": 2**60, "\ufb33": None}
    assert legacy_json_sha256(digest.canonical({"a": 1})) == earlier_digest({"a": 1})
    assert legacy_json_sha256(json.dumps(value, indent=2).encode()) == earlier_digest(value)
    changed = make_earlier_artifact(hashes={"feasibility_sha256": earlier_digest(value)})
    assert kinds(changed, EARLIER_ID) == ["feasibility_mismatch"]
    assert kinds(make_earlier_artifact(hashes={"feasibility_sha256": "0" * 64}), EARLIER_ID) == []


@pytest.mark.parametrize(
    ("over", "kind"),
    [
        ({"run_id": "run_361afb660061"}, "misnamed"),
        ({"created_at_utc": "2025-12-24T00:00:00Z"}, "misplaced"),
        ({"created_at_utc": "2025-12-23T23:30:00-01:00"}, "misplaced"),
        ({"created_at_utc": "2025-12-23"}, None),
        ({"created_at_utc": ""}, "undecodable"),
        ({"status": "FINE"}, "undecodable"),
        ({"run_id": None}, "undecodable"),
        ({"schema": "rmos.run/1"}, "corrupt"),
    ],
)
def test_an_earlier_artifact_is_judged_by_its_name_and_place(over: dict[str, Any], kind: str | None) -> None:
    assert kinds(make_earlier_artifact(**over), EARLIER_ID) == ([kind] if kind else [])


@pytest.mark.parametrize("text", ["9" * 5000, "-" + "1" * 100_000, "[" * 800 + "]" * 800, "1e999", '"\\u0000"'])
def test_a_feasibility_that_only_a_hostile_file_has_is_judged_and_never_crashes(text: str) -> None:
    data = make_earlier_artifact().replace(
        b'"score": 90.0,\n    "step"', b'"score": ' + text.encode() + b',\n    "step"'
    )
    assert text.encode() in data
    assert kinds(data, EARLIER_ID)


# Who made it


@pytest.mark.parametrize("said", ["anna", {}, {"name": "anna"}, {"name": 7, "role": "admin"}, {"name": "", "role": ""}])
def test_trap_42_who_made_a_run_of_ours_is_said_in_full_or_not_at_all(said: Any) -> None:
    assert kinds(digest.encode_record(MEMBERS | {"created_by": said})) == ["undecodable"]
    assert kinds(digest.encode_record(MEMBERS | {"created_by": {"name": "anna", "role": "recorder"}})) == []
    assert kinds(digest.encode_record(MEMBERS | {"created_by": None})) == []


@pytest.mark.parametrize("said", ["anna", {"name": "anna", "role": "admin"}, [1]])
def test_trap_42_what_a_legacy_artifact_says_there_is_kept_and_not_believed(said: Any) -> None:
    artifact = verify_artifact(make_earlier_artifact(created_by=said), EARLIER_ID, DAY)
    assert artifact.run.created_by is None
    assert json.loads(artifact.data)["created_by"] == said
