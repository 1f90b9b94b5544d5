"""The client: one method for each thing that a program asks of the service."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Unpack, cast, overload

from rmos.client.calls import JSON
from rmos.client.digests import check_download
from rmos.client.errors import BadAnswer
from rmos.client.reports import Calibration
from rmos.client.requests import (
    CALIBRATION,
    OUTCOMES,
    RUNS,
    SESSIONS,
    CutIds,
    OutcomeFilters,
    OutcomeOptions,
    RecentFilters,
    RunFilters,
    RunOptions,
    SessionFields,
    check_word,
    encode_json,
    encode_text,
    make_path,
)
from rmos.client.responses import (
    Engine,
    Event,
    Found,
    FoundBrief,
    Health,
    OutcomeReported,
    OutcomeSummary,
    OutcomeTotals,
    Run,
    RunCreated,
    RunDiff,
    RunSummary,
    Session,
    SettingSuggestion,
)
from rmos.client.shop import ShopCalls
from rmos.client.transport import parse_body, read_body, read_items, require_success


class Client(ShopCalls):
    """One service, with kept-alive connections; may be shared by threads. Close it, or use it in a `with`."""

    # Runs

    def create_run(
        self,
        *,
        mode: str,
        tool_id: str,
        design: Mapping[str, Any],
        context: Mapping[str, Any],
        idempotency_key: str | None = None,
        **options: Unpack[RunOptions],
    ) -> RunCreated:
        """Have a cut evaluated and recorded; a RED decision is a result, not an error.

        Every attempt of this call carries the same Idempotency-Key, so at most one run is recorded, also when an
        response was lost.

        Args:
            idempotency_key: a key of your own, when the run must stay one also over several calls or a restart of
                your program; otherwise each call makes its own.

        Raises:
            ValidationFailed, IdempotencyKeyReused, ProblemError, Unreachable.
            ValueError: the cut holds NaN, infinity or what is no JSON.
        """
        body = {"mode": mode, "tool_id": tool_id, "design": design, "context": context, **options}
        response = self._make_once(RUNS, body, idempotency_key)
        replayed = response.headers.get("Idempotency-Replayed") == "true"
        return cast(RunCreated, {**read_body(response), "replayed": replayed})

    def get_run(self, run_id: str) -> Run:
        """Return a run as it stands now.

        Raises:
            RunNotFound, RunDeleted, RecordDamaged, ProblemError, Unreachable.
        """
        return cast(Run, self._object(make_path(run_id)))

    def iter_runs(self, *, limit: int | None = None, **filters: Unpack[RunFilters]) -> Iterator[RunSummary]:
        """Give the summaries of all runs that match, newest first, page by page; at most `limit` when it is given.

        A run that matches throughout is given exactly once, also while others are added and deleted.

        Raises:
            ValidationFailed, Unavailable, ProblemError, Unreachable: when the page that fails is reached.
        """
        return self._walk(RUNS, filters, limit)

    def iter_recent_runs(self, *, limit: int | None = None, **filters: Unpack[RecentFilters]) -> Iterator[RunSummary]:
        """Give the newest runs that match without regard to case, at most `limit`.

        Raises:
            As `iter_runs`.
        """
        return self._walk(f"{RUNS}/query/recent", filters, limit)

    def list_events(self, run_id: str) -> list[Event]:
        """Return what happened to a run after it was made, in order.

        Raises:
            As `get_run`.
        """
        return cast(list[Event], self._list(make_path(run_id, "/events"), "events"))

    def download(self, run_id: str) -> bytes:
        """Return the artifact's exact bytes, after comparing them with their digests.

        Raises:
            DigestMismatch: they are not what was recorded, or were changed on the way.
            RunNotFound, RunDeleted, RecordDamaged, ProblemError, Unreachable.
        """
        response = self._transport.send("GET", make_path(run_id, "/download"))
        require_success(response)
        check_download(response.content, response.headers)
        return response.content

    def diff(self, a: str, b: str) -> RunDiff:
        """Return how run `b` differs from run `a`, and how much it matters.

        Raises:
            As `get_run`.
        """
        return cast(RunDiff, self._object(f"{RUNS}/diff", {"a": a, "b": b}))

    # Outcomes

    def report_outcome(
        self,
        run_id: str,
        *,
        ended: str,
        part: str,
        idempotency_key: str | None = None,
        **options: Unpack[OutcomeOptions],
    ) -> OutcomeReported:
        """Report what became of a cut, also of one that was blocked; every attempt carries the same Idempotency-Key.

        Args:
            ended: completed, cancelled, interrupted or failed.
            part: good, rework, scrap or unjudged; scrap, and what failed, takes a `reason_code`.

        Raises:
            ValidationFailed, IdempotencyKeyReused, RunNotFound, RunDeleted, ProblemError, Unreachable.
        """
        response = self._make_once(
            make_path(run_id, "/outcomes"), {"ended": ended, "part": part, **options}, idempotency_key
        )
        replayed = response.headers.get("Idempotency-Replayed") == "true"
        return cast(OutcomeReported, {**read_body(response), "replayed": replayed})

    def list_run_outcomes(self, run_id: str) -> list[dict[str, Any]]:
        """Return what was reported of a run, in order; `corrected_by` names what took the place of one.

        Raises:
            As `get_run`.
        """
        return self._list(make_path(run_id, "/outcomes"), "items")

    def iter_outcomes(self, *, limit: int | None = None, **filters: Unpack[OutcomeFilters]) -> Iterator[OutcomeSummary]:
        """Give all outcomes that count and match, those of the latest jobs first; at most `limit` when it is given.

        Raises:
            As `iter_runs`.
        """
        return cast(Iterator[OutcomeSummary], self._walk(OUTCOMES, filters, limit))

    def total_outcomes(self, group_by: str = "machine", **filters: Unpack[OutcomeFilters]) -> list[OutcomeTotals]:
        """Return what outcomes amount to by machine, tool, material or month.

        Raises:
            ValidationFailed, Unavailable, ProblemError, Unreachable.
        """
        params = {name: encode_text(value) for name, value in {**filters, "group_by": group_by}.items()}
        return cast(list[OutcomeTotals], self._list(f"{OUTCOMES}/totals", "items", params))

    def get_calibration(self, *, machine_id: str | None = None, since: str | None = None) -> Calibration:
        """Return what became of cuts beside what was decided on them, of all or of a machine, since a time or date.

        Raises:
            ValidationFailed, Unavailable, ProblemError, Unreachable.
        """
        filters = {"machine_id": machine_id, "since": since}
        params = {name: value for name, value in filters.items() if value is not None}
        return cast(Calibration, self._object(CALIBRATION, params))

    @overload
    def evaluate_cuts(
        self, cuts: Sequence[Mapping[str, Any]], *, engine_id: str | None = None, view: Literal["full"] = "full"
    ) -> list[Found]: ...

    @overload
    def evaluate_cuts(
        self, cuts: Sequence[Mapping[str, Any]], *, engine_id: str | None = None, view: Literal["brief"]
    ) -> list[FoundBrief]: ...

    def evaluate_cuts(
        self, cuts: Sequence[Mapping[str, Any]], *, engine_id: str | None = None, view: str = "full"
    ) -> list[Found] | list[FoundBrief]:
        """Return what would be decided on up to 500 cuts, in their order; nothing is recorded.

        Args:
            cuts: each with mode, tool_id, design and context.
            view: "brief" for colour, score, the first rule against each cut and its number: 60 kB instead of 4 MB.

        Raises:
            ValidationFailed, ProblemError, Unreachable.
            ValueError: a cut holds NaN, infinity or what is no JSON.
        """
        body: dict[str, Any] = {"items": list(cuts), "view": view}
        if engine_id is not None:
            body["engine_id"] = engine_id
        response = self._transport.send("POST", "/api/rmos/feasibility", headers=JSON, content=encode_json(body))
        return cast(list[Found], read_items(read_body(response), "results"))

    def suggest(
        self, design: Mapping[str, Any], context: Mapping[str, Any] | None = None, **ids: Unpack[CutIds]
    ) -> SettingSuggestion:
        """Return the best feed, speed and passes for a cut; what the design states of them stays. Nothing is recorded.

        Args:
            ids: of the shop's tables, for what the context does not state.

        Raises:
            ValidationFailed: too little is known of the cut, or an input cannot be used.
            ProblemError, Unreachable.
            ValueError: the cut holds NaN, infinity or what is no JSON.
        """
        content = encode_json({"design": design, "context": context or {}, **ids})
        response = self._transport.send("POST", "/api/rmos/feasibility/suggest", headers=JSON, content=content)
        return cast(SettingSuggestion, read_body(response))

    # Workflow sessions

    def create_session(self, *, idempotency_key: str | None = None, **fields: Unpack[SessionFields]) -> Session:
        """Make a workflow session; every attempt of this call carries the same Idempotency-Key, as in `create_run`.

        Raises:
            ValidationFailed, IdempotencyKeyReused, Forbidden, ProblemError, Unreachable.
        """
        return cast(Session, read_body(self._make_once(SESSIONS, fields, idempotency_key)))

    def get_session(self, session_id: str) -> Session:
        """Return a workflow session as it stands now.

        Raises:
            ProblemError, Unreachable.
        """
        return cast(Session, self._object(make_path(session_id, base=SESSIONS)))

    def act(self, session_id: str, action: str, *, version: int | None = None, **fields: Any) -> Session:
        """Carry out an action of a workflow session, such as `request_feasibility` with a mode and a tool_id.

        Args:
            version: that of the session as you have seen it; when it has changed since, nothing is done.

        Raises:
            ProblemError: `TRANSITION_BLOCKED` names the actions that are allowed, `APPROVAL_BLOCKED` the closed gate.
            Unreachable: no response; `get_session` tells whether it was done all the same.
        """
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        path = make_path(session_id, f"/actions/{check_word(action, 'an action')}", base=SESSIONS)
        return cast(Session, self._post(path, fields, headers))

    def override(self, run_id: str, *, scope: str, reason: str, **more: Any) -> dict[str, Any]:
        """Override the decision on a run, or ask for that; the recorded decision stays as it is.

        Args:
            scope: YELLOW or RED; a RED takes the server's setting and a second person.
            more: `acknowledge_risk`, `expires_at_utc`.

        Raises:
            Forbidden, RunNotFound, ValidationFailed, ProblemError, Unreachable.
        """
        return self._post(make_path(run_id, "/override"), {"scope": scope, "reason": reason, **more})

    # The service

    def list_engines(self) -> list[Engine]:
        """Return the engines of the service, the built-in one first.

        Raises:
            ProblemError, Unreachable.
        """
        return cast(list[Engine], self._list("/api/rmos/engines", "items"))

    def get_health(self) -> Health:
        """Return whether the service is ready, asked once and without retries.

        Raises:
            ProblemError: the response is something else.
            Unreachable: it does not answer.
        """
        response = self._transport.send("GET", "/readyz", retried=False)
        health = parse_body(response) if response.status_code == 503 else read_body(response)
        if health is None or "checks" not in health:
            require_success(response)
            raise BadAnswer(f"{response.request.url} sends no checks; is this the address of RMOS?")
        return cast(Health, {**health, "ready": response.is_success})
