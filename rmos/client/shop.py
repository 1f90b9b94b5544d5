"""What programs of a shop ask beside runs: lives of tools, batches, candidates, the run log, bundles."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Final, Unpack, cast
from urllib.parse import quote

from rmos.client.calls import Calls
from rmos.client.requests import RUNS, RunFilters, check_word, encode_text, make_path
from rmos.client.shop_types import (
    Batch,
    BatchView,
    Candidate,
    CandidateColour,
    DecidedCandidate,
    ImportedBundle,
    RunLogEntry,
    ToolAction,
    ToolLife,
    ToolReset,
)
from rmos.client.transport import read_body, require_success

_BUNDLES: Final = "/api/rmos/bundles"


class ShopCalls(Calls):
    """One method for each of them."""

    def get_tool_life(self, tool_id: str) -> ToolLife:
        """Return what the tools of one id have cut since they were new or sharpened last, each by its serial.

        Raises:
            ProblemError: `TOOL_NOT_FOUND`.
            Unreachable.
        """
        return cast(ToolLife, self._object(_make_tool_path(tool_id)))

    def reset_tool(
        self, tool_id: str, action: ToolAction, *, serial: str | None = None, note: str | None = None
    ) -> ToolReset:
        """Record that a tool is new, was sharpened or is thrown away; from here on its minutes begin again.

        Sent once: after an `Unreachable`, the history in `get_tool_life` tells whether it was recorded.

        Raises:
            Forbidden, ValidationFailed, ProblemError, Unreachable.
        """
        body = {"action": action, "serial": serial, "note": note}
        return cast(ToolReset, self._post(_make_tool_path(tool_id), body))

    def get_batch(
        self,
        *,
        label: str | None = None,
        session_id: str | None = None,
        workflow_session_id: str | None = None,
        view: BatchView = "summary",
    ) -> Batch:
        """Return the runs that have a label or belong to a session, with what was made of them.

        Args:
            view: `summary`, `tree` (its `nodes`), `timeline` (`moments`) or `progress` (`branches`).

        Raises:
            ValidationFailed, Unavailable, ProblemError, Unreachable.
        """
        asked = {"label": label, "session_id": session_id, "workflow_session_id": workflow_session_id, "view": view}
        params = {name: value for name, value in asked.items() if value is not None}
        return cast(Batch, self._object("/api/rmos/batches", params))

    def iter_run_log(self, *, limit: int | None = None, **filters: Unpack[RunFilters]) -> Iterator[RunLogEntry]:
        """Give the lines of the run log that match, the latest run first; at most `limit` when it is given.

        Raises:
            As `iter_runs`.
        """
        return cast(Iterator[RunLogEntry], self._walk("/api/rmos/run-logs/latest", filters, limit))

    def list_candidates(self, run_id: str) -> list[Candidate]:
        """Return the promoted drawings and the programs of a run, with what was decided on each.

        Raises:
            RunNotFound, RunDeleted, RecordDamaged, ProblemError, Unreachable.
        """
        return cast(list[Candidate], self._list(make_path(run_id, "/manufacturing/candidates"), "items"))

    def decide_candidate(
        self, run_id: str, candidate_id: str, decision: CandidateColour | None, *, note: str | None = None
    ) -> DecidedCandidate:
        """Decide on a candidate, never better than the server decided on its run; None withdraws what was decided.

        Sent once: after an `Unreachable`, `list_candidates` tells whether it was recorded.

        Raises:
            Forbidden, RunNotFound, ProblemError (`CANDIDATE_NOT_FOUND`, `ABOVE_DECISION`), Unreachable.
        """
        path = _make_candidate_path(run_id, candidate_id, "decision")
        return cast(DecidedCandidate, self._post(path, {"decision": decision, "note": note}))

    def download_candidate(self, run_id: str, candidate_id: str) -> bytes:
        """Return the zip of a candidate that is GREEN; `SHA256SUMS` in it has the digest of each member.

        Raises:
            ProblemError: `CANDIDATE_NOT_GREEN`, or the gate of a program.
            RunNotFound, Unreachable.
        """
        return self._bytes(_make_candidate_path(run_id, candidate_id, "download-zip"))

    def create_bundle(
        self,
        *,
        workflow_session_id: str | None = None,
        created_from: str | None = None,
        run_ids: Sequence[str] | None = None,
    ) -> bytes:
        """Return runs with all that belongs to them as one file for another shop; name one of the three scopes.

        Raises:
            Forbidden, ValidationFailed, RunNotFound, ProblemError (`BUNDLE_EMPTY`), Unreachable.
        """
        names = None if run_ids is None else ",".join(run_ids)
        asked = {"workflow_session_id": workflow_session_id, "created_from": created_from, "run_ids": names}
        return self._bytes(_BUNDLES, {name: encode_text(value) for name, value in asked.items() if value is not None})

    def import_bundle(self, data: bytes) -> ImportedBundle:
        """Have a bundle taken in as a whole or not at all; sent again it brings nothing new.

        Raises:
            Forbidden, ProblemError (`BUNDLE_REFUSED`, `BUNDLE_CONFLICT`), Unreachable.
        """
        boundary = uuid.uuid4().hex
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="bundle.zip"\r\n'
            "Content-Type: application/zip\r\n\r\n"
        )
        content = b"".join((head.encode(), data, f"\r\n--{boundary}--\r\n".encode()))
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        response = self._transport.send("POST", _BUNDLES, headers=headers, content=content)
        return cast(ImportedBundle, read_body(response))

    def _bytes(self, path: str, params: dict[str, str] | None = None) -> bytes:
        response = self._transport.send("GET", path, params=params)
        require_success(response)
        return response.content


def _make_tool_path(tool_id: str) -> str:
    """Return the path of a tool, whose id may be any text.

    Raises:
        ValueError: the id could be another path.
    """
    if tool_id in ("", ".", "..") or "/" in tool_id:
        raise ValueError(f"{tool_id[:80]!r} is not an id of a tool.")
    return f"/api/rmos/tools/{quote(tool_id, safe='')}/life"


def _make_candidate_path(run_id: str, candidate_id: str, what: str) -> str:
    word = check_word(candidate_id, "an id of a candidate: that is `mc_` and hex digits")
    return make_path(run_id, f"/manufacturing/candidates/{word}/{what}", base=RUNS)
