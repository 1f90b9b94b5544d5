"""A walk through a session's runs while runs are added and deleted, as a state machine."""

import json
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rmos import ids
from rmos.row_models import RunQuery
from rmos.services.sessions import create_session
from tests.makers import ANNA, US, add_event, make_members, open_store
from tests.trying import tries

DAY_US = 86_400_000_000


class Walks(RuleBasedStateMachine):
    """Walks of both views start, go on and end while others write."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_store(Path(self.folder.name))
        self.session_id = create_session(self.store, {}, actor=ANNA, us=US).session.session_id
        self.query = RunQuery(workflow_session_id=self.session_id, status="OK")
        self.live: dict[str, int] = {}
        self.deleted: dict[str, int] = {}
        self.cursor: str | None = None
        self.seen: list[str] = []
        self.throughout: set[str] = set()
        self.walking = False

    def teardown(self) -> None:
        self.store.index.close()
        self.folder.cleanup()

    @rule(back=st.integers(0, 2 * DAY_US), status=st.sampled_from(["OK", "OK", "BLOCKED"]))
    def add(self, back: int, status: str) -> None:
        us = US - back
        members = make_members(us, status=status, workflow_session_id=self.session_id)
        run_id = self.store.runs.put(members).view.artifact.run_id
        if status == "OK":
            self.live[run_id] = us

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        run_id = data.draw(st.sampled_from(sorted(self.live)))
        add_event(self.store, run_id, "delete", {"mode": "soft", "reason": "a trial"}, actor=ANNA, us=US)
        self.deleted[run_id] = self.live.pop(run_id)
        self.throughout.discard(run_id)

    @precondition(lambda self: self.deleted)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        run_id = data.draw(st.sampled_from(sorted(self.deleted)))
        add_event(self.store, run_id, "restore", {}, actor=ANNA, us=US)
        self.live[run_id] = self.deleted.pop(run_id)

    @precondition(lambda self: not self.walking)
    @rule()
    def start(self) -> None:
        self.walking, self.cursor, self.seen, self.throughout = True, None, [], set(self.live)

    @precondition(lambda self: self.walking)
    @rule(limit=st.integers(1, 4))
    def step(self, limit: int) -> None:
        page = self.store.runs.page(self.query, limit=limit, cursor=self.cursor)
        self.seen += [json.loads(item)["run_id"] for item in page.items]
        self.cursor = page.next_cursor
        if self.cursor is None:
            self.walking = False
            assert self.throughout <= set(self.seen)

    @invariant()
    def each_run_is_shown_once_and_newest_first(self) -> None:
        keys = [(ids.moment_of(run_id), run_id) for run_id in self.seen]
        assert keys == sorted(set(keys), reverse=True)

    @invariant()
    def totals_are_what_a_list_shows(self) -> None:
        assert self.store.runs.count(self.query) == len(self.live)


TestWalks = Walks.TestCase
TestWalks.settings = settings(max_examples=tries(12), stateful_step_count=25)
