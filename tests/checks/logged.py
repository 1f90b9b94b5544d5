"""A store whose log was started, and what an attacker may do to it who writes the folder, with the key or without."""

import base64
import shutil
from pathlib import Path

from rmos.checks.findings import NOT_FAULTS
from rmos.checks.log import EvidenceTrust
from rmos.models import Finding
from rmos.services.evidence import append_log, start_log
from rmos.services.evidence_pages import PublicLog
from rmos.services.evidence_trust import gather_trust
from rmos.store.evidence.appending import AppendReport
from rmos.store.evidence.objects import LogBatch, LogObjects, batch_key, checkpoint_key, encode_batch
from rmos.store.evidence.signing import KEY_FILE, KeyFile
from rmos.tlog.note import Note
from tests.checks.shops import Shop, open_store, verified
from tests.makers import ANNA

ORIGIN = "shop.example/evidence"
HOUR_US = 3_600_000_000


class LoggedShop:
    """A shop with a log."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.root = shop.root
        self.key_file = KeyFile(shop.root.parent / KEY_FILE)
        self.verifier_key = start_log(shop.store, self.key_file, origin=ORIGIN, actor=ANNA, us=shop.us).verifier_key

    def append(self, *, later_us: int = 1) -> AppendReport:
        """Append what is new, in a batch of its own."""
        self.shop.us += later_us
        return append_log(self.shop.store, self.key_file, us=self.shop.us)

    def put(self) -> str:
        """Put a run, log it, and return its id."""
        run_id = self.shop.put()
        self.append()
        return run_id

    def checkpoint(self) -> Note:
        """Return the last checkpoint."""
        return PublicLog(self.shop.store).checkpoint()

    def save_checkpoint(self) -> Path:
        """Write the last checkpoint where the attacker does not come, and return where."""
        path = self.root.parent / f"saved-{self.append().checkpoint.size}.txt"
        path.write_bytes(self.checkpoint().encode())
        return path

    def batch(self, number: int) -> LogBatch:
        """Return a batch."""
        return LogObjects(self.shop.store.objects).read_batch(number)

    def remove(self, *keys: str) -> None:
        """Remove objects behind the store's back."""
        for key in keys:
            (self.root / key).unlink()

    def rewrite_batch(self, number: int, lines: list[bytes]) -> None:
        """Put other lines into a batch."""
        batch = self.batch(number)
        self.shop.overwrite(batch_key(number), encode_batch(number, batch.first, batch.at, lines))

    def cut_back(self, last: int) -> None:
        """Remove all batches behind one, with their checkpoints, and let the index forget them."""
        numbers = [number for number in LogObjects(self.shop.store.objects).list_batches() if number > last]
        self.remove(*map(batch_key, numbers), *map(checkpoint_key, numbers))
        self.shop.store.index.log.clear()

    def start_over(self, *, with_memory: bool = False) -> None:
        """Make the log anew with the key, as its holder can."""
        shutil.rmtree(self.root / "_evidence")
        if not with_memory:
            self.root.parent.joinpath("evidence.signed").unlink()
        self.shop.store.index.log.clear()
        self.shop.store.index.close()
        self.shop.store = self.open_again().store
        start_log(self.shop.store, self.key_file, origin=ORIGIN, actor=ANNA, us=self.shop.us)

    def find(self, *saved: Path, keys: tuple[str, ...] | None = None, with_memory: bool = True) -> list[Finding]:
        """Return what verify finds with evidence, as somebody who has kept the key, and checkpoints, does."""
        given = (self.verifier_key.text(),) if keys is None else keys
        trust = gather_trust(self.key_file, given, saved).trust
        if not with_memory:
            trust = EvidenceTrust(trust.keys, tuple(one for one in trust.saved if one.is_signed))
        return verified(self.root, evidence=trust).findings

    def faults(
        self, *saved: Path, keys: tuple[str, ...] | None = None, with_memory: bool = True
    ) -> set[tuple[str, str]]:
        """Return kind and path of each fault that verify finds."""
        found = self.find(*saved, keys=keys, with_memory=with_memory)
        return {(finding.kind, finding.path) for finding in found if finding.kind not in NOT_FAULTS}

    def reindex(self) -> None:
        """Make the index fit what stands there, as an attacker does who knows RMOS."""
        self.shop.store.reconcile(full=True)
        self.shop.store.index.close()

    def open_again(self) -> Shop:
        """Return the shop as another process has it."""
        again = Shop.__new__(Shop)
        again.root, again.us, again.pool = self.root, self.shop.us, []
        again.store = open_store(self.root, write=True)
        return again


def change_digit(data: bytes, at: int) -> bytes:
    """Return a text with another base64 digit, so that it still is base64."""
    digit = b"A" if data[at : at + 1] != b"A" else b"B"
    return data[:at] + digit + data[at + 1 :]


def change_root(note: bytes) -> bytes:
    """Return a checkpoint with another root."""
    lines = note.split(b"\n")
    root = bytearray(base64.b64decode(lines[2]))
    root[0] ^= 1
    lines[2] = base64.b64encode(root)
    return b"\n".join(lines)
