"""`rmos demo`: fill an empty store with believable runs, through the real engine."""

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import click
from flask.cli import with_appcontext

from rmos import ids
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.opening import LOCK_WAIT_S, command_actor, open_for_reading, open_or_create
from rmos.cli.output import Progress, emit, json_option, progress, say
from rmos.context import Rmos, current_rmos
from rmos.counts import count_of
from rmos.demo import DemoRun, DemoSession, demo_runs, demo_session
from rmos.demo.outcomes import RESETS, DemoJob, DemoJobs
from rmos.demo.walks import STEP_US, WALK_RUNS, WALKS, Walk
from rmos.errors.installation import NoStore
from rmos.models import Actor
from rmos.schemas.outcomes import load_outcome
from rmos.services.action_inputs import ActionRequest
from rmos.services.actions import perform_action
from rmos.services.artifact import RunRequest
from rmos.services.gates import GatePolicy
from rmos.services.outcomes import OutcomeRequest, report_outcome
from rmos.services.runs import record_run
from rmos.services.sessions import create_session, delete_session
from rmos.services.tool_life import reset_tool
from rmos.store import Store, layout
from rmos.store.tool_records import ToolReset

DEMO_RUNS = 300
DEMO_SEED = 1
_BEFORE_US = 60 * 1_000_000
"""How long before its first run a session is opened."""
_WITH_WALKS = 30
"""From how many runs on some of them are made by sessions that are walked through the workflow."""
_WITH_OUTCOMES = 100
"""From how many runs on it is reported what became of some of them."""
LATER_US = 20 * 60 * 1_000_000
"""How long after a run somebody comes back to it."""


@click.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing, and succeed, when the store has runs already.")
@click.option(
    "--runs",
    "count",
    type=click.IntRange(1, 100_000),
    default=DEMO_RUNS,
    show_default=True,
    metavar="N",
    help="How many runs to make.",
)
@click.option("--seed", type=int, default=DEMO_SEED, show_default=True, help="The same seed makes the same requests.")
@json_option
@with_appcontext
def demo(if_empty: bool, count: int, seed: int, as_json: bool) -> int:
    """Fill an empty store with runs to look at.

    Spruce channels, ebony pockets, a saw blade that turns too fast: each is
    evaluated by the real engine and recorded like any other run, spread over
    the last two weeks. Among 30 runs or more are those of three sessions
    that go through the workflow: one is approved, one blocked, one sent
    back. Of 100 runs or more it says of some what became of them, and of
    two tools when they were new or sharpened. Never touches a store that
    has runs. Makes the folder when there is none.

    \b
    Exit codes: 0 filled, or with --if-empty nothing to do; 1 the store is
    not empty, 2 usage, 11 store locked, 130 interrupted.
    """
    made = make_demo(count, seed)
    if as_json:
        emit({"made": sum((made or {}).values()), "by_risk": dict(sorted((made or {}).items()))})
    if made is None:
        say("The store is not empty; nothing was made.", err=True)
        return DONE if if_empty else FINDINGS
    if not as_json:
        risks = ", ".join(f"{number} {risk}" for risk, number in sorted(made.items()))
        say(f"Made {count_of(sum(made.values()), 'run')}: {risks}. `rmos runs` lists them.")
    return DONE


def make_demo(count: int, seed: int) -> Counter[str] | None:
    """Record invented runs in the store unless it has some; return how many of each risk, None when it has."""
    rmos = current_rmos()
    if not _is_free():
        return None
    # The index first, so that each run is indexed as it is made.
    store = open_or_create()
    with contextlib.closing(store.index):
        store.reconcile(wait_s=LOCK_WAIT_S)
        with store.index.lock(wait_s=LOCK_WAIT_S), _silence_run_log(), progress("Recording", count) as advance:
            # Looked at again under the lock: two demos at once must not both find it empty.
            return _fill(rmos, store, count, seed, advance) if _is_empty(store) else None


@contextlib.contextmanager
def _silence_run_log() -> Iterator[None]:
    """Leave out the log's line for each run: hundreds of them would bury what else the first start says."""
    log = logging.getLogger("rmos.services")
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)


def _is_free() -> bool:
    """Tell whether there is no store yet, or an empty one; a full one is not even opened for writing."""
    try:
        return _is_empty(open_for_reading())
    except NoStore:
        return True


def _is_empty(store: Store) -> bool:
    return (
        not store.reader.quarantined()
        and not store.sessions.has_any()
        and not any(layout.sort_out(store.objects.names(partition)).runs for partition in store.reader.partitions())
    )


