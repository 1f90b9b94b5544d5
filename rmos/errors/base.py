"""The root of the error tree: what every error of RMOS carries to HTTP and to the command line.

    error = RunNotFound("There is no run with this id.", run_id=run_id)
    error.code, error.status, error.exit_code, error.members    # 'RUN_NOT_FOUND', 404, 1, {'run_id': ...}

An error comes back from the worker processes of verify whole: it can be pickled with its members.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

ErrorMember = str | int | Sequence[str] | Sequence[dict[str, Any]] | None
"""What identifies what an error is about, beside its sentence."""


class RmosError(Exception):
    """Base of the tree: a sentence for people and the members that identify what is concerned."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    title: ClassVar[str] = "Internal error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    remedy: ClassVar[str] = "Give the request id to an operator; the log tells more under it."
    """What whoever meets the error can do; shown at `/problems/<code>`."""
    headers: ClassVar[Mapping[str, str]] = {}
    """What HTTP asks an answer of this status to carry."""

    def __init__(
        self,
        detail: str,
        *,
        errors: dict[str, list[str]] | None = None,
        retry_after_s: int | None = None,
        **members: ErrorMember,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s
        self.members = members

    def __reduce__(self) -> tuple[object, ...]:
        """Let worker processes hand an error back whole."""
        return (_rebuild, (type(self), self.detail, self.errors, self.retry_after_s, self.members))


def _rebuild(
    kind: type[RmosError],
    detail: str,
    errors: dict[str, list[str]] | None,
    retry_after_s: int | None,
    members: dict[str, ErrorMember],
) -> RmosError:
    return kind(detail, errors=errors, retry_after_s=retry_after_s, **members)


def every_error() -> Iterator[type[RmosError]]:
    """Yield each class of the tree, the base first, of whichever module of the package."""
    for module in pkgutil.iter_modules(importlib.import_module("rmos.errors").__path__, "rmos.errors."):
        importlib.import_module(module.name)
    todo: list[type[RmosError]] = [RmosError]
    while todo:
        kind = todo.pop(0)
        yield kind
        # A class that has two bases of the tree comes with the first of them.
        todo += [below for below in kind.__subclasses__() if below.__base__ is kind]
