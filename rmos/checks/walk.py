"""Walking the folders of a store: what stands where a kind of object should, and everything else as a finding.

    for folder, names in walk(objects, layout.CLAIM, tally):
        ...                                  # names of claims that belong in this folder; strays are in the tally

A folder that cannot be listed does not end a check: it is a finding, and the check goes on with the next one.
"""

from collections.abc import Collection, Iterator

from rmos.checks.findings import Tally
from rmos.errors.store import ObjectUnreadable
from rmos.objects.base import FolderEntry, Objects
from rmos.store import layout
from rmos.store.layout import ObjectKind


def list_entries(objects: Objects, folder: str, tally: Tally) -> list[FolderEntry]:
    """Return what stands in a folder, in order; one that cannot be listed is a finding."""
    try:
        return sorted(objects.entries(folder))
    except ObjectUnreadable as error:
        tally.find("unreadable", folder, error.detail)
        return []


def walk(
    objects: Objects, kind: ObjectKind, tally: Tally, *, within: str | None = None, only: Collection[str] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Give each folder of a kind that has a tree of its own, with the names of its objects there, in order.

    Args:
        within: begin at this folder of the tree.
        only: list no folders of objects but these.
    """
    folder = kind.folder if within is None else within
    if folder.count("/") < len(kind.levels):
        for inner in list_folders(objects, kind, folder, tally):
            yield from walk(objects, kind, tally, within=inner, only=only)
    elif only is None or folder in only:
        yield folder, list_names(objects, kind, folder, tally)


def list_folders(objects: Objects, kind: ObjectKind, folder: str, tally: Tally) -> list[str]:
    """Return the folders of a kind that stand in one above them; all else there is a finding."""
    found = []
    for name, what in list_entries(objects, folder, tally):
        path = f"{folder}/{name}"
        if what == "directory" and layout.is_level(kind.levels[folder.count("/")], name):
            found.append(path)
        elif layout.is_debris(name):
            tally.count("debris")
        elif folder == kind.folder and layout.is_of_file_system(name, what):
            continue  # the tree may be a disk of its own
        elif what != "file" or path != layout.LEGACY_AUDIT_KEY:
            tally.find("stray", path, f"a {what} of this name is not part of the store")
    return found


def list_names(objects: Objects, kind: ObjectKind, folder: str, tally: Tally) -> list[str]:
    """Return the names of a kind's objects that belong in a folder; all else there is a finding."""
    names = []
    for name, what in list_entries(objects, folder, tally):
        path = f"{folder}/{name}"
        home = kind.home(name) if kind.home is not None and kind.pattern.fullmatch(name) else None
        if layout.is_debris(name):
            tally.count("debris")
        elif home not in (None, folder) and kind.misplaced is not None:
            tally.find("misplaced", path, kind.misplaced.format(home=home))
        elif home != folder:
            tally.find("stray", path, kind.rule)
        elif what != "file":
            tally.find("not_a_file", path, f"a {what} stands where {kind.noun} should be")
        else:
            names.append(name)
    return names
