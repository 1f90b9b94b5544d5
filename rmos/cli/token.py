"""`rmos token`: make, list and revoke the tokens by which callers are known."""

import re
from typing import Any, Final

import click
from flask.cli import with_appcontext

from rmos import ids
from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.opening import command_actor, open_for_reading, open_for_writing, open_or_create
from rmos.cli.output import emit, json_option, say, say_table
from rmos.cli.tables import Column
from rmos.cli.types import parse_span
from rmos.models import ROLES, Role
from rmos.schemas.access import describe_record, describe_token, state_unread
from rmos.store.tokens import TokenRecord, token_state

_COLUMNS: Final = (
    Column("ID"),
    Column("ROLE"),
    Column("STATE"),
    Column("EXPIRES"),
    Column("MADE BY", spare=True),
    Column("NAME"),
)
_ID: Final = re.compile(r"(?:tok_|rmos_)?([a-z0-9]{1,32})")


class Span(click.ParamType[int]):
    """A length of time in microseconds: `12h`, `90d`, `4w`, `1y`."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the microseconds that the text names."""
        if isinstance(value, int):
            return value
        span = parse_span(value)
        if span is None:
            self.fail(f"{value!r} is no length of time; write it like 12h, 90d, 4w or 1y.", param, ctx)
        return span


class TokenId(click.ParamType[str]):
    """The id of a token, with or without what stands before it in files and in what callers send."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the bare id; a whole token is refused without being shown again."""
        match = _ID.fullmatch(value)
        if match is None:
            self.fail("an id has small letters and digits only; `rmos token list` shows it.", param, ctx)
        return match[1]


@click.group("token")
def token() -> None:
    """Make, list and revoke the tokens of callers.

    As long as no token was ever made, the service serves this machine only
    and asks nobody who they are. The first token ends that, within seconds
    and for good: from then on every request needs one.
    """


@token.command("create")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(ROLES, case_sensitive=False),
    required=True,
    help="viewer reads, recorder also records, operator also approves and deletes, admin may everything.",
)
@click.option("--expires", type=Span(), metavar="SPAN", help="Refuse it after 12h, 90d, 4w, 1y; default: never.")
@json_option
@with_appcontext
def create(name: str, role: Role, expires: int | None, as_json: bool) -> int:
    """Make a token for NAME and show it, this once.

    NAME is what stands in runs, events and audits. Two tokens of one name
    are one caller, so a token is replaced by making the next one under the
    same name and revoking the old one. The secret is kept nowhere and is
    never shown again. Makes the store's folder when there is none.

    \b
    Exit codes: 0 made; 1 it could not be written, 2 usage, such as a name
    that cannot be used.
    """
    us = ids.now_us()
    store = open_or_create()
    made, bearer = store.tokens.create(
        name,
        role,
        expires_at_utc=None if expires is None else ids.utc_text(us + expires),
        actor=command_actor(ids.new_request_id()),
        us=us,
    )
    if as_json:
        emit({**describe_token(made, us), "token": bearer})
        return DONE
    until = f"until {made.expires_at_utc[:16].replace('T', ' ')} UTC" if made.expires_at_utc else "until it is revoked"
    say(f"Made a token for {made.name}, role {made.role}, {until}. It is not shown again:", err=True)
    say(bearer)
    return DONE


@token.command("list")
@json_option
@with_appcontext
def list_tokens(as_json: bool) -> int:
    """List all tokens, also those that are over; never a secret.

    \b
    Exit codes: 0 listed; 1 the disk did not give all of them; 10 no store
    there.
    """
    us = ids.now_us()
    records = open_for_reading().tokens.list_all()
    code = FINDINGS if any(record.is_unavailable for record in records) else DONE
    if as_json:
        emit({"items": [describe_record(record, us) for record in records]})
    elif records:
        say_table(_COLUMNS, [_row(record, us) for record in records])
    else:
        say("No token was ever made: the service serves this machine only, and everybody on it.")
    return code


@token.command("revoke")
@click.argument("token_id", metavar="ID", type=TokenId())
@json_option
@with_appcontext
def revoke(token_id: str, as_json: bool) -> int:
    """End the token ID for good; every worker refuses it within 5 seconds.

    What its holder did stays as it is; a revoked token never comes back.

    \b
    Exit codes: 0 revoked, also when it was before; 1 there is no such token
    or its record is damaged (then it lets nobody in), 2 usage, 10 no store
    there.
    """
    us = ids.now_us()
    ended = open_for_writing().tokens.revoke(token_id, actor=command_actor(ids.new_request_id()), us=us)
    if as_json:
        emit(describe_token(ended, us))
    else:
        say(f"Revoked the token {ended.token_id} of {ended.name}. Every worker refuses it within 5 seconds.")
    return DONE


def _row(record: TokenRecord, us: int) -> list[str]:
    made = record.token
    if made is None:
        return [record.token_id, "", state_unread(record), "", "", str(record.damage)]
    expires = (made.expires_at_utc or "never")[:10]
    return [made.token_id, made.role, token_state(made, us), expires, made.created_by, made.name]
