"""Bundles that are not made or not taken in: each says what speaks against it.

    raise BundleRefused("2025-12-23/run_….json does not have the digest that the manifest says.")

A bundle is taken in as a whole or not at all.
"""

from rmos.errors.base import RmosError


class BundleRefused(RmosError):
    """The file is no whole bundle; nothing was taken in, its bytes are in quarantine, and an audit record says why."""

    code, title, status = "BUNDLE_REFUSED", "Bundle refused", 422
    remedy = "Ask who made the bundle to send it again; `rmos audit tail` says what was wrong with this one."


class BundleConflict(RmosError):
    """Something of the bundle is here already under its id with other bytes; `ids` names it, nothing was taken in."""

    code, title, status = "BUNDLE_CONFLICT", "Bundle in conflict", 409
    remedy = "Compare what `ids` names in both shops: the histories went apart, and neither is overwritten."


class BundleEmpty(RmosError):
    """No run is in the scope of the bundle."""

    code, title, status = "BUNDLE_EMPTY", "Nothing to bundle", 404
    remedy = "Name another session, another time or other runs; what was deleted is not bundled."
