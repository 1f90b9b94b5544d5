"""What stands in the folders of a store, as the checks walk them.

    for name, kind in entries_of(objects, "_audit", judged):
        ...

A folder that cannot be listed does not end a check: it is a finding, and the check goes on with the next one.
"""

from rmos.checks.findings import finding
from rmos.checks.runs import Judged
from rmos.errors.objects import ObjectUnreadable
from rmos.objects.base import Entry, Objects


def entries_of(objects: Objects, folder: str, judged: Judged) -> list[Entry]:
    """Return what stands in a folder, in order; one that cannot be listed is a finding."""
    try:
        return sorted(objects.entries(folder))
    except ObjectUnreadable as error:
        judged.findings.append(finding("unreadable", folder, error.detail))
        return []
