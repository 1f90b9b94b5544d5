"""The one reader of records: all that is wrong is told, nobody is accused for another, and no disk is needed."""

from collections.abc import Callable

import pytest

from rmos import digest
from rmos.errors.store import ObjectMissing, ObjectUnreadable
from rmos.store import layout
from rmos.store.history import Chain, RunHistory, read_chain, read_run
from rmos.store.layout import RunFiles
from rmos.store.records import Damage
from tests.makers import EARLIER_ID, US, make_earlier_artifact, make_event, make_members

DAY = "2025-12-23"
MEMBERS = make_members(US)
RUN = str(MEMBERS["run_id"])
DATA = digest.encode_record(MEMBERS)
ARTIFACT = layout.artifact_key(DAY, RUN)
LINK = f"{RUN}_advisory_adv.json"
Files = dict[str, bytes]


def event_key(number: int, record_id: str = RUN) -> str:
    return layout.event_key(DAY, record_id, number)


def make_files(events: int = 3, *, before: bytes = DATA) -> Files:
    """Return a run with some events, by their keys."""
    files = {ARTIFACT: before}
    for number in range(1, events + 1):
        previous = digest.sha256_hex(before)
        before = make_event(RUN, number, previous)
        files[event_key(number)] = before
    return files


def read(files: Files) -> Callable[[str], bytes]:
    """Return a reader of some files; an empty one cannot be read."""

    def read_file(key: str) -> bytes:
        if key not in files:
            raise ObjectMissing("There is no such object.")
        if not files[key]:
            raise ObjectUnreadable("It is not a regular file.")
        return files[key]

    return read_file


def run_of(files: Files, *, numbers: tuple[int, ...] = (1, 2, 3), strict: bool = True) -> RunHistory:
    return read_run(
        read(files), DAY, RunFiles(RUN, True, numbers, (LINK,) if f"{DAY}/{LINK}" in files else ()), strict=strict
    )


def told(history: RunHistory | Chain) -> list[tuple[str, str]]:
    return [(damage.kind, key) for key, damage in history.problems]


def flipped(data: bytes) -> bytes:
    return data[:200] + bytes([data[200] ^ 1]) + data[201:]


@pytest.mark.parametrize("strict", [True, False])
def test_a_whole_run_is_read_with_its_events_in_order(strict: bool) -> None:
    files = make_files()
    history = run_of(files, strict=strict)
    assert history.problems == []
    history.require_whole()
    assert (history.data, history.examined.sha256, history.is_gone) == (DATA, digest.read_self_digest(DATA), False)
    assert [event.number for event in history.events] == [1, 2, 3]
    assert history.last_event_sha256 == digest.sha256_hex(files[event_key(3)])
    assert (history.artifact is not None) is strict


def test_what_is_not_strict_decodes_no_artifact_and_recomputes_no_digest_in_it() -> None:
    data = digest.encode_record(MEMBERS | {"hashes": MEMBERS["hashes"] | {"feasibility_sha256": "a" * 64}})
    files = make_files(before=data)
    assert told(run_of(files)) == [("feasibility_mismatch", ARTIFACT)]
    assert told(run_of(files, strict=False)) == []


def test_an_artifact_of_the_earlier_system_is_decoded_also_where_that_is_not_strict() -> None:
    key = layout.artifact_key(DAY, EARLIER_ID)
    files = {key: make_earlier_artifact(status="FINE")}
    history = read_run(read(files), DAY, RunFiles(EARLIER_ID, True, (), ()), strict=False)
    assert told(history) == [("undecodable", key)]


