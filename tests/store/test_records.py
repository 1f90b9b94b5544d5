"""Verifying events and claims: everything that a file can be, and none of it escapes as anything but damage."""

import pickle
from typing import Any

import pytest

from rmos import digest, ids
from rmos.models import CLAIM_SCHEMA, EVENT_SCHEMA
from rmos.store.artifacts import examine_artifact
from rmos.store.records import Damage, decode_claim, examine_event
from tests.makers import EARLIER_ID, US, make_event, make_members

DAY = "2025-12-23"
MEMBERS = make_members(US)
RUN = str(MEMBERS["run_id"])
DATA = digest.encode_record(MEMBERS)


def event_kinds(data: bytes, previous_sha256: str | None = None) -> list[str]:
    """Return what is wrong with event no. 1."""
    return [damage.kind for damage in examine_event(data, RUN, 1, previous_sha256)[1]]


# Events


EVENT = make_event(RUN, 1, "a" * 64)


def test_a_whole_event_is_read() -> None:
    event, damages = examine_event(EVENT, RUN, 1, "a" * 64)
    assert event is not None
    assert (event.kind, damages) == ("advisory", [])


def test_an_event_after_other_bytes_is_read_all_the_same_and_told_only_where_it_is_known_what_they_were() -> None:
    event, damages = examine_event(EVENT, RUN, 1, "b" * 64)
    assert event is not None
    assert [damage.kind for damage in damages] == ["event_chain_broken"]
    assert examine_event(EVENT, RUN, 1, None, is_known=False) == (event, [])


def test_every_flipped_byte_and_every_truncation_of_an_event_is_damage() -> None:
    for place in range(len(EVENT)):
        broken = bytearray(EVENT)
        broken[place] ^= 0x01
        for data in (bytes(broken), EVENT[:place]):
            assert event_kinds(data, "a" * 64) == ["event_corrupt"]


@pytest.mark.parametrize(
    ("over", "kind"),
    [
        ({"number": 2}, "misnamed"),
        ({"record_id": EARLIER_ID}, "misnamed"),
        ({"previous_sha256": "b" * 64}, "event_chain_broken"),
        ({"previous_sha256": None}, "event_chain_broken"),
        ({"schema": "rmos.event/2"}, "newer_schema"),
        ({"schema": "rmos.run/1"}, "corrupt"),
        ({"kind": 5}, "event_corrupt"),
        ({"data": []}, "event_corrupt"),
        ({"actor": None}, "event_corrupt"),
    ],
)
def test_an_event_that_is_not_the_one_that_belongs_there_is_damage(over: dict[str, Any], kind: str) -> None:
    assert event_kinds(make_event(RUN, 1, "a" * 64, over), "a" * 64) == [kind]


def test_an_artifact_is_no_event_and_an_event_is_no_artifact() -> None:
    assert event_kinds(DATA) == ["event_corrupt"]
    assert examine_artifact(EVENT, RUN, DAY).damages


# Claims


def make_claim(**over: Any) -> bytes:
    claim = {"schema": CLAIM_SCHEMA, "run_id": RUN, "request_sha256": "c" * 64, "created_at_utc": ids.utc_text(US)}
    return digest.encode_record(claim | over)


def test_a_whole_claim_is_read() -> None:
    assert decode_claim(make_claim(), "claim.json").run_id == RUN


def test_every_flipped_byte_and_every_truncation_of_a_claim_is_damage() -> None:
    claim = make_claim()
    for place in range(len(claim)):
        broken = bytearray(claim)
        broken[place] ^= 0x01
        for data in (bytes(broken), claim[:place]):
            with pytest.raises(Damage):
                decode_claim(data, "claim.json")


@pytest.mark.parametrize(
    "over",
    [{"request_sha256": "x"}, {"run_id": None}, {"schema": EVENT_SCHEMA}, {"run_id": "../../x"}, {"run_id": "run_1"}],
)
def test_trap_23_a_claim_that_holds_something_else_is_damage(over: dict[str, Any]) -> None:
    with pytest.raises(Damage):
        decode_claim(make_claim(**over), "claim.json")


def test_damage_survives_the_way_back_from_a_worker_process() -> None:
    again = pickle.loads(pickle.dumps(Damage("event_hole", "detail")))
    assert (again.kind, again.detail, again.code) == ("event_hole", "detail", "RECORD_DAMAGED")
