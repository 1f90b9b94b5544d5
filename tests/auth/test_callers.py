import threading
from collections import Counter
from pathlib import Path

import pytest

from rmos import digest, ids
from rmos.auth import callers as module
from rmos.auth.callers import FRESH_S, KEPT_S, Callers, CallerTable
from rmos.errors.base import RmosError
from rmos.errors.callers import Unauthenticated
from rmos.errors.store import StorageUnavailable
from rmos.objects.local import LocalObjects
from rmos.store.tokens import BEARER, Tokens, token_state
from tests.helpers.memory_objects import MemoryObjects
from tests.helpers.memory_service import away
from tests.helpers.waiting import PATIENCE_S
from tests.makers import ANNA, US, write_raw

NOW = ids.now_us()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    objects = LocalObjects(tmp_path)
    objects.prepare()
    return Tokens(objects)


def parts(bearer: str) -> tuple[str, str]:
    match = BEARER.fullmatch(bearer)
    assert match is not None
    return match[1], match[2]


def test_a_revocation_and_a_first_token_are_felt_as_soon_as_what_was_read_is_not_fresh(tokens: Tokens) -> None:
    clock = Clock()
    callers = Callers(tokens, local_mode=True, clock=clock)
    assert callers.read_table().local
    made, bearer = tokens.create("ben", "viewer", expires_at_utc=None, actor=ANNA, us=US)
    assert callers.read_table().local
    clock.now += FRESH_S
    assert not callers.read_table().local
    assert callers.read_table().authenticate(*parts(bearer), NOW).name == "ben"
    tokens.revoke(made.token_id, actor=ANNA, us=US)
    clock.now += FRESH_S
    with pytest.raises(Unauthenticated, match="revoked"):
        callers.read_table().authenticate(*parts(bearer), NOW)
    assert not callers.read_table().local
    assert FRESH_S < 5


def test_expiry_needs_no_reading(tokens: Tokens) -> None:
    _, bearer = tokens.create("ben", "viewer", expires_at_utc=ids.utc_text(NOW + 10), actor=ANNA, us=US)
    table = Callers(tokens, local_mode=True).read_table()
    assert table.authenticate(*parts(bearer), NOW + 9).name == "ben"
    with pytest.raises(Unauthenticated, match="expired"):
        table.authenticate(*parts(bearer), NOW + 10)


def test_trap_46_a_token_of_a_clock_that_was_ahead_is_taken_at_once_and_lasts_no_longer_for_it(tokens: Tokens) -> None:
    hour_us = 3_600_000_000
    ahead_us, until = NOW + 2 * hour_us, ids.utc_text(NOW + 14 * hour_us)
    made, bearer = tokens.create("ben", "viewer", expires_at_utc=until, actor=ANNA, us=ahead_us)
    _, for_good = tokens.create("eve", "viewer", expires_at_utc=None, actor=ANNA, us=NOW + 99_999 * hour_us)
    table = Callers(tokens, local_mode=True).read_table()
    assert table.authenticate(*parts(bearer), NOW).name == "ben"
    assert table.authenticate(*parts(for_good), NOW).name == "eve"
    assert token_state(made, ahead_us - 12 * hour_us) == "expired"
    with pytest.raises(Unauthenticated, match="expired"):
        table.authenticate(*parts(bearer), ahead_us - 12 * hour_us)


def test_trap_46_a_token_that_was_revoked_in_the_future_is_revoked_now(tokens: Tokens) -> None:
    made, bearer = tokens.create("ben", "viewer", expires_at_utc=None, actor=ANNA, us=NOW)
    tokens.revoke(made.token_id, actor=ANNA, us=NOW + 3_600_000_000)
    with pytest.raises(Unauthenticated, match="revoked"):
        Callers(tokens, local_mode=True).read_table().authenticate(*parts(bearer), NOW)


def test_a_damaged_token_lets_nobody_in_and_does_not_bring_local_mode_back(tokens: Tokens, tmp_path: Path) -> None:
    made, bearer = tokens.create("ben", "admin", expires_at_utc=None, actor=ANNA, us=US)
    path = tmp_path / "_tokens" / f"tok_{made.token_id}.000001.json"
    write_raw(path, path.read_bytes().replace(b'"admin"', b'"admix"'))
    table = Callers(tokens, local_mode=True).read_table()
    assert not table.local
    with pytest.raises(Unauthenticated, match="not known"):
        table.authenticate(*parts(bearer), NOW)


def test_the_digest_of_no_secret_opens_nothing(tokens: Tokens) -> None:
    tokens.create("ben", "admin", expires_at_utc=None, actor=ANNA, us=US)
    table = Callers(tokens, local_mode=True).read_table()
    for secret in ("", digest.NO_DIGEST, "A" * 43):
        with pytest.raises(Unauthenticated):
            table.authenticate("nobody", secret, NOW)


