"""Who may delete, why, and what is left in writing."""

import pytest

from rmos.checks.trail import Trail
from rmos.errors.base import RmosError
from rmos.errors.callers import Forbidden, HardDeleteDisabled, RateLimited
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.errors.request import ValidationFailed
from rmos.models import Actor
from rmos.row_models import RunQuery
from rmos.services.deletes import DeletePolicy, DeleteRequest, delete_run, restore_run
from rmos.store import Store
from rmos.store.audit import RateLimit
from tests.makers import US, make_members

POLICY = DeletePolicy(allow_hard=True, limit=RateLimit(100, 60))
VIEWER, OPERATOR, ADMIN = (Actor(name=role, role=role, request_id="req_1") for role in ("viewer", "operator", "admin"))
ABSENT = "run_0123456789ab"


@pytest.fixture
def run_id(store: Store) -> str:
    return store.runs.put(make_members(US)).view.artifact.run_id


def delete(store: Store, run_id: str, actor: Actor = OPERATOR, policy: DeletePolicy = POLICY, **asked: str) -> None:
    request = DeleteRequest(run_id=run_id, **{"reason": "a trial cut", **asked})
    delete_run(store, policy, request, actor=actor, us=US)


def records(store: Store) -> list[tuple[str, str | None]]:
    return [(record.outcome, record.error) for date in store.audit.days() for record in store.audit.day(date)]


@pytest.mark.parametrize(
    ("actor", "asked", "refusal"),
    [
        (VIEWER, {}, Forbidden),
        (OPERATOR, {"mode": "hard"}, Forbidden),
        (OPERATOR, {"reason": "short"}, ValidationFailed),
        (OPERATOR, {"reason": "x" * 501}, ValidationFailed),
        (OPERATOR, {"reason": "     \t  "}, ValidationFailed),
        (OPERATOR, {"reason": "a nul \x00 within"}, ValidationFailed),
        (OPERATOR, {"mode": "both"}, ValidationFailed),
    ],
)
def test_what_is_turned_down_leaves_one_record_with_the_true_outcome_and_the_run(
    store: Store, run_id: str, actor: Actor, asked: dict[str, str], refusal: type[RmosError]
) -> None:
    with pytest.raises(refusal):
        delete(store, run_id, actor, **asked)
    assert records(store) == [("refused", refusal.code)]
    assert store.runs.count(RunQuery()) == 1


def test_trap_28_a_failed_attempt_is_never_written_down_as_a_success(store: Store) -> None:
    with pytest.raises(RunNotFound):
        delete(store, ABSENT)
    [entry] = Trail(store).read(10)
    assert (entry.outcome, entry.error, entry.target) == ("refused", "RUN_NOT_FOUND", ABSENT)


def test_without_the_setting_nobody_erases_anything(store: Store, run_id: str) -> None:
    with pytest.raises(HardDeleteDisabled):
        delete(store, run_id, ADMIN, DeletePolicy(), mode="hard")
    assert records(store) == [("refused", "HARD_DELETE_DISABLED")]
    assert store.runs.record(run_id).run_id == run_id


def test_an_admin_erases_and_the_trail_tells_it(store: Store, run_id: str) -> None:
    delete(store, run_id, ADMIN, mode="hard")
    [entry] = Trail(store).read(10)
    assert (entry.outcome, entry.data["mode"], entry.actor) == ("done", "hard", "admin")
    delete(store, run_id)  # of the other mode: what is there stays
    with pytest.raises(RunDeleted):
        restore_run(store, POLICY, DeleteRequest(run_id=run_id), actor=ADMIN, us=US)


def test_an_attempt_whose_process_died_is_not_told_as_done(store: Store, run_id: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store.deletes, "soft", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            delete(store, run_id)
    assert [entry.outcome for entry in Trail(store).read(10)] == ["not done"]


def test_deleting_what_is_deleted_costs_no_turn(store: Store, run_id: str) -> None:
    policy = DeletePolicy(limit=RateLimit(1, 60))
    for _ in range(5):
        delete(store, run_id, policy=policy)
    with pytest.raises(RateLimited):
        delete(store, ABSENT, policy=policy)


def test_erasing_what_was_deleted_softly_costs_a_turn_and_leaves_its_record(store: Store, run_id: str) -> None:
    policy = DeletePolicy(allow_hard=True, limit=RateLimit(2, 60))
    delete(store, run_id, ADMIN, policy)
    delete(store, run_id, ADMIN, policy, mode="hard")
    assert [(entry.outcome, entry.data["mode"]) for entry in Trail(store).read(10)] == [
        ("done", "soft"),
        ("done", "hard"),
    ]
    with pytest.raises(RateLimited):
        delete(store, ABSENT, ADMIN, policy)


def test_trap_28_the_limit_counts_failed_attempts_too_and_is_keyed_by_who_the_server_says_you_are(store: Store) -> None:
    policy = DeletePolicy(limit=RateLimit(2, 60))
    for _ in range(2):
        with pytest.raises(RunNotFound):
            delete(store, ABSENT, policy=policy)
    with pytest.raises(RateLimited) as caught:
        delete(store, ABSENT, policy=policy)
    assert caught.value.retry_after_s == 60
    assert sorted(records(store)) == [("refused", "RATE_LIMITED"), *[("refused", "RUN_NOT_FOUND")] * 2]


def test_a_restore_by_somebody_who_may_not_is_written_down(store: Store, run_id: str) -> None:
    delete(store, run_id)
    with pytest.raises(Forbidden):
        restore_run(store, POLICY, DeleteRequest(run_id=run_id), actor=VIEWER, us=US)
    assert ("refused", "FORBIDDEN") in records(store)
    assert restore_run(store, POLICY, DeleteRequest(run_id=run_id), actor=OPERATOR, us=US).deleted is False
