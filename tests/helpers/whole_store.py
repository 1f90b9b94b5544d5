"""A small store with an object of every kind, and what stands in a place, to be compared with another place."""

from pathlib import Path

from rmos import digest, ids
from rmos.objects.base import Objects
from rmos.store import Store, layout
from rmos.store.sessions import SessionChange
from rmos.transfer.copy_plan import walk_both
from tests.checks.logged import LoggedShop
from tests.checks.shops import Shop, artifact
from tests.makers import ANNA


class WholeStore:
    """Runs with events, a blob, a session, a claim, tokens, a tool, audits, a link, a log, and a run in quarantine."""

    def __init__(self, root: Path) -> None:
        self.shop = shop = Shop(root).fill(2)
        self.store: Store = shop.store
        self.session_id = ids.new_session_id(shop.us)
        self.store.sessions.create(self.session_id, SessionChange(fields={"user_id": "u"}), actor=ANNA, us=shop.us)
        self.change_session("u2")
        self.blob = self.store.blobs.put_bytes(b"G21\nG1 X1 F900\n").sha256
        attached = [{"sha256": self.blob, "kind": "gcode"}]
        self.run_id = shop.put(attachments=attached, workflow_session_id=self.session_id)
        shop.claim("key")
        shop.token(revoked=True)
        shop.tool()
        shop.audit(self.run_id)
        self.erased = shop.take()
        self.store.deletes.hard(self.erased, "a customer's name", actor=ANNA, us=shop.us)
        damaged = shop.put()
        link = digest.canonical({"run_id": self.run_id, "advisory_id": "adv_9"})
        self.store.objects.create(f"{artifact(self.run_id)[:-5]}_advisory_adv_9.json", link)
        self.log = LoggedShop(shop)
        self.log.put()
        shop.flip(artifact(damaged))
        self.store.objects.quarantine(artifact(damaged))

    def change_session(self, user: str) -> None:
        """Append an event to the session."""
        change = SessionChange(fields={"user_id": user})
        self.store.sessions.append(self.session_id, "update", lambda _: change, actor=ANNA, us=self.shop.us)


def objects_of(objects: Objects) -> dict[str, bytes]:
    """Return all objects of a store by their keys."""
    pairs = walk_both(objects, None, [])
    keys = (f"{folder}/{name}" if folder else name for folder, names, _ in pairs for name in names)
    return {key: objects.read(key) for key in keys}


def list_kinds(keys: dict[str, bytes]) -> set[str]:
    """Return the names of the kinds that some keys have."""
    return {kind.name for key in keys if (kind := layout.kind_of(key)) is not None}
