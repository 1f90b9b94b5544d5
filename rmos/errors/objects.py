"""Below the store: raised by the object backends, and always caught by the store.

    raise ObjectMissing("There is no such object.")

A backend knows keys and bytes, not runs; the store says what a missing object means.
"""

from rmos.errors.base import RmosError


class ObjectMissing(RmosError):
    """There is no object under this key."""

    remedy = "Nothing; it never leaves the store."


class ObjectExists(RmosError):
    """There is an object under this key with other bytes; nothing was changed."""

    code, title, status = "OBJECT_EXISTS", "Object exists", 409
    remedy = "Nothing; what stands there is whole."


class ObjectUnreadable(RmosError):
    """What stands under this key cannot be read as an object: not a regular file, too large, no permission."""

    remedy = "Nothing; it never leaves the store."
