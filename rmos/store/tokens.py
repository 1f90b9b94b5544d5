"""Tokens: who may call the service. Each is a record of events, of which the first makes it and another may revoke it.

    token, bearer = store.tokens.create("anna", "operator", expires_at_utc=None, actor=actor, us=us)
    bearer                                   # rmos_<id>_<secret>: shown once, kept nowhere
    store.tokens.revoke(token.token_id, actor=actor, us=us)

Of the secret only the SHA-256 is kept: 256 random bits cannot be guessed from it, so no slow hash is needed. A token
is never deleted, so a store that ever had one never goes back to serving everybody on this machine. One whose record
is damaged lets nobody in.
"""

import re
import secrets
import unicodedata
from typing import Final, Literal, NamedTuple

import msgspec

from rmos import digest, ids
from rmos.config import Settings
from rmos.errors.callers import TokenNotFound
from rmos.errors.records import VersionConflict
from rmos.errors.request import ValidationFailed
from rmos.errors.store import ObjectUnreadable
from rmos.models import Actor, Digest, Event, Role, Token
from rmos.objects import open_objects
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.append import append
from rmos.store.history import ReadObject, read_chain
from rmos.store.read_ahead import read_ahead
from rmos.store.records import Damage, UnavailableDamage, raise_problem

BEARER: Final = re.compile(r"rmos_([a-z0-9]{1,32})_([A-Za-z0-9_-]{43})")
"""What a caller sends; 43 signs of base64url are 256 bits."""
_ID_BYTES: Final = 6
_SECRET_BYTES: Final = 32
_LONGEST_NAME: Final = 64
_RESERVED: Final = ("local", "cli:")
"""What the service calls those who need no token, and how the names of commands' users begin."""


class TokenRecord(NamedTuple):
    """A token's events as they were read: the token, or what is wrong with its record."""

    token_id: str
    version: int
    last_sha256: str | None
    token: Token | None
    damage: Damage | None = None

    @property
    def record_id(self) -> str:
        """What its files are named after."""
        return f"tok_{self.token_id}"

    @property
    def folder(self) -> str:
        """Where they stand."""
        return layout.TOKENS

    @property
    def is_unavailable(self) -> bool:
        """Whether the storage did not give a part of it: asked again, it may."""
        return isinstance(self.damage, UnavailableDamage)


class _Created(msgspec.Struct, frozen=True, kw_only=True):
    """What the first event of a token says."""

    name: str
    role: Role
    secret_sha256: Digest
    expires_at_utc: str | None


