"""A listing is no snapshot: it may show an event and not the one before it, which was made a moment earlier."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rmos import ids
from rmos.row_models import RunQuery, SessionQuery
from rmos.store import Store
from rmos.store.sessions import SessionChange
from rmos.store.tool_records import ToolRecords, ToolReset
from tests.makers import ANNA, US
from tests.store.writing import DAY, add, put

Hide = Callable[[str], None]
NAMED = SessionChange(fields={"user_id": "anna"})


@pytest.fixture
def hide_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> Hide:
    """Let the next listing that would show a name leave it out."""
    hidden: list[str] = []
    genuine = store.objects.names

    def names(folder: str, beginning: str = "") -> list[str]:
        found = genuine(folder, beginning)
        missed = [name for name in found if any(name.endswith(end) for end in hidden)]
        hidden.clear()
        return [name for name in found if name not in missed]

    monkeypatch.setattr(store.objects, "names", names)
    return hidden.append


def test_a_run_whose_listing_missed_an_event_is_whole(store: Store, hide_once: Hide) -> None:
    run_id = put(store)
    for number in range(3):
        add(store, run_id, advisory_id=f"adv-{number}")
    hide_once(f"{run_id}.000002.json")
    assert len(store.runs.record(run_id, fresh=True).view().advisories) == 3


def test_a_session_whose_listing_missed_an_event_is_whole(store: Store, hide_once: Hide) -> None:
    session_id = ids.new_session_id(US)
    store.sessions.create(session_id, SessionChange(fields={"workflow_type": "rosette"}), actor=ANNA, us=US)
    for name in ("anna", "bo"):
        change = SessionChange(fields={"user_id": name})
        store.sessions.append(session_id, "update", lambda session, change=change: change, actor=ANNA, us=US)
    hide_once(f"{session_id}.000002.json")
    assert store.sessions.record(session_id, fresh=True).version == 3


def test_a_pass_whose_listing_missed_an_event_lists_no_error(store: Store, hide_once: Hide) -> None:
    run_id, session_id = put(store), ids.new_session_id(US)
    store.sessions.create(session_id, SessionChange(fields={"workflow_type": "rosette"}), actor=ANNA, us=US)
    for number in range(3):
        add(store, run_id, advisory_id=f"adv-{number}")
    for record_id in (run_id, session_id):
        store.sessions.append(session_id, "update", lambda session: NAMED, actor=ANNA, us=US)
        hide_once(f"{record_id}.000001.json")
        assert store.reconcile(full=True).damaged == 0
        assert [row.state for row, _ in store.index.runs.rows(DAY, run_id, run_id)] == ["live"]
        assert "ERROR" not in store.runs.page(RunQuery(), limit=5).text
        assert "ERROR" not in store.session_lists.page(SessionQuery(), limit=5).text
    hide_once(f"{run_id}.000002.json")
    store.refold([(DAY, run_id)], sessions=[session_id])
    assert [row.state for row, _ in store.index.runs.rows(DAY, run_id, run_id)] == ["live"]


def test_what_all_tokens_and_tools_are_read_by_lists_an_event_that_was_missed_again(
    store: Store, hide_once: Hide
) -> None:
    token, _ = store.tokens.create("anna", "operator", expires_at_utc=None, actor=ANNA, us=US)
    store.tokens.revoke(token.token_id, actor=ANNA, us=US)
    hide_once(f"tok_{token.token_id}.000001.json")
    assert [record.damage for record in store.tokens.list_all()] == [None]
    tools = ToolRecords(store.objects)
    for action in ("new", "sharpened"):
        tools.add(ToolReset(tool_id="em-1", action=action), actor=ANNA, us=US)
    hide_once(".000001.json")
    assert [(record.version, record.damage) for record in tools.list_all()] == [(2, None)]


def test_a_gap_that_stays_is_damage_still(store: Store, root: Path) -> None:
    run_id = put(store)
    for number in range(2):
        add(store, run_id, advisory_id=f"adv-{number}")
    (root / DAY / f"{run_id}.000001.json").unlink()
    assert store.reconcile(full=True).damaged == 1
