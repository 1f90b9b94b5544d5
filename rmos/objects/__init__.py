"""Bytes under names that never change: the object layer.

A backend creates an object once, reads it, lists a folder of it and moves a damaged one aside. It never updates and
never overwrites, and erases nothing but the artifact of a run that was hard-deleted. Keys are relative and use `/`:
`2025-12-23/run_….json`. `open_objects` picks the backend.
"""

from pathlib import Path

from rmos.objects.base import Objects
from rmos.objects.local import LocalObjects


def open_objects(root: Path, *, attachments: Path | None = None) -> Objects:
    """Return the backend that holds the objects under a local folder; nothing is created before the first write."""
    return LocalObjects(root, attachments=attachments)
