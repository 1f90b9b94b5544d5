"""Forms that write: their fields, strictly, and what makes pressing a button twice one thing done.

    make_form_key()                        # hidden in a form when the page is drawn
    fields = read_form(8192)               # every field with all its values
    read_form_idempotency(fields)          # as an Idempotency-Key, with the digest of the other fields
    said = take_single(fields)             # {"reason": "…", "version": "7"}
    read_version(said)                     # 7: the If-Match of a form
    read_decimal_field("7,5")              # 7.5; None for what is no plain number
    read_problem(refusal)                  # why it was not taken, for the page that shows the form again

A glove taps twice and a browser sends a form again. Both come with the key, or the version, of the same drawing of the
page.
"""

import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from flask import request
from marshmallow import ValidationError

from rmos import digest
from rmos.errors.base import RmosError
from rmos.errors.request import ValidationFailed
from rmos.http.json_body import limit_body
from rmos.http.problems import flatten_errors
from rmos.models import ROLES, Role
from rmos.services.artifact import Idempotency

KEY: Final = "key"
"""The field that has the one-time key."""
VERSION: Final = "version"
"""The field that says which version of a record the page showed."""
_MOST_DIGITS: Final = 9
_KEY_BYTES: Final = 16
_DECIMAL: Final = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,9})?")
KEY_FORM: Final = re.compile(r"[A-Za-z0-9_-]{22}")
"""What `make_form_key` makes of them."""


def make_form_key() -> str:
    """Return a key that no other form has."""
    return secrets.token_urlsafe(_KEY_BYTES)


def read_form(limit_bytes: int | None = None) -> dict[str, list[str]]:
    """Return the fields of the form that the running request sends, those that are empty left out.

    Args:
        limit_bytes: of the form; None is RMOS_MAX_BODY_BYTES.

    Raises:
        PayloadTooLarge: it is larger than such a form can be.
        ValidationFailed: a field holds U+0000.
    """
    if limit_bytes is not None:
        limit_body(limit_bytes)
    fields = {name: [value for value in values if value] for name, values in request.form.lists()}
    for name, values in fields.items():
        if any("\x00" in text for text in (name, *values)):
            raise ValidationFailed.of_request({name.replace("\x00", "?"): ["Must not hold U+0000."]})
    return {name: values for name, values in fields.items() if values}


def read_form_idempotency(fields: Mapping[str, Sequence[str]]) -> Idempotency:
    """Return the one-time key of a form, with the digest of all else that it sends.

    Raises:
        ValidationFailed: it has none that a page of ours made.
    """
    keys = fields.get(KEY, ())
    if len(keys) != 1 or not KEY_FORM.fullmatch(keys[0]):
        raise ValidationFailed.of_request({KEY: ["Open the page again, and send the form from there."]})
    others = {name: list(values) for name, values in fields.items() if name != KEY}
    return Idempotency(key=f"form:{keys[0]}", request_sha256=digest.canonical_sha256(others))


def take_single(fields: Mapping[str, Sequence[str]], *, verbatim: Collection[str] = ()) -> dict[str, str]:
    """Return the fields of a form that has each of them once, without space around them.

    Args:
        verbatim: fields whose space counts.

    Raises:
        ValidationFailed: one is there twice.
    """
    twice = {name: ["Is given more than once."] for name, values in fields.items() if len(values) > 1}
    if twice:
        raise ValidationFailed.of_request(twice)
    # Browsers send what stands in several lines with CRLF between them.
    sent = {name: values[0].replace("\r\n", "\n") for name, values in fields.items()}
    members = {name: value if name in verbatim else value.strip() for name, value in sent.items()}
    return {name: value for name, value in members.items() if value}


def read_version(fields: Mapping[str, str]) -> int:
    """Return the version of a record that the form was made for.

    Raises:
        ValidationFailed: it says none.
    """
    text = fields.get(VERSION, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise ValidationFailed.of_request({VERSION: ["Open the page again, and send the form from there."]})
    return int(text)


def read_decimal_field(text: str) -> float | None:
    """Return the number that somebody typed, with a point or a comma; None for what is none.

    Python reads more than people write: `1_0` as 10, `1e3`, `nan`, digits of all scripts.
    """
    return float(text.replace(",", ".")) if _DECIMAL.fullmatch(text) else None


class FormProblem(NamedTuple):
    """Why a form was not taken: the status, in a sentence, by field, and the run that was recorded all the same."""

    status: int
    detail: str
    errors: Mapping[str, str]
    run_id: str | None


def read_problem(error: Exception) -> FormProblem:
    """Return what a page says of a refusal."""
    if isinstance(error, ValidationError):
        error = ValidationFailed.of_request(flatten_errors(error))
    assert isinstance(error, RmosError)
    by_field = {name: " ".join(messages) for name, messages in (error.errors or {}).items()}
    run_id = error.members.get("run_id")
    return FormProblem(error.status, error.detail, by_field, run_id if isinstance(run_id, str) else None)


def find_refusal(needed: Role, role: Role) -> str:
    """Return why somebody of this role may not do what takes another one; empty when they may."""
    return "" if ROLES.index(role) >= ROLES.index(needed) else f"takes the role {needed}; you are {role}"
