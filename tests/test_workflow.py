"""The states of a session, by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.models import WORKFLOW_STATES, RiskLevel, WorkflowState
from rmos.workflow import (
    ACTIONS,
    PREPARING,
    EvaluatedRun,
    Move,
    Standing,
    allowed_actions,
    find_approval_refusal,
    find_standing_override,
    find_toolpaths_refusal,
    fold_moves,
    has_override,
    is_granted,
    list_requests,
    next_step,
    read_expiry,
    state_after_feasibility,
    state_after_preparation,
)

NOW, LATER, BEFORE = "2026-01-02T00:00:00.000000Z", "2026-01-03T00:00:00.000000Z", "2026-01-01T00:00:00.000000Z"
RISKS: tuple[RiskLevel, ...] = ("GREEN", "YELLOW", "RED", "UNKNOWN", "ERROR")


def make_evaluated(number: int, inputs: tuple[int, int] = (1, 1)) -> EvaluatedRun:
    """Make what the run `number` found for a design and a context."""
    return EvaluatedRun(
        run_id=f"run_{number}",
        run_sha256=f"{number:064x}",
        mode="router",
        tool_id="t",
        engine_id=None,
        design_sha256=f"{inputs[0]:064x}",
        context_sha256=f"{inputs[1]:064x}",
        feasibility_sha256="f" * 64,
    )


@pytest.mark.parametrize(("design", "context"), [(False, False), (True, False), (False, True), (True, True)])
def test_a_session_is_ready_when_it_has_both_in_whatever_order_they_came(design: bool, context: bool) -> None:
    ready = design and context
    for state in PREPARING:
        found = state_after_preparation(state, has_design=design, has_context=context)
        assert found == ("context_ready" if ready else "draft")
        told = next_step(found, has_design=design, has_context=context)
        assert told is not None
        assert ("design" in told, "context" in told) == ((not design, not context) if not ready else (False, False))


@pytest.mark.parametrize("state", [state for state in WORKFLOW_STATES if state not in PREPARING])
def test_beyond_preparation_writing_changes_no_state(state: WorkflowState) -> None:
    assert state_after_preparation(state, has_design=False, has_context=True) == state


def test_every_state_but_the_last_says_what_to_do_next_and_allows_something() -> None:
    told = {state: next_step(state, has_design=True, has_context=True) for state in WORKFLOW_STATES}
    assert [state for state, step in told.items() if step is None] == ["archived"]
    assert [state for state in WORKFLOW_STATES if not allowed_actions(Standing(state=state))] == ["archived"]


def test_every_action_is_allowed_somewhere_and_an_approval_only_after_a_feasibility() -> None:
    where = {
        action: [state for state in WORKFLOW_STATES if action in allowed_actions(Standing(state=state))]
        for action in ACTIONS
    }
    assert all(where.values())
    assert where["approve"] == ["feasibility_ready"]
    assert where["request_toolpaths"] == ["approved"]
    assert where["store_toolpaths"] == ["toolpaths_requested"]


def test_what_a_person_turned_down_is_not_judged_again_without_a_revision() -> None:
    by_the_rules = Standing(state="rejected")
    by_a_person = Standing(state="rejected", turned_down=True)
    assert set(allowed_actions(by_the_rules)) - set(allowed_actions(by_a_person)) == {"request_feasibility"}


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("overridden", [False, True])
def test_what_is_not_known_to_be_safe_lands_in_rejected(risk: RiskLevel, overridden: bool) -> None:
    safe = risk in ("GREEN", "YELLOW") or (overridden and risk != "ERROR")
    assert state_after_feasibility(risk, overridden=overridden) == ("feasibility_ready" if safe else "rejected")


@given(
    risk=st.sampled_from(RISKS),
    score=st.none() | st.floats(0, 100),
    min_score=st.floats(0, 100),
    overridden=st.booleans(),
    unchanged=st.booleans(),
)
def test_an_approval_takes_green_or_the_score_or_an_override_and_the_very_inputs_that_were_judged(
    risk: RiskLevel, score: float | None, min_score: float, overridden: bool, unchanged: bool
) -> None:
    refusal = find_approval_refusal(
        risk=risk, score=score, min_score=min_score, overridden=overridden, unchanged=unchanged
    )
    fit = risk == "GREEN" or (risk == "YELLOW" and score is not None and score >= min_score)
    assert (refusal is None) == (unchanged and (fit or (overridden and risk != "ERROR")))


MOVES = st.lists(
    st.tuples(
        st.sampled_from([*ACTIONS, "update", "create", "delete", "restore"]),
        st.integers(1, 4),
        st.tuples(st.integers(1, 2), st.integers(1, 2)),
        st.booleans(),
    ),
    max_size=25,
)


@given(MOVES)
def test_no_sequence_of_events_reaches_an_approval_without_a_fresh_feasibility_of_the_same_inputs(
    drawn: list[tuple[str, int, tuple[int, int], bool]],
) -> None:
    moves: list[Move] = []
    for action, number, inputs, named in drawn:
        evaluated = make_evaluated(number, inputs) if action == "request_feasibility" and named else None
        approved = f"run_{number}" if action == "approve" and named else None
        moves.append(Move(action=action, evaluated=evaluated, approved_run_id=approved, run_id=f"run_9{len(moves)}"))
    standing = fold_moves("approved", moves)
    if standing.approved is None:
        assert find_toolpaths_refusal(standing, design_sha256="", context_sha256="") is not None
        assert standing.approval_run_id is None
        return
    last_asked = max(place for place, move in enumerate(moves) if move.action == "request_feasibility")
    last_approved = max(place for place, move in enumerate(moves) if move.action == "approve")
    undone = [move.action for move in moves[last_asked + 1 :]]
    assert last_asked < last_approved
    assert not {"set_design", "set_context", "require_revision"} & set(undone)
    assert "reject" not in [move.action for move in moves[last_approved:]]
    assert standing.approved == moves[last_asked].evaluated == standing.feasibility
    assert moves[last_approved].approved_run_id == standing.approved.run_id
    same = {"design_sha256": standing.approved.design_sha256, "context_sha256": standing.approved.context_sha256}
    assert find_toolpaths_refusal(standing, **same) is None
    assert find_toolpaths_refusal(standing, **{**same, "context_sha256": "0" * 64}) is not None
    assert find_toolpaths_refusal(standing, **{**same, "design_sha256": "0" * 64}) is not None


@given(
    state=st.sampled_from(WORKFLOW_STATES),
    steps=st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(RISKS)), max_size=30),
)
def test_a_walk_along_what_is_allowed_is_approved_only_right_after_it_was_judged(
    state: WorkflowState, steps: list[tuple[str, RiskLevel]]
) -> None:
    state, moves, risk_now = "draft", [], None
    after = {
        "set_design": "context_ready",
        "set_context": "context_ready",
        "require_revision": "design_revision_required",
        "approve": "approved",
        "reject": "rejected",
        "request_toolpaths": "toolpaths_requested",
        "store_toolpaths": "toolpaths_ready",
        "archive": "archived",
    }
    for number, (action, risk) in enumerate(steps):
        standing = fold_moves(state, moves)
        if action not in allowed_actions(standing):
            continue
        evaluated = approved = None
        if action == "request_feasibility":
            evaluated, risk_now = make_evaluated(number), risk
            state = state_after_feasibility(risk, overridden=False)
        else:
            if action == "approve":
                assert standing.feasibility is not None
                assert risk_now in ("GREEN", "YELLOW")
                approved = standing.feasibility.run_id
            state = after[action]  # type: ignore[assignment]
        moves.append(Move(action=action, evaluated=evaluated, approved_run_id=approved))
        if state in ("approved", "toolpaths_requested", "toolpaths_ready"):
            assert fold_moves(state, moves).approved is not None


@pytest.mark.parametrize(
    ("over", "risks"),
    [
        ({"scope": "YELLOW"}, {"GREEN", "YELLOW"}),
        ({"scope": "RED"}, {"GREEN", "YELLOW", "RED", "UNKNOWN"}),
        ({"scope": "RED", "effective": False}, set()),
        ({"scope": "RED", "expires_at_utc": BEFORE}, set()),
        ({"scope": "RED", "expires_at_utc": NOW}, set()),
        ({"scope": "YELLOW", "expires_at_utc": LATER}, {"GREEN", "YELLOW"}),
        ({"scope": "BLUE"}, set()),
    ],
)
def test_an_override_covers_its_scope_until_its_time_is_over(over: dict[str, object], risks: set[str]) -> None:
    entry = {"effective": True, "expires_at_utc": None, **over}
    assert {risk for risk in RISKS if has_override([entry], risk, now_utc=NOW)} == risks


def told(*entries: tuple[str, bool, str | None]) -> list[dict[str, object]]:
    """Return overrides of RED that were made an hour apart: by whom, whether in force, and until which hour."""
    return [
        {
            "scope": "RED",
            "by": by,
            "effective": effective,
            "created_at_utc": hour(number),
            "expires_at_utc": end if end is None else hour(int(end)),
        }
        for number, (by, effective, end) in enumerate(entries)
    ]


def hour(number: int) -> str:
    return f"2026-01-31T{number:02d}:00:00.000000Z"


@pytest.mark.parametrize(
    ("entries", "standing", "asked"),
    [
        ([("anna", False, None)], 0, ["anna"]),
        ([("anna", False, "20"), ("jo", False, "19")], 0, ["anna", "jo"]),
        ([("anna", False, None), ("boss", True, "3")], 1, []),
        ([("anna", False, None), ("boss", True, None)], 1, []),
        ([("anna", False, None), ("boss", True, "2"), ("jo", False, "9")], 2, ["jo"]),
        ([("anna", False, None), ("boss", True, "9"), ("jo", False, "19")], 1, []),  # by a clock that was set back
        ([("anna", False, None), ("boss", True, "9"), ("boss", True, "4")], 1, []),
        ([("anna", False, "9"), ("jo", False, "9")], 1, ["anna", "jo"]),
    ],
)
def test_what_is_put_in_force_answers_the_requests_before_it(
    entries: list[tuple[str, bool, str | None]], standing: int, asked: list[str]
) -> None:
    overrides = told(*entries)
    assert find_standing_override(overrides, "RED") is overrides[standing]
    assert [entry["by"] for entry in list_requests(overrides, "RED")] == asked
    assert find_standing_override([], "RED") is None


def test_a_request_is_over_at_its_very_moment() -> None:
    overrides = told(("anna", False, "9"), ("jo", False, None))
    assert [entry["by"] for entry in list_requests(overrides, "RED", now_utc=hour(9))] == ["jo"]
    assert len(list_requests(overrides, "RED", now_utc=hour(8))) == 2


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(["YELLOW", "RED"]), st.none() | st.integers(0, 23)), max_size=6),
    st.sampled_from(RISKS),
)
def test_from_its_last_event_on_a_run_is_overridden_as_long_as_what_its_overrides_amount_to(
    made: list[tuple[bool, str, int | None]], risk: RiskLevel
) -> None:
    overrides = [
        {"effective": effective, "scope": scope, "created_at_utc": hour(number)}
        | {"expires_at_utc": None if end is None else hour(end)}
        for number, (effective, scope, end) in enumerate(made)
    ]
    standing = find_standing_override(overrides, risk)
    assert (standing is None) is (not made)
    for now in (hour(number) for number in range(max(len(made) - 1, 0), 24)):
        in_force = standing is not None and is_granted(standing, risk) and read_expiry(standing) > now
        assert in_force == has_override(overrides, risk, now_utc=now)