class Tokens:
    """The tokens of one store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._whole: dict[str, TokenRecord] = {}
        """Records that were listed and found whole: an event never changes, so another one alone changes them."""

    def has_any(self) -> bool:
        """Tell whether a token was ever made, be its record whole or not; what cannot be looked at counts as a yes."""
        try:
            return any(map(layout.TOKEN_EVENT.pattern.fullmatch, self._objects.names(layout.TOKENS)))
        except ObjectUnreadable:
            return True

    def list_all(self) -> list[TokenRecord]:
        """Return every token with what is wrong with it, by id.

        Where a read is a request to another machine, only what has new events since it was last listed, or was not
        whole then, is read again; on a disk all of it is, so that what was altered in place is seen.

        Raises:
            ObjectUnreadable: the folder cannot be listed.
        """
        found = layout.list_records(layout.TOKEN_EVENT, self._names)
        known = {
            record_id: record
            for record_id, record in self._whole.items()
            if self._objects.works_with == "threads" and found.get(record_id) == tuple(range(1, record.version + 1))
        }
        keys = [
            layout.event_key(layout.TOKENS, record_id, number)
            for record_id, numbers in found.items()
            if record_id not in known
            for number in numbers
        ]
        read = read_ahead(self._objects, keys)
        records = [known.get(record_id) or _read(read, record_id, numbers) for record_id, numbers in found.items()]
        self._whole = {record.record_id: record for record in records if record.damage is None}
        return records

    def get(self, token_id: str) -> TokenRecord:
        """Return one token with what is wrong with it.

        Raises:
            TokenNotFound: there is none of this id.
        """
        record_id = f"tok_{token_id}"
        numbers = layout.list_numbers(
            lambda: layout.sort_out_events(layout.TOKEN_EVENT, self._names(f"{record_id}.")).get(record_id, ())
        )
        if not numbers:
            raise TokenNotFound("There is no token with this id.", token_id=token_id)
        return _read(self._objects.read, record_id, numbers)

    def create(self, name: str, role: Role, *, expires_at_utc: str | None, actor: Actor, us: int) -> tuple[Token, str]:
        """Make a token durable and return it with what its caller sends, which is kept nowhere.

        Args:
            name: who calls, as it will stand in runs, events and audits; two tokens of one name are one caller.
            expires_at_utc: the moment from which it is refused; None is never.

        Raises:
            ValidationFailed: the name cannot be used.
            OutOfSpace, StoreReadOnly, StorageFailed.
        """
        _check_name(name)
        token_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
        created = _Created(
            name=name, role=role, secret_sha256=digest.sha256_hex(secret.encode()), expires_at_utc=expires_at_utc
        )

        def decide(record: TokenRecord) -> dict[str, str | None]:
            if record.version:
                raise VersionConflict("Another token took this id just now; try again.", token_id=token_id)
            return {name: getattr(created, name) for name in created.__struct_fields__}

        _, event, _ = append(
            self._objects,
            "create",
            decide,
            read=lambda _: self.get(token_id),
            actor=actor,
            us=us,
            seen=TokenRecord(token_id, 0, None, None),
        )
        assert event is not None  # it is always decided for
        return fold_token(token_id, [event]), f"rmos_{token_id}_{secret}"

    def revoke(self, token_id: str, *, actor: Actor, us: int) -> Token:
        """End a token for good; one that was revoked already stays as it is.

        Raises:
            TokenNotFound: there is none of this id.
            Damage: its record cannot be read; it lets nobody in as it is.
            OutOfSpace, StoreReadOnly, StorageFailed.
        """

        def decide(record: TokenRecord) -> dict[str, str] | None:
            return None if _require_whole(record).revoked_at_utc is not None else {}

        before, event, _ = append(
            self._objects, "revoke", decide, read=lambda _: self.get(token_id), actor=actor, us=us
        )
        token = _require_whole(before)
        return token if event is None else _apply_revocation(token, event)

    def _names(self, beginning: str = "") -> list[str]:
        return self._objects.names(layout.TOKENS, beginning)


def _read(read: ReadObject, record_id: str, numbers: tuple[int, ...]) -> TokenRecord:
    token_id = record_id.removeprefix("tok_")
    chain = read_chain(read, layout.TOKENS, record_id, numbers, of="token")
    if chain.problems:
        # What the storage did not give may be all that is wrong, also where the next event seems to follow nothing.
        damages = [problem.damage for problem in chain.problems]
        unavailable = (damage for damage in damages if isinstance(damage, UnavailableDamage))
        return TokenRecord(token_id, numbers[-1], None, None, next(unavailable, damages[0]))
    try:
        return TokenRecord(token_id, len(chain.events), chain.last_sha256, fold_token(token_id, chain.events))
    except Damage as damage:
        return TokenRecord(token_id, numbers[-1], None, None, damage)


def open_tokens(settings: Settings) -> Tokens:
    """Return the tokens of the store that the settings name, to be read; nothing is made, also where no store is."""
    return Tokens(open_objects(settings.runs_dir, s3=settings.s3_options))


def fold_token(token_id: str, events: list[Event]) -> Token:
    """Return the token that its events make, by number.

    Raises:
        Damage: token_corrupt: they do not make one.
    """
    first, *others = events
    try:
        if first.kind != "create":
            raise Damage("token_corrupt", f"the token's first event is called {first.kind}, not create")
        created = msgspec.convert(first.data, _Created)
        ids.parse_utc(first.created_at_utc)
        if created.expires_at_utc is not None:
            ids.parse_utc(created.expires_at_utc)
    except ValueError as error:  # also msgspec's
        raise Damage("token_corrupt", f"the event that made the token cannot be used: {error}") from None
    token = Token(
        token_id=token_id,
        name=created.name,
        role=created.role,
        secret_sha256=created.secret_sha256,
        created_at_utc=first.created_at_utc,
        created_by=first.actor,
        expires_at_utc=created.expires_at_utc,
    )
    for event in others:
        if event.kind != "revoke":  # whatever it means, a token that is not understood is not let in
            raise Damage("token_corrupt", f"event {event.number} of the token is called {event.kind}")
        token = _apply_revocation(token, event)
    return token


def _apply_revocation(token: Token, event: Event) -> Token:
    if token.revoked_at_utc is not None:
        return token
    return msgspec.structs.replace(token, revoked_at_utc=event.created_at_utc, revoked_by=event.actor)


def _require_whole(record: TokenRecord) -> Token:
    if record.damage is not None:
        raise_problem(record.damage)
    assert record.token is not None
    return record.token


def _check_name(name: str) -> None:
    """Refuse a name that could be taken for another's, or that a line of a log could not show."""
    wrong = None
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable() or name != name.strip():
        wrong = f"A name has 1 to {_LONGEST_NAME} printable characters and no space at either end."
    elif unicodedata.normalize("NFKC", name) != name:
        wrong = "Write the name in its plain form (Unicode NFKC)."
    elif name.casefold().startswith(_RESERVED):
        wrong = f"Names that begin with {' or '.join(_RESERVED)} are the service's own."
    if wrong is not None:
        raise ValidationFailed("A token cannot have this name.", errors={"name": [wrong]})


def token_state(token: Token, now_us: int) -> Literal["in force", "expired", "revoked"]:
    """Return whether a token is taken at a moment, or why not."""
    if token.revoked_at_utc is not None:
        return "revoked"
    span_us = find_span_us(token)
    if span_us is None or ids.is_within(ids.parse_utc(token.created_at_utc), span_us, now_us):
        return "in force"
    return "expired"


def find_span_us(token: Token) -> int | None:
    """Return how long a token lasts from when it was made, or None when it lasts until it is revoked."""
    if token.expires_at_utc is None:
        return None
    return ids.parse_utc(token.expires_at_utc) - ids.parse_utc(token.created_at_utc)
