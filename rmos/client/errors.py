"""What can go wrong for a client, as one tree of its own: it must load where nothing of the service is installed.

    try:
        rmos.run(run_id)
    except RunDeleted as gone:
        gone.members["deleted_by"]
    except ProblemError as problem:          # any other response that is an error
        problem.code, problem.detail, problem.request_id
    except Unreachable:                      # no response, after all retries
        ...

The codes that programs act on have classes; every problem, known or not, is a `ProblemError` with its code.
"""

from typing import Any, ClassVar


class ClientError(Exception):
    """Base of the tree."""


class Unreachable(ClientError):
    """The service did not answer, or the response broke off, after all retries."""


class BadAnswer(ClientError):
    """What answered is not RMOS, or something between changed the response."""


class DigestMismatch(BadAnswer):
    """The bytes that arrived do not have the digest that goes with them."""


class ProblemError(ClientError):
    """The service refused the request (RFC 9457)."""

    codes: ClassVar[tuple[str, ...]] = ()
    """The codes of this class; those without one of their own are of the base."""

    def __init__(self, status: int, problem: dict[str, Any], retry_after_s: float | None = None) -> None:
        self.status = status
        self.code = str(problem.get("error", f"HTTP_{status}"))
        self.title = str(problem.get("title", ""))
        self.detail = str(problem.get("detail", ""))
        self.request_id: str | None = problem.get("request_id")
        """What an operator finds the request by in the log."""
        self.errors: dict[str, list[str]] = problem.get("errors") or {}
        """The fields or parameters that were refused, and why."""
        self.members = problem
        """The whole problem, with the ids that are concerned."""
        self.retry_after_s = retry_after_s
        super().__init__(f"{self.code} ({status}): {self.detail or self.title}")

    def __reduce__(self) -> tuple[object, ...]:
        """Let worker processes hand a problem back whole."""
        return type(self), (self.status, self.members, self.retry_after_s)


class ValidationFailed(ProblemError):
    """Something that was sent cannot be taken: `errors` names it."""

    codes = ("VALIDATION_FAILED", "BAD_JSON", "BAD_CURSOR", "BAD_HEADER")


class IdempotencyKeyReused(ProblemError):
    """The Idempotency-Key was used before with another body."""

    codes = ("IDEMPOTENCY_KEY_REUSED",)


class Unauthenticated(ProblemError):
    """The service wants a token, or does not know this one."""

    codes = ("UNAUTHENTICATED",)


class Forbidden(ProblemError):
    """The token's role may not do this."""

    codes = ("FORBIDDEN",)


class RunNotFound(ProblemError):
    """No run has this id."""

    codes = ("RUN_NOT_FOUND",)


class RunDeleted(ProblemError):
    """The run was deleted; `members` says who, when and why."""

    codes = ("RUN_DELETED",)


class RecordDamaged(ProblemError):
    """The stored record is corrupt: an operator should run `rmos verify`."""

    codes = ("RECORD_DAMAGED",)


class TooManyRequests(ProblemError):
    """The caller is to wait; the retries waited as long as they may."""


class Unavailable(ProblemError):
    """The service cannot do this just now; the retries were used up."""


_BY_CODE = {code: kind for kind in ProblemError.__subclasses__() for code in kind.codes}
_BY_STATUS: dict[int, type[ProblemError]] = {
    401: Unauthenticated,
    403: Forbidden,
    429: TooManyRequests,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def make_problem_error(status: int, problem: dict[str, Any], retry_after_s: float | None = None) -> ProblemError:
    """Return the exception for a response: by its code, else by its status."""
    kind = _BY_CODE.get(str(problem.get("error"))) or _BY_STATUS.get(status, ProblemError)
    return kind(status, problem, retry_after_s)
