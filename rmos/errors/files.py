"""Attachments and drawings: bytes that are not what was said of them, or not there.

    raise AttachmentNotFound("The run does not name this digest.", sha256=sha256)

What is refused here was not stored.
"""

from rmos.errors.base import RmosError


class DigestMismatch(RmosError):
    """The bytes that came do not have the digest that was declared for them; nothing was stored."""

    code, title, status = "DIGEST_MISMATCH", "Digest mismatch", 400
    remedy = "Compare the file with its source and send it again, or declare the digest of what you mean to send."


class ContentMismatch(RmosError):
    """The bytes are not of the type that was declared for them; nothing was stored."""

    code, title, status = "CONTENT_MISMATCH", "Content is not of the declared type", 400
    remedy = "Declare the type that the file has, or application/octet-stream."


class SvgRefused(RmosError, ValueError):
    """The text is no SVG, or one that no browser is to be shown."""

    code, title, status = "SVG_REFUSED", "No SVG that can be shown", 422
    remedy = "Take out of the drawing what the detail names; plain shapes, paths, text and gradients pass."


class SvgBlocked(RmosError):
    """A drawing could run or load something and is not shown; `blocked_by`, `line` and `column` tell what and where."""

    code, title, status = "SVG_BLOCKED", "Drawing is not shown", 415
    remedy = "Save it as plain SVG, without scripts, links and fonts from elsewhere; the stored file is still there."


class AttachmentNotFound(RmosError):
    """No attachment has this digest, or the run does not name it."""

    code, title, status = "ATTACHMENT_NOT_FOUND", "Attachment not found", 404
    remedy = "Compare the digest with those that the run's attachments name."
