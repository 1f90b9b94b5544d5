"""The store: the one door to the record. Files are the record; the database is only an index.

    store = Store.open(load_settings(), summarise=dump_summary)      # `rmos.store.store`

For scripts the module also has functions on the store that the settings name:

    attachment, key, variant_sha256 = put_svg_attachment("<svg …/>")
    count_runs_filtered(risk_level="RED")
"""

import functools
import os
from typing import Any

import msgspec

from rmos.config import Settings, load_settings
from rmos.errors.request import ValidationFailed
from rmos.models import Attachment
from rmos.row_models import RunQuery
from rmos.store.attachments import Attachments
from rmos.store.store import Store

__all__ = [
    "Store",
    "count_runs_filtered",
    "get_attachment",
    "get_svg_by_sha",
    "put_bytes_attachment",
    "put_json_attachment",
    "put_svg_attachment",
    "put_text_attachment",
]


def count_runs_filtered(**filters: str | int | bool | None) -> int:
    """Count the runs of the store that the settings name; the filters are those of `RunQuery`.

    Raises:
        NoStore: there is no store.
        IndexRebuilding: the index is not complete.
        ValidationFailed: there is no such filter, or it has a value of the wrong type.
    """
    unknown = filters.keys() - set(RunQuery.__struct_fields__)
    if unknown:
        raise ValidationFailed("There is no such filter.", errors={name: ["Unknown."] for name in sorted(unknown)})
    try:
        query = msgspec.convert(filters, RunQuery)
    except msgspec.ValidationError as error:
        raise ValidationFailed(f"A filter cannot be used: {error}.") from None
    store = Store.open(load_settings(), write=False)
    store.trust_index()
    return store.runs.count(query)


# Attachments of the store that the settings name, for scripts


@functools.lru_cache(maxsize=4)
def _open_store(settings: Settings, write: bool, pid: int) -> Store:
    """Return a store that stays open for the next call; after a fork the child opens its own."""
    return Store.open(settings, write=write)


def _attachments(*, write: bool) -> Attachments:
    return _open_store(load_settings(), write, os.getpid()).attachments


def put_bytes_attachment(
    data: bytes, *, kind: str, mime: str = "application/octet-stream", filename: str = "data.bin"
) -> tuple[Attachment, str]:
    """Make bytes durable and return the reference to them and their key (`Attachments.put_bytes`)."""
    return _attachments(write=True).put_bytes(data, kind=kind, mime=mime, filename=filename)


def put_text_attachment(
    text: str, *, kind: str, mime: str = "text/plain", filename: str = "text.txt"
) -> tuple[Attachment, str]:
    """Make a text durable and return the reference to it and its key (`Attachments.put_text`)."""
    return _attachments(write=True).put_text(text, kind=kind, mime=mime, filename=filename)


def put_json_attachment(value: Any, *, kind: str, filename: str = "data.json") -> tuple[Attachment, str]:
    """Make a JSON value durable and return the reference to it and its key (`Attachments.put_json`)."""
    return _attachments(write=True).put_json(value, kind=kind, filename=filename)


def put_svg_attachment(
    svg_text: str, *, kind: str = "svg_variant", filename: str = "variant.svg", validate: bool = True
) -> tuple[Attachment, str, str]:
    """Make a drawing durable and return the reference to it, its key and its digest (`Attachments.put_svg`)."""
    return _attachments(write=True).put_svg(svg_text, kind=kind, filename=filename, validate=validate)


def get_attachment(sha256: str) -> bytes:
    """Return the bytes under a digest (`Attachments.get`)."""
    return _attachments(write=False).get(sha256)


def get_svg_by_sha(sha256: str) -> str | None:
    """Return the text of a drawing, or None (`Attachments.get_svg`)."""
    return _attachments(write=False).get_svg(sha256)
