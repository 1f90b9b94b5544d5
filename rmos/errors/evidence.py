"""What is wrong with evidence: a text that is none of its formats, a log that must not be signed, no log at all.

raise EvidenceMalformed("This is no checkpoint: it has three lines, the origin, the size and the root.")
"""

from collections.abc import Mapping
from typing import ClassVar

from rmos.errors.base import RmosError


class EvidenceMalformed(RmosError):
    """A key, note, checkpoint or proof does not have its form."""

    code, title, status, exit_code = "EVIDENCE_MALFORMED", "Evidence malformed", 422, 2
    remedy = "Take the file or the line as it was given out, whole and without a change."


class EvidenceOff(RmosError):
    """The store has no log."""

    code, title, status = "EVIDENCE_OFF", "Evidence is off", 404
    remedy = "`rmos evidence start` makes the key and the log."


class EvidenceBehind(RmosError):
    """The key has signed a larger log, or another one: this store is an old back-up, or a second copy of it."""

    code, title, status = "EVIDENCE_BEHIND", "Log is behind its key", 409
    remedy = "Restore the newer back-up of the store; the log of this one must not be signed."


class EvidenceKeyUnusable(RmosError):
    """The key is not there, is readable by others, or is that of another log."""

    code, title, status, exit_code = "EVIDENCE_KEY_UNUSABLE", "Key of the log not usable", 503, 2
    remedy = "Put the key file back in its place with mode 0600; nothing is lost meanwhile."


class NotLoggedYet(RmosError):
    """An object is not in the log yet; the upkeep appends it."""

    code, title, status = "NOT_LOGGED_YET", "Not logged yet", 409
    remedy = "Ask again in some minutes, or run `rmos evidence append`."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "60"}