BREAKS: dict[str, tuple[Callable[[Files], object], list[tuple[str, str]], list[int]]] = {
    "corrupt artifact": (
        lambda files: files.update({ARTIFACT: flipped(DATA)}), [("corrupt", ARTIFACT)], [1, 2, 3],
    ),
    "unreadable artifact": (lambda files: files.update({ARTIFACT: b""}), [("unreadable", ARTIFACT)], [1, 2, 3]),
    "another artifact that is whole": (
        lambda files: files.update({ARTIFACT: digest.encode_record(MEMBERS | {"notes": "x"})}),
        [("event_chain_broken", event_key(1))],
        [1, 2, 3],
    ),
    "corrupt event": (
        lambda files: files.update({event_key(2): flipped(files[event_key(2)])}),
        [("event_corrupt", event_key(2))],
        [1, 3],
    ),
    "unreadable event": (lambda files: files.update({event_key(2): b""}), [("unreadable", event_key(2))], [1, 3]),
    "lost event": (lambda files: files.pop(event_key(3)), [("event_missing", event_key(3))], [1, 2]),
    "event of another place": (
        lambda files: files.update({event_key(2): files[event_key(1)]}),
        [("misnamed", event_key(2)), ("event_chain_broken", event_key(3))],
        [1, 3],
    ),
    "event written anew": (
        lambda files: files.update({event_key(2): make_event(RUN, 2, "b" * 64)}),
        [("event_chain_broken", event_key(2)), ("event_chain_broken", event_key(3))],
        [1, 2, 3],
    ),
    "two damages": (
        lambda files: files.update({ARTIFACT: flipped(DATA), event_key(3): flipped(files[event_key(3)])}),
        [("corrupt", ARTIFACT), ("event_corrupt", event_key(3))],
        [1, 2],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
@pytest.mark.parametrize("strict", [True, False])
def test_each_damage_is_told_once_and_what_stands_behind_it_is_read(name: str, strict: bool) -> None:
    break_files, expected, readable = BREAKS[name]
    files = make_files()
    break_files(files)
    history = run_of(files, strict=strict)
    assert told(history) == expected
    assert [event.number for event in history.events] == readable
    with pytest.raises(Damage) as caught:
        history.require_whole()
    assert caught.value.kind == expected[0][0]


def test_a_hole_is_told_and_what_comes_behind_it_is_compared_with_nothing_before_it() -> None:
    files = make_files(5)
    chain = run_of(files, numbers=(1, 4, 5))
    assert told(chain) == [("event_hole", event_key(4))]
    assert chain.problems[0].damage.detail == "events 2 to 3 of the run are not there, but event 4 is"
    assert [event.number for event in chain.events] == [1, 4, 5]
    files[event_key(5)] = make_event(RUN, 5, "b" * 64)
    assert told(run_of(files, numbers=(1, 4, 5))) == [
        ("event_hole", event_key(4)),
        ("event_chain_broken", event_key(5)),
    ]


def test_a_run_that_is_gone_keeps_its_events_whatever_the_first_came_after() -> None:
    files = make_files()
    del files[ARTIFACT]
    history = run_of(files)
    assert (history.is_gone, history.data, history.problems) == (True, None, [])
    assert [event.number for event in history.events] == [1, 2, 3]
    files[event_key(2)] = make_event(RUN, 2, "b" * 64)
    assert told(run_of(files))[0] == ("event_chain_broken", event_key(2))


def test_the_digest_that_the_next_event_names_is_not_known_behind_a_damaged_one() -> None:
    files = make_files()
    assert read_chain(read(files), DAY, RUN, (), of="run", previous="a" * 64).last_sha256 == "a" * 64
    files[event_key(3)] = flipped(files[event_key(3)])
    assert run_of(files).last_event_sha256 is None


def test_a_chain_without_an_artifact_begins_with_an_event_that_names_nothing() -> None:
    first = make_event("tok_ab", 1, None)
    files = {layout.event_key("_tokens", "tok_ab", 1): first}
    chain = read_chain(read(files), "_tokens", "tok_ab", (1,), of="token")
    assert (told(chain), chain.last_sha256) == ([], digest.sha256_hex(first))
    key = layout.event_key("_tokens", "tok_ab", 1)
    broken = read_chain(read({key: make_event("tok_ab", 1, "a" * 64)}), "_tokens", "tok_ab", (1,), of="token")
    assert told(broken) == [("event_chain_broken", key)]


def test_a_link_that_cannot_be_read_leaves_the_run_whole() -> None:
    files = make_files(0) | {f"{DAY}/{LINK}": b'{"advisory_id":"adv","kind":"note"}'}
    history = run_of(files, numbers=())
    assert [(advisory["advisory_id"], advisory["kind"]) for advisory in history.advisories] == [("adv", "note")]
    files[f"{DAY}/{LINK}"] = b"{"
    history = run_of(files, numbers=())
    history.require_whole()
    assert (history.advisories, history.links) == ([], [(f"{DAY}/{LINK}", None)])
