"""What the storage and the database of a cluster tell while they work, for whoever counts it.

    objects.observer = metrics                       # `rmos.metrics.Metrics` is one
    objects.observer.storage_request("PUT", "ok", 0.012)

Backends begin with `NO_OBSERVER`; those of one host have no requests to count and no such attribute.
"""

from typing import Final, Protocol, runtime_checkable


class Observer(Protocol):
    """Counts what backends that speak to servers do; called from any thread, never raises."""

    def storage_request(self, method: str, outcome: str, seconds: float) -> None:
        """Count one request to object storage.

        Args:
            method: GET, HEAD, PUT, DELETE or LIST.
            outcome: ok, absent, exists, refused, ambiguous or unreachable.
        """

    def breaker(self, is_open: bool) -> None:
        """Note whether requests fail at once for a while, because so many in a row have failed."""

    def spool_bytes(self, used: int) -> None:
        """Note how much the spool holds."""

    def pool_wait(self, seconds: float) -> None:
        """Count one wait for a connection to the database."""


class NoObserver:
    """Counts nothing."""

    def storage_request(self, method: str, outcome: str, seconds: float) -> None:
        """Do nothing."""

    def breaker(self, is_open: bool) -> None:
        """Do nothing."""

    def spool_bytes(self, used: int) -> None:
        """Do nothing."""

    def pool_wait(self, seconds: float) -> None:
        """Do nothing."""


NO_OBSERVER: Final = NoObserver()


@runtime_checkable
class Observable(Protocol):
    """A backend that has something to tell."""

    observer: Observer
