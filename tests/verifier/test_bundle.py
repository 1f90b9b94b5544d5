"""What the verifier accepts of a run's bundle, and which files it takes for those of one run."""

import pytest

from rmos import digest
from rmos.services.zip_files import make_zip
from rmos.verifier.rmos_verify import DoesNotHold, check_bundle, parse_checkpoint, parse_key
from tests.helpers.bundles import (
    ARTIFACT,
    ORIGIN,
    OTHER_KEY,
    OTHER_RUN_ID,
    PARTITION,
    RUN_ID,
    START,
    TRUSTED,
    Files,
    add_file,
    check_members,
    erase,
    make_members_of,
    make_run_files,
    replace_once,
)
from tests.helpers.flipping import flip_each_place
from tests.makers import make_earlier_artifact, make_event
from tests.trying import some_of
from tests.verifier.conftest import Shop


def test_a_bundle_that_rmos_makes_holds(shop: Shop) -> None:
    told, checkpoint = check_bundle(shop.bundle, parse_key(shop.key), [])
    assert told[0].startswith(f"run {shop.run_id} OK 2025-12-23T")
    assert [line.split(",")[0] for line in told[1:]] == ["event 1: advisory", "event 2: advisory"]
    assert (checkpoint.origin, checkpoint.size) == (ORIGIN, 45)


def test_no_flipped_byte_of_a_bundle_is_accepted(shop: Shop) -> None:
    data, key = shop.bundle, parse_key(shop.key)
    check_bundle(data, key, [])
    accepted = []
    for at in some_of(range(len(data)), 1):
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        try:
            check_bundle(bytes(flipped), key, [])
        except DoesNotHold:
            continue
        accepted.append(at)
    assert accepted == []


def test_a_flipped_byte_in_each_place_of_a_bundle_is_refused() -> None:
    bundle = make_zip(make_members_of(make_run_files(1)))
    check_bundle(bundle, TRUSTED, [])
    accepted = []
    for place, flipped in flip_each_place(bundle).items():
        try:
            check_bundle(flipped, TRUSTED, [])
        except DoesNotHold:
            continue
        accepted.append(place)
    assert accepted == []


@pytest.mark.parametrize("events", [0, 1, 3])
def test_a_run_with_its_events_holds(events: int) -> None:
    assert len(check_members(make_members_of(make_run_files(events)))) == (1 + events)


def test_one_object_holds_alone_and_says_so() -> None:
    files = {"_audit/2025-12-23/evt_1.json": make_event("evt_1", 1, None)}
    assert check_members(make_members_of(files)) == ["_audit/2025-12-23/evt_1.json alone"]
    assert check_members(make_members_of({})) == []


def test_what_the_legacy_system_wrote_holds_with_its_links() -> None:
    name = f"{PARTITION}/run_361afb660060"
    files = {f"{name}.json": make_earlier_artifact(), f"{name}_advisory_adv_1.json": b'{"advisory_id":"adv_1"}'}
    assert check_members(make_members_of(files)) == ["run run_361afb660060"]
    with pytest.raises(DoesNotHold, match="not those of one run"):
        check_members(make_members_of({**files, f"{PARTITION}/run_000000000000_advisory_adv_1.json": b"{}"}))


@pytest.mark.parametrize("is_logged", [True, False])
def test_an_erased_run_holds_by_its_delete_event(is_logged: bool) -> None:
    files = make_run_files(1)
    artifact = erase(files)
    told = check_members(make_members_of(files, absent={ARTIFACT: artifact} if is_logged else {}))
    assert told[0] == f"run {RUN_ID} erased for good"


def forge_delete(**over: object) -> tuple[Files, bytes]:
    """Make a run whose artifact was taken out, and whose last event says something near a hard delete of it."""
    files = make_run_files(1)
    return files, erase(files, **over)


@pytest.mark.parametrize("over", [{"mode": "soft"}, {"artifact_sha256": "0" * 64}, {"artifact_sha256": None}])
def test_an_artifact_that_was_left_out_is_missed(over: dict[str, object]) -> None:
    files, artifact = forge_delete(**over)
    for absent in ({}, {ARTIFACT: artifact}):
        with pytest.raises(DoesNotHold, match="was left out"):
            check_members(make_members_of(files, absent=absent))