def _fill(rmos: Rmos, store: Store, count: int, seed: int, advance: Progress | None) -> Counter[str]:
    made: Counter[str] = Counter()
    now_us, parent = ids.now_us(), ""
    sessions: dict[str, str] = {}
    walks = WALKS if count >= _WITH_WALKS else ()
    jobs = DemoJobs(seed) if count >= _WITH_OUTCOMES else None
    for run in demo_runs(count - (WALK_RUNS if walks else 0), seed=seed, now_us=now_us):
        actor = command_actor(ids.new_request_id())
        session = demo_session(run.batch_label)
        if session is not None and run.batch_label not in sessions:
            sessions[run.batch_label] = _open(store, session, run, actor)
        recorded = record_run(
            store,
            rmos.engines,
            _request(run, parent, sessions.get(run.batch_label)),
            actor=actor,
            us=run.us,
            engine_timeout_ms=rmos.settings.engine_timeout_ms,
        )
        _follow_up(store, recorded.run_id, run, actor, min(run.us + LATER_US, now_us))
        if jobs is not None:
            _report(store, recorded.run_id, jobs.of(run, recorded.risk_level, now_us=now_us), actor)
        made[recorded.risk_level] += 1
        parent = recorded.run_id
        if advance:
            advance(1)
    for label, session_id in sessions.items():
        _close(store, session_id, demo_session(label), now_us)
    for walk in walks:
        made.update(_walk_session(rmos, store, walk, now_us - walk.before_us))
    if jobs is not None:
        _reset_tools(rmos, store, now_us)
    if advance and walks:
        advance(WALK_RUNS)
    return made


def _report(store: Store, run_id: str, jobs: Sequence[DemoJob], actor: Actor) -> None:
    """Report what became of a run, as somebody at the machine does."""
    number = None
    for job in jobs:
        body = {**job.body, "corrects": number if job.corrects_previous else None}
        asked = OutcomeRequest(run_id=run_id, reported=load_outcome(body, now_us=job.us))
        number = report_outcome(store, asked, actor=actor, us=job.us).number


def _reset_tools(rmos: Rmos, store: Store, now_us: int) -> None:
    for reset in RESETS:
        asked = ToolReset(tool_id=reset.tool_id, action=reset.action, note=reset.note)
        actor = command_actor(ids.new_request_id())
        reset_tool(store, rmos.engines.shop, asked, actor=actor, us=now_us - reset.before_us)


def _walk_session(rmos: Rmos, store: Store, walk: Walk, us: int) -> list[str]:
    """Take a session through the workflow as a shop does, and return the risks of the runs that this makes."""
    fields = {"user_id": walk.user_id, "workflow_type": walk.workflow_type, "machine_id": walk.machine_id}
    session = create_session(store, fields, actor=command_actor(ids.new_request_id()), us=us).session
    settings = rmos.settings
    rules = GatePolicy.of(settings)
    risks = []
    for number, step in enumerate(walk.steps, 1):
        request = ActionRequest(session_id=session.session_id, action=step.action, fields=step.fields)
        actor = command_actor(ids.new_request_id())
        acted = perform_action(store, rmos.engines, request, rules, actor=actor, us=us + number * STEP_US)
        risks += [] if acted.run is None else [acted.run.risk_level]
    return risks


def _open(store: Store, session: DemoSession, run: DemoRun, actor: Actor) -> str:
    """Make the session just before its first run, from which it has the design and the context."""
    fields: dict[str, Any] = {
        "user_id": session.user_id,
        "workflow_type": session.workflow_type,
        "machine_id": session.machine_id,
    }
    fields |= {"design": run.request.design, "context": run.request.context, "tool_id": run.request.tool_id}
    return create_session(store, fields, actor=actor, us=run.us - _BEFORE_US).session.session_id


def _close(store: Store, session_id: str, session: DemoSession | None, now_us: int) -> None:
    """Delete the session when that is what became of it."""
    if session is None or session.deletion is None:
        return
    actor = command_actor(ids.new_request_id())
    how = {"force": True, "cascade": session.cascade}
    delete_session(store, session_id, **how, reason=session.deletion, actor=actor, us=now_us)


def _request(run: DemoRun, parent: str, session_id: str | None) -> RunRequest:
    request = run.request
    return RunRequest(
        mode=request.mode,
        tool_id=request.tool_id,
        workflow_session_id=session_id,
        design=request.design,
        context=request.context,
        parent_run_id=parent if request.corrects else None,
        notes=request.notes,
        meta={"batch_label": run.batch_label, "source": "demo"},
    )


def _follow_up(store: Store, run_id: str, run: DemoRun, actor: Actor, us: int) -> None:
    """Record what happened to the run afterwards."""
    if run.advisory is not None:
        note = {
            "advisory_id": f"note-{run_id[-12:]}",
            "kind": "note",
            "title": run.advisory,
            "created_at_utc": ids.utc_text(us),
            "request_id": actor.request_id,
        }
        store.runs.append(run_id, "advisory", lambda _: note, actor=actor, us=us)
    if run.deletion is not None:
        store.deletes.soft(run_id, run.deletion, actor=actor, us=us)
