"""The states of a session, by themselves."""

import pytest

from rmos.models import WORKFLOW_STATES, WorkflowState
from rmos.workflow import PREPARING, next_step, prepared


@pytest.mark.parametrize(("design", "context"), [(False, False), (True, False), (False, True), (True, True)])
def test_a_session_is_ready_when_it_has_both_in_whatever_order_they_came(design: bool, context: bool) -> None:
    ready = design and context
    for state in PREPARING:
        found = prepared(state, has_design=design, has_context=context)
        assert found == ("context_ready" if ready else "draft")
        told = next_step(found, has_design=design, has_context=context)
        assert told is not None
        assert ("design" in told, "context" in told) == ((not design, not context) if not ready else (False, False))


@pytest.mark.parametrize("state", [state for state in WORKFLOW_STATES if state not in PREPARING])
def test_beyond_preparation_writing_changes_no_state(state: WorkflowState) -> None:
    assert prepared(state, has_design=False, has_context=True) == state


def test_every_state_but_the_last_says_what_to_do_next() -> None:
    told = {state: next_step(state, has_design=True, has_context=True) for state in WORKFLOW_STATES}
    assert [state for state, step in told.items() if step is None] == ["archived"]
