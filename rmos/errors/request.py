"""What is wrong with what a client sent: JSON, parameters, headers, forms.

    raise ValidationFailed("See errors.", errors={"limit": ["Must be 1 to 200."]})

A caller can mend each of these without help, so each says what to send instead.
"""

from typing import Final

from rmos.errors.base import RmosError

_LONGEST: Final = 300
"""Characters of a `detail` that names what a client sent."""


class BadJson(RmosError):
    """The body is not strict JSON: syntax, NaN, duplicate keys, encoding, depth or a number out of range."""

    code, title, status, exit_code = "BAD_JSON", "Malformed JSON", 400, 2
    remedy = "Send one JSON object in UTF-8: every member once, no NaN or Infinity, whole numbers within 2^53."


class BadCursor(RmosError):
    """The cursor was not made by this service or was damaged on the way."""

    code, title, status, exit_code = "BAD_CURSOR", "Bad cursor", 400, 2
    remedy = "Use next_cursor as it was given, or start the list again without a cursor."


class BadHeader(RmosError):
    """A request header has a value that cannot be used."""

    code, title, status = "BAD_HEADER", "Bad header", 400
    remedy = "Send the header as `detail` describes it, or leave it out."


class BadBase64(RmosError):
    """`b64` is not base64 (RFC 4648, with padding)."""

    code, title, status = "BAD_ENCODING", "Bad base64", 400
    remedy = "Encode the bytes as base64 without line breaks, or send them as multipart/form-data."


class BadForm(RmosError):
    """The multipart body is not as RFC 7578 has it, or broke off; nothing was stored."""

    code, title, status = "BAD_FORM", "Malformed form", 400
    remedy = "Send one part `file` with a file name, and the text parts `kind`, `sha256` and `metadata` as they apply."


class ValidationFailed(RmosError):
    """Fields or parameters are unknown, of the wrong type or out of range; `errors` names each."""

    code, title, status, exit_code = "VALIDATION_FAILED", "Validation failed", 422, 2
    remedy = "Correct the fields or parameters that `errors` names; the document at /api/openapi.json lists them all."

    @classmethod
    def of_request(cls, errors: dict[str, list[str]]) -> "ValidationFailed":
        """Return the error of a request; its detail has the first of `errors` and how many more there are."""
        (name, messages), *others = errors.items()
        first = f"Request validation failed: {name}: {messages[0]}"[:_LONGEST]
        return cls(f"{first} ({len(others)} more in `errors`)" if others else first, errors=errors)


class PromptEmpty(RmosError):
    """A prompt has no word that could be understood; the message gives examples."""

    code, title, status, exit_code = "PROMPT_EMPTY", "Empty prompt", 400, 2
    remedy = "Name at least one thing to draw, as the examples in `detail` do."


class IdempotencyKeyReused(RmosError):
    """The Idempotency-Key was used before with another body."""

    code, title, status = "IDEMPOTENCY_KEY_REUSED", "Idempotency-Key used with another body", 422
    remedy = "Send a new key with a new body; repeat a key only with the body that it came with first."


class PayloadTooLarge(RmosError):
    """The body is above the limit."""

    code, title, status = "PAYLOAD_TOO_LARGE", "Payload too large", 413
    remedy = "Send less than `limit_bytes`; large G-code belongs into an attachment."


class UnsupportedMediaType(RmosError):
    """The body's type is not the one that the route reads."""

    code, title, status = "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type", 415
    remedy = "Name what the body is: Content-Type: application/json."
