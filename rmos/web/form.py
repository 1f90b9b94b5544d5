"""Forms that write: their fields, strictly, and the one-time key by which pressing a button twice is done once.

    make_form_key()                        # hidden in a form when the page is drawn
    fields = read_form(8192)               # every field with all its values
    read_form_idempotency(fields)          # as an Idempotency-Key, with the digest of the other fields

A glove taps twice and a browser sends a form again. Both come with the key of the same drawing of the page.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from flask import request

from rmos import digest
from rmos.errors.request import ValidationFailed
from rmos.http.json_body import limit_body
from rmos.services.artifact import Idempotency

KEY: Final = "key"
"""The field that has the one-time key."""
_KEY_BYTES: Final = 16
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{22}")
"""What `make_form_key` makes of them."""


def make_form_key() -> str:
    """Return a key that no other form has."""
    return secrets.token_urlsafe(_KEY_BYTES)


def read_form(limit_bytes: int) -> dict[str, list[str]]:
    """Return the fields of the form that the running request sends, those that are empty left out.

    Raises:
        PayloadTooLarge: it is larger than such a form can be.
        ValidationFailed: a field holds U+0000.
    """
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
    if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
        raise ValidationFailed.of_request({KEY: ["Open the page again, and send the form from there."]})
    others = {name: list(values) for name, values in fields.items() if name != KEY}
    return Idempotency(key=f"form:{keys[0]}", request_sha256=digest.canonical_sha256(others))
