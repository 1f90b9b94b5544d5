"""Attachments: what is put is a blob under its SHA-256, and what a run keeps of it is a reference.

    attachment, key = store.attachments.put_bytes(data, kind="gcode", mime="text/x.gcode", filename="top.nc")
    attachment, key, variant_sha256 = store.attachments.put_svg("<svg …/>")
    store.attachments.get_svg(variant_sha256)

A blob is durable before anything names it. The same bytes again are the same blob: nothing is written twice.
"""

from typing import Any, Final

from rmos import digest, ids
from rmos.errors.files import AttachmentNotFound, SvgRefused
from rmos.models import Attachment
from rmos.store.blobs import Blobs
from rmos.store.layout import blob_folder_key
from rmos.svg import validate_svg

SVG: Final = "image/svg+xml"


class Attachments:
    """Puts whole values and gets them back; what comes in pieces goes to `Blobs`."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def put_bytes(self, data: bytes, *, kind: str, mime: str, filename: str) -> tuple[Attachment, str]:
        """Make bytes durable and return the reference to them and their key.

        Raises:
            Damage: what stands under the digest has other bytes.
            OutOfSpace, StoreReadOnly, StorageFailed: nothing was acknowledged.
        """
        blob = self._blobs.put_bytes(data)
        attachment = Attachment(
            sha256=blob.sha256,
            kind=kind,
            mime=mime,
            filename=filename,
            size_bytes=blob.size,
            created_at_utc=ids.utc_text(ids.now_us()),
        )
        return attachment, f"{blob_folder_key(blob.sha256)}/{blob.sha256}"

    def put_text(self, text: str, *, kind: str, mime: str, filename: str) -> tuple[Attachment, str]:
        """Make a text durable as UTF-8; as `put_bytes`."""
        return self.put_bytes(text.encode(), kind=kind, mime=mime, filename=filename)

    def put_json(self, value: Any, *, kind: str, filename: str) -> tuple[Attachment, str]:
        """Make a JSON value durable in the one form that is hashed and stored, RFC 8785; as `put_bytes`.

        Raises:
            NotCanonical: it has no such form.
        """
        return self.put_bytes(digest.canonical(value), kind=kind, mime="application/json", filename=filename)

    def put_svg(self, svg_text: str, *, kind: str, filename: str, validate: bool) -> tuple[Attachment, str, str]:
        """Make a drawing durable as it is, and return its digest as well; as `put_bytes`.

        Raises:
            SvgRefused: it is to be validated and is no SVG, or one that no browser is to be shown.
        """
        data = svg_text.encode()
        if validate and not (verdict := validate_svg(data)).ok:
            where = "" if verdict.line is None else f" (line {verdict.line}, column {verdict.column})"
            raise SvgRefused(f"The text is no SVG that can be shown: {verdict.reason}{where}.")
        attachment, key = self.put_bytes(data, kind=kind, mime=SVG, filename=filename)
        return attachment, key, attachment.sha256

    def get(self, sha256: str) -> bytes:
        """Return the bytes under a digest.

        Raises:
            AttachmentNotFound: there are none, or this is no digest.
            Damage: they are not whole.
        """
        return self._blobs.read(sha256)

    def get_svg(self, sha256: str) -> str | None:
        """Return the text of a drawing, or None when there is none under the digest, or something that is no text.

        Raises:
            Damage: its bytes are not whole.
        """
        try:
            return self._blobs.read(sha256).decode()
        except (AttachmentNotFound, UnicodeDecodeError):
            return None
