"""A listing is no snapshot: it may show an event and not the one before it, which was made a moment earlier."""

from collections.abc import Callable

import pytest

from rmos import ids
from rmos.store import Store
from rmos.store.sessions import SessionChange
from tests.makers import ANNA, US
from tests.store.writing import add, put

Hide = Callable[[str], None]


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