def test_an_event_of_another_kind_does_not_explain_a_missing_artifact() -> None:
    files = make_run_files(0)
    data = {"mode": "hard", "artifact_sha256": digest.sha256_hex(files[ARTIFACT])}
    add_file(files, kind="advisory", data=data)
    artifact = files.pop(ARTIFACT)
    with pytest.raises(DoesNotHold, match="was left out"):
        check_members(make_members_of(files, absent={ARTIFACT: artifact}))


def test_an_event_that_was_left_out_is_missed() -> None:
    files = make_run_files(3)
    middle = list(files)[2]
    gone = {middle: files.pop(middle)}
    with pytest.raises(DoesNotHold, match="one is missing"):
        check_members(make_members_of(files))
    with pytest.raises(DoesNotHold, match="not those of one run"):
        check_members(make_members_of(files, absent=gone))


@pytest.mark.parametrize(
    "over", [{"previous_sha256": "0" * 64}, {"record_id": OTHER_RUN_ID}, {"number": 1}, {"previous_sha256": None}]
)
def test_an_event_that_does_not_follow_is_refused_though_it_is_logged(over: dict[str, object]) -> None:
    files = make_run_files(1)
    add_file(files, **over)
    with pytest.raises(DoesNotHold, match="does not follow"):
        check_members(make_members_of(files))


def test_files_of_two_runs_are_no_evidence_of_one() -> None:
    for other in (make_run_files(0, OTHER_RUN_ID), make_run_files(1, OTHER_RUN_ID)):
        with pytest.raises(DoesNotHold):
            check_members(make_members_of({**make_run_files(1), **other}))
    renamed = {ARTIFACT: make_run_files(0, OTHER_RUN_ID)[f"{PARTITION}/{OTHER_RUN_ID}.json"]}
    add_file(renamed)
    with pytest.raises(DoesNotHold, match="not those of one run"):
        check_members(make_members_of(renamed))


def test_a_record_whose_own_digest_does_not_hold_is_refused_though_it_is_logged() -> None:
    files = make_run_files(0)
    files[ARTIFACT] = replace_once(files[ARTIFACT], b'"mode":"router"', b'"mode":"rooter"')
    with pytest.raises(DoesNotHold, match="_sha256 does not hold"):
        check_members(make_members_of(files))


def test_a_key_of_the_same_name_does_not_make_a_bundle_hold() -> None:
    with pytest.raises(DoesNotHold, match="not signed by this key"):
        check_members(make_members_of(make_run_files(1), key=OTHER_KEY))


def test_the_start_must_be_that_of_this_log() -> None:
    start = make_event("log", 1, None, {"kind": "start", "data": {"origin": "shed.example/evidence"}})
    members = make_members_of({**make_run_files(0), START: start})
    with pytest.raises(DoesNotHold, match="start of the log"):
        check_members(members)


@pytest.mark.parametrize("name", ["../up.json", "/root.json", "a/../b.json", "a//b.json", "./a.json", "..%2f/../x"])
def test_a_name_that_leads_out_of_the_folder_is_refused_though_it_is_logged(name: str) -> None:
    with pytest.raises(DoesNotHold):
        check_members(make_members_of({name: make_event("evt_1", 1, None)}))


def test_a_saved_checkpoint_must_be_the_one_that_the_bundle_is_under() -> None:
    members = make_members_of(make_run_files(1))
    data, mine = make_zip(members), parse_checkpoint(members["checkpoint"])
    check_bundle(data, TRUSTED, [mine])
    larger = parse_checkpoint(make_members_of(make_run_files(1), size=38)["checkpoint"])
    with pytest.raises(DoesNotHold, match="of 38 entries, this has 37"):
        check_bundle(data, TRUSTED, [mine, larger])
    fork = parse_checkpoint(make_members_of(make_run_files(2))["checkpoint"])
    with pytest.raises(DoesNotHold, match="TWO LOGS"):
        check_bundle(data, TRUSTED, [fork])
