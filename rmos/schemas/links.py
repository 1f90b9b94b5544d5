"""Signed links: the request for them, and how they are shown."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from marshmallow import Schema, fields, validate

from rmos import ids
from rmos.schemas.fields import Choice, RequestSchema, WholeNumber, digest_field, filename_field, matches
from rmos.services.files.links import DEFAULT_TTL_S, MAX_TTL_S, LinkRequest, MadeLink

MAX_LINKS: Final = 200
_RUN_ID: Final = f"^({ids.ANY_RUN_ID.pattern})$"


class LinkItemSchema(RequestSchema):
    """One requested link."""

    run_id = fields.String(
        required=True,
        validate=matches(_RUN_ID, "the id of a run"),
        metadata={"pattern": _RUN_ID},
    )
    sha256 = digest_field(required=True)
    scope = Choice(
        ("download", "head"),
        load_default="download",
        metadata={"description": "download: GET and HEAD; head: only HEAD"},
    )
    filename = filename_field()


class LinksRequestSchema(RequestSchema):
    """The body of `POST /api/rmos/links`."""

    items = fields.List(fields.Nested(LinkItemSchema), required=True, validate=validate.Length(1, MAX_LINKS))
    ttl_seconds = WholeNumber(load_default=DEFAULT_TTL_S, validate=validate.Range(1, MAX_TTL_S))


class LinkSchema(Schema):
    """A signed link."""

    run_id = fields.String(required=True)
    sha256 = fields.String(required=True)
    scope = fields.String(required=True)
    filename = fields.String(required=True, allow_none=True)
    url = fields.String(required=True, metadata={"description": "Its path at this server"})
    token = fields.String(required=True)
    expires_at_utc = fields.String(required=True)


class LinksSchema(Schema):
    """The links that were signed, and how many were not, by reason."""

    links = fields.List(fields.Nested(LinkSchema), required=True)
    skipped = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


_request = LinksRequestSchema()
_encoder = msgspec.json.Encoder()


def load_links(body: Mapping[str, Any]) -> tuple[list[LinkRequest], int]:
    """Return the links that a body asks for, and for how many seconds.

    Raises:
        ValidationError: naming each member that cannot be taken.
    """
    members = _request.load(body)
    return [LinkRequest(**item) for item in members["items"]], members["ttl_seconds"]


def dump_links(links: Sequence[MadeLink], skipped: Mapping[str, int], *, folder: str) -> bytes:
    """Return the response with signed links.

    Args:
        folder: the path in which clients find them.
    """
    shown = [{**msgspec.structs.asdict(link), "url": f"{folder}/{link.token}"} for link in links]
    return _encoder.encode({"links": shown, "skipped": skipped})
