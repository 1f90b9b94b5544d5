import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos import ids
from rmos.store import layout
from rmos.store.layout import RunFiles
from tests.makers import US

RUN = "run_361afb6600609b12a3f5db546e6fc575"
BARE = "361afb6600609b12a3f5db546e6fc575"
SHORT = "run_361afb660060"


@pytest.mark.parametrize("run_id", [RUN, BARE, SHORT, RUN[:-1]])
def test_the_names_of_a_run_are_told_from_each_other(run_id: str) -> None:
    names = [
        f"{run_id}.json",
        f"{run_id}.000002.json",
        f"{run_id}.000001.json",
        f"{run_id}.1000000.json",
        f"{run_id}_advisory_adv_1.json",
    ]
    listing = layout.sort_out(names)
    assert listing.runs == {run_id: RunFiles(run_id, True, (1, 2, 1_000_000), (names[4],))}
    assert listing.debris == listing.strays == []


@pytest.mark.parametrize("run_id", [RUN, BARE, SHORT])
@pytest.mark.parametrize(
    "advisory_id", ["a", "a_advisory_b", "_advisory_", "run_361afb660060", "x.000001", "a.json", "…", "a\nb", "a" * 64]
)
def test_trap_08_ids_that_contain_advisory_are_not_links_and_links_are_cut_at_their_run(
    run_id: str, advisory_id: str
) -> None:
    name = f"{run_id}_advisory_{advisory_id}.json"
    assert layout.kind_of(f"2025-12-23/{name}") is layout.LINK
    assert layout.run_of(name) == run_id
    assert layout.link_advisory_id(name) == advisory_id
    assert layout.sort_out([name]).runs == {run_id: RunFiles(run_id, False, (), (name,))}


def test_trap_08_a_link_of_one_run_never_belongs_to_another_whose_id_begins_alike() -> None:
    longer = SHORT + "ab"
    listing = layout.sort_out([f"{SHORT}.json", f"{longer}.json", f"{longer}_advisory_x.json", f"{longer}.000001.json"])
    assert listing.runs[SHORT] == RunFiles(SHORT, True, (), ())
    assert listing.runs[longer] == RunFiles(longer, True, (1,), (f"{longer}_advisory_x.json",))


@pytest.mark.parametrize("run_id", [RUN, SHORT])
def test_the_doubled_prefix_of_some_releases_names_the_same_run(run_id: str) -> None:
    name = f"run_{run_id}_advisory_adv_1.json"
    assert layout.sort_out([name]).runs == {run_id: RunFiles(run_id, False, (), (name,))}
    assert layout.link_advisory_id(name) == "adv_1"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x",
        ".json",
        "run_.json",
        "run_test_1.json",
        f"{RUN}",
        f"{RUN}.JSON",
        f"{RUN.upper()}.json",
        f"{RUN}0.json",
        f" {RUN}.json",
        f"{RUN}.json\n",
        f"{RUN}.json.bak",
        f"{RUN}.1.json",
        f"{RUN}.00001.json",
        f"{RUN}.0000001.json",
        f"{RUN}.0000000001.json",
        f"{RUN}.-00001.json",
        f"{RUN}.٠٠٠٠٠١.json",
        f"{RUN}_advisory_.json",
        f"{RUN}_advisoryx.json",
        f"run_run_{RUN}_advisory_x.json",
        "run_a_advisory_b.json",
        f"run_{RUN}.json",
        "ws_361afb6600609b12a3f5db546e6fc575.000001.json",
    ],
)
def test_trap_08_what_has_no_form_of_ours_is_a_stray_and_no_run(name: str) -> None:
    assert layout.kind_of(f"2025-12-23/{name}") is None
    assert not layout.is_debris(name)
    listing = layout.sort_out([name])
    assert listing.runs == {}
    assert listing.strays == [name]


@pytest.mark.parametrize("name", [".tmp-0123", f"{RUN}.json.tmp", f"{RUN}_advisory_x.json.tmp", "_index.json.tmp"])
def test_what_interrupted_writers_left_is_debris(name: str) -> None:
    assert layout.is_debris(name)
    assert layout.sort_out([name]).debris == [name]


@given(st.lists(st.text(st.sampled_from("run_0123456789abcdef.json_advisory\n/"), max_size=60)))
def test_every_name_is_sorted_out_once(names: list[str]) -> None:
    listing = layout.sort_out(names)
    runs = listing.runs.values()
    found = [f"{run.run_id}.json" for run in runs if run.artifact] + [link for run in runs for link in run.links]
    found += [f"{run.run_id}.{number:06d}.json" for run in runs for number in run.events]
    assert set(found + listing.debris + listing.strays) == set(names)
    assert all(ids.is_run_id(run_id) for run_id in listing.runs)


def test_keys_are_names_in_their_partition() -> None:
    run_id = ids.new_run_id(US)
    assert layout.home_partition(run_id) == "2025-12-23"
    assert layout.artifact_key("2025-12-23", run_id) == f"2025-12-23/{run_id}.json"
    assert layout.event_key("2025-12-23", run_id, 7) == f"2025-12-23/{run_id}.000007.json"
    assert layout.event_key("2025-12-23", run_id, 1_234_567) == f"2025-12-23/{run_id}.1234567.json"
    assert layout.kind_of(f"2025-12-23/{run_id}.1234567.json") is layout.EVENT


@pytest.mark.parametrize("run_id", [BARE, SHORT, "run_ffffffffffff70008000000000000000"])
def test_ids_that_carry_no_moment_have_no_home(run_id: str) -> None:
    assert layout.home_partition(run_id) is None


def test_trap_23_claims_are_named_by_a_digest_and_not_by_what_a_client_sent() -> None:
    keys = {layout.claim_key(caller, key) for caller in ("a", "../a", "") for key in ("../../etc", "b", "*", "/")}
    assert len(keys) == 12
    for key in keys:
        folder, two, name = key.split("/")
        assert (folder, name[:2], len(name)) == ("_claims", two, 69)


def test_a_caller_and_a_key_are_not_run_together() -> None:
    assert layout.claim_key("anna", "b") != layout.claim_key("ann", "ab")


@pytest.mark.parametrize("session_id", ["ws_361afb660060", "ws_361afb6600609b12a3f5db546e6fc575", "../ws", ""])
def test_sessions_of_the_earlier_system_have_no_folder(session_id: str) -> None:
    assert layout.session_folder(session_id) is None


def test_a_session_of_ours_has_its_events_in_the_folder_of_its_date() -> None:
    assert layout.session_folder("ws_" + ids.uuid7_hex(US)) == "_sessions/2025-12-23"


def test_the_names_of_sessions_events_are_told_from_all_others() -> None:
    one, other = ("ws_" + ids.uuid7_hex(US + number) for number in (0, 1))
    names = [f"{one}.000002.json", f"{one}.000001.json", f"{other}.1000000.json"]
    strays = [
        f"{one}.json",
        f"{one}.1.json",
        f"{one}.0000001.json",
        "ws_361afb660060.000001.json",
        f"{one}.000001.json.tmp",
    ]
    assert layout.sort_out_events(layout.SESSION_EVENT, [*names, *strays]) == {one: (1, 2), other: (1000000,)}
    assert [layout.kind_of(f"_sessions/2025-12-23/{name}") for name in strays] == [None] * 5
    assert layout.kind_of(f"_sessions/2025-12-23/{names[0]}") is layout.SESSION_EVENT
    assert layout.kind_of(f"_sessions/2025-12-24/{names[0]}") is None