def test_a_wrong_secret_costs_the_same_work_whether_its_id_is_known_or_not(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: digests, comparisons and reads of the disk; timing on a busy machine proves nothing."""
    made, _ = tokens.create("ben", "admin", expires_at_utc=None, actor=ANNA, us=US)
    gone, _ = tokens.create("old", "admin", expires_at_utc=None, actor=ANNA, us=US)
    tokens.revoke(gone.token_id, actor=ANNA, us=US)
    callers = Callers(tokens, local_mode=True)
    callers.read_table()
    work: Counter[str] = Counter()
    sha256_hex, compare, read = digest.sha256_hex, module.hmac.compare_digest, tokens.list_all

    def counted_sha256(data: bytes) -> str:
        work[f"sha256 of {len(data)} bytes"] += 1
        return sha256_hex(data)

    def counted_compare(one: str, other: str) -> bool:
        work[f"comparison of {len(one)} and {len(other)}"] += 1
        return compare(one, other)

    def counted_read() -> object:
        work["read"] += 1
        return read()

    monkeypatch.setattr(module.digest, "sha256_hex", counted_sha256)
    monkeypatch.setattr(module.hmac, "compare_digest", counted_compare)
    monkeypatch.setattr(tokens, "list_all", counted_read)
    done, told = [], set()
    for token_id in (made.token_id, gone.token_id, "0" * 12, "nobody"):
        work.clear()
        with pytest.raises(Unauthenticated) as caught:
            callers.read_table().authenticate(token_id, "B" * 43, NOW)
        done.append(dict(work))
        told.add(caught.value.detail)
    assert done == [{"sha256 of 43 bytes": 1, "comparison of 64 and 64": 1}] * 4
    assert told == {"The token is not known."}


def test_while_one_thread_reads_the_others_go_on_with_what_was_known(tokens: Tokens) -> None:
    clock = Clock()
    callers = Callers(tokens, local_mode=True, clock=clock)
    before = callers.read_table()
    reading, go_on = threading.Event(), threading.Event()
    read = tokens.list_all

    def slow() -> object:
        reading.set()
        assert go_on.wait(PATIENCE_S)
        return read()

    tokens.list_all = slow  # type: ignore[method-assign,assignment]
    clock.now += FRESH_S
    thread = threading.Thread(target=callers.read_table)
    thread.start()
    assert reading.wait(PATIENCE_S)
    assert callers.read_table() is before
    go_on.set()
    thread.join()
    assert callers.read_table() is not before


def test_a_host_whose_object_storage_is_away_goes_on_with_what_it_read_last_and_not_for_ever() -> None:
    clock, objects = Clock(), MemoryObjects()
    tokens = Tokens(objects)
    made, bearer = tokens.create("ben", "viewer", expires_at_utc=None, actor=ANNA, us=US)
    callers = Callers(tokens, local_mode=True, clock=clock)
    known_at = clock.now
    assert not callers.read_table().local
    tokens.revoke(made.token_id, actor=ANNA, us=US)
    objects.fail = away("names")
    for clock.now in (known_at + FRESH_S, known_at + KEPT_S - 1):
        assert callers.read_table().authenticate(*parts(bearer), NOW).name == "ben"
    clock.now = known_at + KEPT_S + FRESH_S
    with pytest.raises(StorageUnavailable):
        callers.read_table()
    with pytest.raises(StorageUnavailable):
        Callers(tokens, local_mode=True, clock=clock).read_table()  # one that has just begun knows nothing
    objects.fail = lambda verb, key: None
    with pytest.raises(Unauthenticated, match="revoked"):
        callers.read_table().authenticate(*parts(bearer), NOW)


def test_who_waited_for_a_storage_that_says_nothing_is_told_so_and_nobody_else_waits() -> None:
    clock, objects = Clock(), MemoryObjects()
    callers = Callers(Tokens(objects), local_mode=True, clock=clock)
    before = callers.read_table()
    tries: list[CallerTable] = []

    def fall_silent(verb: str, key: str) -> RmosError:
        if tries:  # meanwhile another thread asks, and need not wait
            other = threading.Thread(target=lambda: tries.append(callers.read_table()))
            other.start()
            other.join(PATIENCE_S)
        clock.now += 10
        return StorageUnavailable("No answer.")

    objects.fail = fall_silent
    for _ in range(2):
        clock.now += FRESH_S
        with pytest.raises(StorageUnavailable):
            callers.read_table()
        tries.append(callers.read_table())
    assert len(tries) == 3
    assert {table.known_at for table in tries} == {before.known_at}
