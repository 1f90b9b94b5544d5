"""The vocabulary of damage: each kind of finding, what to do next when it is met, and what a check hands back.

tally = Tally()
tally.count("runs")
tally.find("corrupt", "2025-12-23/run_….json", "the artifact's bytes do not match its `_sha256`", run_id)
tally.counts["runs"], tally.findings[0].next
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from rmos.models import Finding
from rmos.store.history import RecordProblem

_RESTORE = "restore the file from a back-up; `rmos repair` moves the damaged one to quarantine"
_REINDEX = "run `rmos rebuild`, or `rmos repair`"
_BY_HAND = "look at it by hand; RMOS never moves what vouches for itself"

NEXT: Final[dict[str, str]] = {
    "missing": "restore the file from a back-up, then `rmos rebuild`; `rmos repair --remove-missing` drops the row",
    "orphaned": _REINDEX,
    "index_missing": "start the service, or run `rmos rebuild`",
    "index_unreadable": _REINDEX,
    "index_stale": _REINDEX,
    "index_altered": _REINDEX,
    "corrupt": _RESTORE,
    "undecodable": _RESTORE,
    "unreadable": "check the file's owner and permissions, and the disk",
    "not_a_file": "look at what stands there; `rmos repair` moves it to quarantine",
    "newer_schema": "use the release of RMOS that wrote it",
    "altered": "compare it with a back-up; `rmos rebuild` takes it as it is now",
    "misnamed": _BY_HAND,
    "misplaced": "move it to the folder of its date (`mv -n`), then `rmos rebuild`; is its place taken, compare them",
    "duplicate": _BY_HAND,
    "feasibility_mismatch": _BY_HAND,
    "inputs_mismatch": _BY_HAND,
    "event_corrupt": "restore the event from a back-up; events are never moved",
    "event_hole": "restore the missing event from a back-up",
    "event_missing": "restore the missing event from a back-up",
    "event_chain_broken": "restore the run's artifact and events together from one back-up",
    "event_without_run": "restore the run's artifact from a back-up",
    "link_without_run": "restore the run's artifact from a back-up; the link itself is whole",
    "link_unreadable": "restore the advisory link from a back-up",
    "parent_missing": "restore the parent run's artifact from a back-up",
    "blob_missing": "restore the blob from a back-up",
    "blob_corrupt": "restore the blob from a back-up",
    "legacy_json_digest": "nothing: the earlier system named JSON blobs after another form of the same value",
    "claim_corrupt": "restore the claim from a back-up; until then its Idempotency-Key cannot be used",
    "token_corrupt": "restore the token's events from one back-up, or make another token: this one lets nobody in",
    "tool_corrupt": "restore the tool's events from one back-up; until then nobody knows when it was new",
    "audit_corrupt": "restore the audit record from a back-up; it is the only trace of what was turned down",
    "delete_unfinished": "run `rmos repair`, which erases the artifact, or the same `rmos delete` again",
    "earlier_index_unreadable": "restore `_index.json` from a back-up: it is the only trace of earlier soft deletes",
    "stray": "move it out of the store if it does not belong there",
    "logged_altered": "restore it from a back-up: it is not what was recorded",
    "logged_missing": "restore it from a back-up, or find out who removed it",
    "log_altered": "restore the log's object from a back-up; a tile is made again by `rmos repair`",
    "log_short": "restore the log from a back-up: somebody cut it back; the last checkpoint alone is made by "
    "`rmos evidence append`",
    "log_forked": "keep both files: together they prove that two logs were shown",
    "checkpoint_unsigned": "find out which key is right, and compare it with the one that was printed",
    "key_replaced": "compare the verifier key by telephone with whoever keeps it",
    "log_overdue": "run `rmos evidence append`; is the key there, and does the service run?",
    "logged_late": "nothing, when it was an import or a clock; otherwise somebody dated it back",
    "unloggable": "nothing: the log speaks for the run's other files, and not for a legacy link of such a name",
    "logged_set_aside": "nothing: repair, or the rollback of a migration, said so before",
    "too_few_runs": "check that RMOS_RUNS_DIR names the store that was meant",
}
"""What an operator should do about each kind of finding."""

NOT_FAULTS: Final = frozenset({"legacy_json_digest", "logged_late", "logged_set_aside", "unloggable"})
"""Kinds that are reported and leave the store healthy."""
MISPLACED: Final = frozenset({"misplaced", "misnamed", "duplicate"})
UNREADABLE: Final = frozenset({"corrupt", "undecodable", "unreadable", "not_a_file", "newer_schema", "event_corrupt"})


def escape_path(path: str) -> str:
    """Return a path as findings show it: odd bytes in names are escaped."""
    return path.encode("utf-8", "backslashreplace").decode()


def make_finding(kind: str, path: str, detail: str, run_id: str | None = None) -> Finding:
    """Return a finding with its next step."""
    return Finding(kind=kind, path=escape_path(path), detail=detail, next=NEXT[kind], run_id=run_id)


class Tally:
    """What a check has counted and found."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.findings: list[Finding] = []
        self.lines: list[bytes] = []
        """What was read, as lines of the log, where that is checked too; not added up."""

    def count(self, what: str, number: int = 1) -> None:
        """Count some of a kind; what is not there gets no count."""
        if number:
            self.counts[what] += number

    def find(self, kind: str, path: str, detail: str, run_id: str | None = None) -> None:
        """Add a finding."""
        self.findings.append(make_finding(kind, path, detail, run_id))

    def find_problems(self, problems: Iterable[RecordProblem]) -> None:
        """Add what is wrong with a record."""
        for key, damage in problems:
            self.find(damage.kind, key, damage.detail)

    def add(self, other: "Tally") -> None:
        """Add what another check has counted and found."""
        self.counts.update(other.counts)
        self.findings.extend(other.findings)
