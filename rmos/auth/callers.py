"""The tokens of the store in memory, read again every two seconds: a revocation reaches every worker within five.

    callers = Callers(tokens, local_mode=True)
    callers.read_table().local                                 # True while no token is needed
    callers.read_table().authenticate(token_id, secret, us)    # the Caller, or raises Unauthenticated

All tokens are read at once, so a wrong guess costs what a right one costs, whether its id is known or not: one
SHA-256, one look-up, one comparison in constant time. When the disk is read, the clock decides, never a client.

A host that does not reach its object storage goes on with what it read last, for ten minutes: it cannot write then, and
its lists, which need no object, would else end with the storage.
"""

import hmac
import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from rmos import digest, ids
from rmos.errors.callers import Unauthenticated
from rmos.errors.store import ObjectUnreadable, StorageUnavailable
from rmos.models import Role, Token
from rmos.store.tokens import Tokens, find_span_us

FRESH_S: Final = 2.0
"""How long what was read is taken as it is (RMOS policy); with the time to read it, well within five seconds."""
_STALE_S: Final = 4.0
"""How old it may grow while another thread is reading; from here on a request waits for that."""
KEPT_S: Final = 600.0
"""How old it may grow while the object storage is away (RMOS policy): so long a revocation may go unheard of."""
_QUICK_S: Final = 2.0
"""Who has waited longer for a storage that is away is not made to wait for it once more, and told so."""


class Caller(NamedTuple):
    """Who calls, with what rights."""

    name: str
    role: Role
    token_id: str | None = None


LOCAL: Final = Caller("local", "operator")
"""Each program on this machine while there are no tokens."""


class KnownToken(NamedTuple):
    """What is held of a token in memory."""

    caller: Caller
    secret_sha256: str
    made_us: int
    span_us: int | None
    """How long it lasts; None is until it is revoked."""
    revoked: bool


_UNKNOWN: Final = KnownToken(Caller("", "viewer"), digest.NO_DIGEST, 0, None, True)
"""What an unknown id is compared with: no secret has this digest, as far as anybody knows, and it is revoked."""


class CallerTable(NamedTuple):
    """The tokens as they were at one moment."""

    local: bool
    known: dict[str, KnownToken]
    unavailable: frozenset[str]
    """Tokens that the storage did not give: they may be in force, or revoked, and nobody knows."""
    read_at: float
    """When they were read, or could not be read again."""
    known_at: float
    """When they were read."""

    def serves_meanwhile(self, now: float) -> bool:
        """Tell whether it may be used while it is being read again, which takes long where the storage is away."""
        was_away = self.read_at > self.known_at
        return now - self.known_at < KEPT_S if was_away else now - self.read_at < _STALE_S

    def authenticate(self, token_id: str, secret: str, now_us: int) -> Caller:
        """Return who sent an id with its secret.

        Raises:
            Unauthenticated: the secret is wrong; or the token is revoked or expired, which only its holder learns.
            StorageUnavailable: the token cannot be read just now.
        """
        self._require_available(token_id)
        known = self.known.get(token_id, _UNKNOWN)
        if not hmac.compare_digest(digest.sha256_hex(secret.encode()), known.secret_sha256) or known is _UNKNOWN:
            raise Unauthenticated("The token is not known.")
        return _require_in_force(known, now_us)

    def find_caller(self, token_id: str, now_us: int) -> Caller:
        """Return who has a token that was authenticated before, as a cookie proves.

        Raises:
            Unauthenticated: it is unknown, revoked or expired.
            StorageUnavailable: it cannot be read just now.
        """
        self._require_available(token_id)
        known = self.known.get(token_id)
        if known is None:
            raise Unauthenticated("The token of this sign-in is not known any more.")
        return _require_in_force(known, now_us)

    def _require_available(self, token_id: str) -> None:
        if token_id in self.unavailable:
            raise StorageUnavailable("The token cannot be read just now, so its holder is not let in.")


def _require_in_force(known: KnownToken, now_us: int) -> Caller:
    if known.revoked:
        raise Unauthenticated("The token was revoked.")
    if known.span_us is not None and not ids.is_within(known.made_us, known.span_us, now_us):
        raise Unauthenticated("The token has expired.")
    return known.caller


class Callers:
    """The table of one process, read again when it is old."""

    def __init__(self, tokens: Tokens, *, local_mode: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._tokens = tokens
        self._local_mode = local_mode
        self._clock = clock
        self._lock = threading.Lock()
        self._table: CallerTable | None = None

    def read_table(self) -> CallerTable:
        """Return the tokens as they are, or were at most five seconds ago; ten minutes where the storage is away.

        Raises:
            StorageFailed: they cannot be read, so nobody is let in.
        """
        table, now = self._table, self._clock()
        if table is not None and now - table.read_at < FRESH_S:
            return table
        if not self._lock.acquire(blocking=table is None or not table.serves_meanwhile(now)):
            assert table is not None
            return table  # another thread is reading it
        try:
            table = self._table
            if table is None or self._clock() - table.read_at >= FRESH_S:
                table = self._table = self._read_tokens(table)
            return table
        finally:
            self._lock.release()

    def _read_tokens(self, before: CallerTable | None) -> CallerTable:
        read_at = self._clock()
        try:
            records = self._tokens.list_all()
        except ObjectUnreadable as error:
            raise StorageUnavailable(f"The tokens cannot be read, so nobody is let in. {error.detail}") from None
        except StorageUnavailable:
            now = self._clock()
            if before is None or now - before.known_at >= KEPT_S:
                raise
            self._table = before._replace(read_at=now)
            if now - read_at >= _QUICK_S:
                raise
            return self._table
        known = {record.token_id: _know_token(record.token) for record in records if record.token is not None}
        unavailable = frozenset(record.token_id for record in records if record.is_unavailable)
        return CallerTable(self._local_mode and not records, known, unavailable, read_at, read_at)


def _know_token(token: Token) -> KnownToken:
    return KnownToken(
        caller=Caller(token.name, token.role, token.token_id),
        secret_sha256=token.secret_sha256,
        made_us=ids.parse_utc(token.created_at_utc),
        span_us=find_span_us(token),
        revoked=token.revoked_at_utc is not None,
    )
