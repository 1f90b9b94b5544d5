"""Actions of a session in a plain script: who loses a race, who dies between two files, what an override opens."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rmos import ids
from rmos.checks.verify import verify_store
from rmos.engines.base import EngineInfo, EngineResult
from rmos.engines.baseline.engine import BaselineV1
from rmos.engines.plugin import Engine
from rmos.engines.registry import Registry
from rmos.errors.base import RmosError
from rmos.errors.http import PreconditionFailed
from rmos.errors.records import VersionConflict
from rmos.errors.workflow import ApprovalBlocked, TransitionBlocked
from rmos.models import Actor
from rmos.services.action_inputs import ActionRequest
from rmos.services.actions import ActionDone, perform_action
from rmos.services.gates import GatePolicy
from rmos.services.overrides import OverrideRequest, override_run
from rmos.services.sessions import create_session, patch_session
from rmos.services.standing import find_next_step, read_standing
from rmos.store import Store
from rmos.workflow import NEXT_AFTER_OVERRIDE, WorkflowAction
from tests.api.conftest import make_body
from tests.makers import ANNA, open_store
from tests.services.killed_action import SAID

ROOT = Path(__file__).resolve().parents[2]
BOSS = Actor(name="boss", role="admin", request_id="req_0123456789abcdef")
DESIGN, CONTEXT = make_body()["design"], make_body()["context"]
THIN = {**DESIGN, "floor_thickness_mm": 0.7}
LOW = {**DESIGN, "plunge_feed_mm_min": 2200}
HOUR_US = 3_600_000_000


class Interrupted:
    """The baseline under another name; while it computes, something else happens."""

    info = EngineInfo(engine_id="interrupted", version="1.0.0", description="Judges while others write.")

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] = lambda: None
        self.pad = 0.0

    def compute(self, *, spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        result = BaselineV1().compute(spec=spec, ctx=ctx, request_id=request_id)
        reasons = [*result.reasons, f"pad {self.pad}"]
        return msgspec.structs.replace(result, engine_id="interrupted", engine_version="1.0.0", reasons=reasons)


class OwnEngines(Registry):
    """The engines of the service and one that is called in this process as they are."""

    def __init__(self, engine: Interrupted) -> None:
        super().__init__()
        self._own = engine

    def get(self, engine_id: str | None) -> Engine:
        return self._own if engine_id == self._own.info.engine_id else super().get(engine_id)


class Shop:
    """A store with an engine that can be interrupted, and a session in it."""

    def __init__(self, folder: Path, **fields: Any) -> None:
        self.folder = folder
        self.store: Store = open_store(folder)
        self.engine = Interrupted()
        self.engines = OwnEngines(self.engine)
        self.rules = GatePolicy(engine_timeout_ms=20_000, allow_red_override=True)
        fields = {"design": DESIGN, "context": CONTEXT, **fields}
        made = create_session(self.store, fields, actor=ANNA, us=ids.now_us())
        self.session_id = made.session.session_id

    def act(self, action: WorkflowAction, *, version: int | None = None, **said: Any) -> ActionDone:
        if action == "request_feasibility":
            said = {"mode": "router", "tool_id": "em-3175-2f", "engine_id": "interrupted", **said}
        request = ActionRequest(
            session_id=self.session_id, action=action, fields=said or SAID.get(action, {}), version=version
        )
        return perform_action(self.store, self.engines, request, self.rules, actor=ANNA, us=ids.now_us())

    def override(self, run_id: str, scope: str, actor: Actor, *, until_us: int | None = None) -> bool:
        asked = OverrideRequest(
            run_id=run_id,
            scope="RED" if scope == "RED" else "YELLOW",
            reason="Scrap wood, tried before.",
            acknowledge_risk=True,
            expires_at_utc=None if until_us is None else ids.utc_text(until_us),
        )
        done = override_run(self.store, asked, allow_red=True, actor=actor, us=ids.now_us())
        return bool(done.entry["effective"])

    def next_step(self) -> str | None:
        record = self.store.sessions.record(self.session_id)
        return find_next_step(self.store, self.engines, self.rules, record)

    def state(self) -> str:
        return self.store.sessions.record(self.session_id).session.state

    def superseded(self, run_id: object) -> bool:
        return self.store.runs.record(str(run_id)).view().superseded


def run_of(acted: ActionDone) -> str:
    assert acted.run is not None
    return acted.run.run_id


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def lost(shop: Shop, kind: type[RmosError], action: WorkflowAction, **said: Any) -> None:
    """Demand that an action is refused, that its run is there, superseded, and that no event names it."""
    before = shop.store.sessions.record(shop.session_id).version
    with pytest.raises(kind) as refused:
        shop.act(action, **said)
    run_id = refused.value.members["run_id"]
    assert shop.superseded(run_id)
    record = shop.store.sessions.record(shop.session_id)
    assert run_id not in [event.data.get("run_id") for event in record.events]
    assert record.version == before + 1
    assert verify_store(shop.store, recheck_s=0).ok


def test_who_loses_the_race_for_a_feasibility_marks_the_run_superseded(shop: Shop) -> None:
    shop.engine.meanwhile = lambda: shop.act("request_feasibility")
    lost(shop, VersionConflict, "request_feasibility")
    assert shop.state() == "feasibility_ready"


def test_a_design_that_changed_while_it_was_judged_is_not_the_one_that_was_judged(shop: Shop) -> None:
    def change() -> None:
        patch_session(shop.store, shop.session_id, {"design": THIN}, actor=ANNA, us=ids.now_us())

    shop.engine.meanwhile = change
    lost(shop, VersionConflict, "request_feasibility")
    assert shop.state() == "context_ready"


def test_of_an_approval_and_a_rejection_at_once_one_happens(shop: Shop) -> None:
    shop.act("request_feasibility")
    shop.engine.meanwhile = lambda: shop.act("require_revision", reason="Deeper.")
    lost(shop, TransitionBlocked, "approve")
    assert shop.state() == "design_revision_required"


def test_what_changes_nothing_of_what_is_judged_does_not_disturb_an_action(shop: Shop) -> None:
    def change() -> None:
        patch_session(shop.store, shop.session_id, {"state_data": {"seen": True}}, actor=ANNA, us=ids.now_us())

    shop.engine.meanwhile = change
    shop.act("request_feasibility")
    assert shop.state() == "feasibility_ready"
    shop.engine.meanwhile = lambda: patch_session(
        shop.store, shop.session_id, {"state_data": {"seen": False}}, actor=ANNA, us=ids.now_us()
    )
    version = shop.store.sessions.record(shop.session_id).version
    lost(shop, PreconditionFailed, "approve", version=version)


def test_an_approval_takes_an_engine_that_still_says_the_same(shop: Shop) -> None:
    shop.act("request_feasibility")
    shop.engine.pad = 1.0
    with pytest.raises(ApprovalBlocked, match="request the feasibility again"):
        shop.act("approve")
    shop.act("request_feasibility")
    shop.act("approve")
    shop.engine.pad = 2.0
    shop.act("request_toolpaths")
    with pytest.raises(ApprovalBlocked, match="request the feasibility again"):
        shop.act("store_toolpaths")
    assert shop.state() == "toolpaths_requested"


@pytest.mark.parametrize(
    ("action", "before"),
    [
        ("request_feasibility", []),
        pytest.param("approve", ["request_feasibility"], marks=pytest.mark.long),
        pytest.param("reject", ["request_feasibility"], marks=pytest.mark.long),
        ("store_toolpaths", ["request_feasibility", "approve", "request_toolpaths"]),
    ],
)
def test_a_process_that_dies_between_run_and_event_leaves_a_run_that_opens_no_gate(
    tmp_path: Path, action: WorkflowAction, before: list[WorkflowAction]
) -> None:
    shop = Shop(tmp_path)
    for step in before:
        shop.act(step, **({"engine_id": None} if step == "request_feasibility" else {}))
    state, version = shop.state(), shop.store.sessions.record(shop.session_id).version
    script = Path(__file__).with_name("killed_action.py")
    done = subprocess.run(
        [sys.executable, script, tmp_path, shop.session_id, action],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    store = open_store(tmp_path)
    record = store.sessions.record(shop.session_id)
    named = {event.data.get("run_id") for event in record.events}
    runs = {path.name[:-5] for path in (tmp_path / "runs").glob("2*/run_*.json") if path.name.count(".") == 1}
    (unconfirmed,) = runs - named
    assert (record.session.state, record.version) == (state, version)
    assert store.runs.record(unconfirmed).view().artifact.workflow_session_id == shop.session_id
    assert verify_store(store, recheck_s=0).ok
    if action == "approve":
        assert read_standing(record).approved is None
        with pytest.raises(TransitionBlocked):
            shop.act("request_toolpaths")
    shop.act(action, **({"engine_id": None} if action == "request_feasibility" else {}))
    assert shop.store.sessions.record(shop.session_id).version == version + 1


def test_a_yellow_override_lets_a_low_score_be_approved_until_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path, design=LOW)
    judged = run_of(shop.act("request_feasibility"))
    with pytest.raises(ApprovalBlocked, match=r"a score of 52;"):
        shop.act("approve")
    until_us = ids.now_us() + HOUR_US
    assert shop.override(judged, "YELLOW", ANNA, until_us=until_us)
    shop.act("approve")
    monkeypatch.setattr(ids, "now_us", lambda: until_us)
    with pytest.raises(ApprovalBlocked, match=r"a score of 52;"):
        shop.act("request_toolpaths")
    assert shop.override(judged, "YELLOW", ANNA)
    shop.act("request_toolpaths")


def test_a_red_override_in_force_shows_what_is_to_be_done_next(tmp_path: Path) -> None:
    shop = Shop(tmp_path, design=THIN, policy={"allow_red_override": True})
    judged = run_of(shop.act("request_feasibility"))
    folded = shop.store.sessions.record(shop.session_id).session.next_step
    assert shop.next_step() == folded
    assert shop.override(judged, "RED", ANNA) is False
    assert shop.next_step() == folded
    until_us = ids.now_us() + HOUR_US
    assert shop.override(judged, "RED", BOSS, until_us=until_us) is True
    assert shop.next_step() == NEXT_AFTER_OVERRIDE
    shop.rules = GatePolicy(engine_timeout_ms=20_000, allow_red_override=False)
    assert shop.next_step() == folded
    shop.rules = GatePolicy(engine_timeout_ms=20_000, allow_red_override=True)
    shop.act("request_feasibility")
    assert shop.state() == "feasibility_ready"
    assert shop.next_step() != NEXT_AFTER_OVERRIDE


def test_no_override_leads_on_from_what_a_person_rejected(tmp_path: Path) -> None:
    shop = Shop(tmp_path, design=THIN, policy={"allow_red_override": True})
    judged = run_of(shop.act("request_feasibility"))
    shop.override(judged, "RED", ANNA)
    assert shop.override(judged, "RED", BOSS) is True
    shop.act("request_feasibility")
    shop.act("reject", reason="Not in this shop.")
    assert shop.next_step() == shop.store.sessions.record(shop.session_id).session.next_step != NEXT_AFTER_OVERRIDE


def test_red_is_approved_only_with_policy_setting_two_people_and_for_the_very_finding(tmp_path: Path) -> None:
    shop = Shop(tmp_path, design=THIN, policy={"allow_red_override": True})
    judged = run_of(shop.act("request_feasibility"))
    assert shop.state() == "rejected"
    assert shop.override(judged, "YELLOW", ANNA) is False
    shop.act("request_feasibility")
    assert shop.state() == "rejected"
    assert shop.override(judged, "RED", BOSS) is True
    shop.rules = GatePolicy(engine_timeout_ms=20_000, allow_red_override=False)
    shop.act("request_feasibility")
    assert shop.state() == "rejected"
    shop.rules = GatePolicy(engine_timeout_ms=20_000, allow_red_override=True)
    shop.act("request_feasibility")
    assert shop.state() == "feasibility_ready"
    decision = shop.store.runs.record(judged).view().artifact.decision
    assert (decision.risk_level, decision.score) == ("RED", 19.5)
    patch_session(shop.store, shop.session_id, {"policy": None}, actor=ANNA, us=ids.now_us())
    with pytest.raises(ApprovalBlocked, match="no override is in force"):
        shop.act("approve")
    patch_session(shop.store, shop.session_id, {"policy": {"allow_red_override": True}}, actor=ANNA, us=ids.now_us())
    shop.act("approve")
    assert shop.state() == "approved"
    shop.act("require_revision", reason="Thinner still.")
    shop.act("set_design", design={**THIN, "floor_thickness_mm": 0.6})
    shop.act("request_feasibility")
    assert shop.state() == "rejected"
