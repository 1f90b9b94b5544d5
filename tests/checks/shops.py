"""Small stores to be damaged, and the questions that every test of this folder asks of them."""

import hashlib
import json
import os
import sqlite3
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rmos import digest, ids
from rmos.checks.verify import Report, verify_store
from rmos.config import Settings
from rmos.errors.records import RunNotFound
from rmos.models import Finding
from rmos.store import Store, layout
from rmos.store.append import append
from rmos.store.audit import Attempt
from rmos.store.tool_records import TOOL_ACTIONS, ToolReset, make_record_id
from tests.makers import ANNA, US, add_event, make_members, summarise

DAY = ids.partition_of(US)
NEXT_DAY = ids.partition_of(US + 86_400_000_000)
RUNS = 12
"""Runs of the store that most tests damage."""
Faults = list[tuple[str, str]]


def open_store(root: Path, *, write: bool = False) -> Store:
    """Open the store at `root`, by default as verify does."""
    return Store.open(Settings(instance_path=root.parent, runs_dir=root), summarise=summarise, write=write)


def verified(root: Path, **wanted: Any) -> Report:
    """Verify the store at `root`, looking again at once: nobody else writes to it."""
    store = open_store(root)
    try:
        return verify_store(store, **{"recheck_s": 0, **wanted})
    finally:
        store.index.close()


def faults(found: Report | list[Finding]) -> Faults:
    """Return kind and path of each finding, in order, one as often as it was found."""
    findings = found.findings if isinstance(found, Report) else found
    return sorted((finding.kind, finding.path) for finding in findings)


def sealed_raw(body: bytes) -> bytes:
    """Seal the members of an object as they are, whatever they are."""
    blank = b'{"_sha256":"' + b"0" * 64 + b'",' + body + b"}\n"
    sha256 = hashlib.sha256(blank).hexdigest().encode()
    return blank[:12] + sha256 + blank[76:]


class Shop:
    """A store that a test writes to, then damages; `take` gives a sound run that no other damage has touched."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = open_store(root, write=True)
        self.us = US + 10_000_000
        self.pool: list[str] = []

    def fill(self, runs: int) -> "Shop":
        """Make the index, then put runs with two events each."""
        self.store.reconcile()
        self.pool = [self.put() for _ in range(runs)]
        for run_id in self.pool:
            self.event(run_id, "advisory", {"advisory_id": "adv_1"})
            self.event(run_id, "explanation", {"status": "READY", "summary": "slow down"})
        return self

    def close(self) -> None:
        """Let go of the index, as a service that was stopped."""
        self.store.index.close()

    def take(self) -> str:
        """Return the id of a run with two events."""
        return self.pool.pop()

    def put(self, **over: Any) -> str:
        """Put a run without events and return its id."""
        self.us += 1
        return self.store.runs.put(make_members(self.us, **over)).view.artifact.run_id

    def event(self, run_id: str, kind: str, data: dict[str, Any]) -> None:
        """Add an event to a run."""
        self.us += 1
        add_event(self.store, run_id, kind, data, actor=ANNA, us=self.us)

    def blob(self, data: bytes) -> str:
        """Put a blob and return its digest."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.store.objects.create(f"{layout.blob_folder_key(sha256)}/{sha256}", data)
        return sha256

    def claim(self, key: str) -> str:
        """Put a claim and return its key."""
        self.store.claims.take_run_id("anna", key, "ab" * 32, self.us)
        return layout.claim_key("anna", key)

    def token(self, *, revoked: bool = False) -> str:
        """Make a token, revoke it if asked to, and return its record's id."""
        token, _ = self.store.tokens.create("anna", "operator", expires_at_utc=None, actor=ANNA, us=US)
        if revoked:
            self.store.tokens.revoke(token.token_id, actor=ANNA, us=US)
        return f"tok_{token.token_id}"

    def tool(self, tool_id: str = "em-1") -> str:
        """Say of a tool that it is new, and then that it was sharpened, and return its record's id."""
        for action in TOOL_ACTIONS[:2]:
            self.store.tool_lives.records.add(ToolReset(tool_id=tool_id, action=action), actor=ANNA, us=US)
        return make_record_id(tool_id)

    def audit(self, target: str) -> str:
        """Put the audit record of a refusal and return its key."""
        self.us += 1
        before = set(self.store.objects.names(f"{layout.AUDIT}/{DAY}"))
        self.store.audit.note(Attempt("delete", target), RunNotFound("There is none."), actor=ANNA, us=self.us)
        [name] = set(self.store.objects.names(f"{layout.AUDIT}/{DAY}")) - before
        return f"{layout.AUDIT}/{DAY}/{name}"

    def cut_off_hard_delete(self, run_id: str) -> None:
        """Do a hard delete as far as its event, as a process that dies behind it."""
        data = {"mode": "hard", "reason": "a test", "artifact_sha256": digest.sha256_hex(self.data(artifact(run_id)))}
        self.us += 1
        append(
            self.store.objects,
            "delete",
            lambda _: data,
            read=lambda fresh: self.store.runs.record(run_id, include_deleted=True, fresh=fresh),
            actor=ANNA,
            us=self.us,
        )

    def data(self, key: str) -> bytes:
        """Return the bytes of an object."""
        return self.path(key).read_bytes()

    def path(self, key: str) -> Path:
        """Return where an object stands."""
        return self.root / key

    def overwrite(self, key: str, data: bytes) -> None:
        """Replace the bytes of an object behind the store's back."""
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.chmod(0o644)
        path.write_bytes(data)

    def flip(self, key: str, at: int = 200) -> None:
        """Change one byte of an object."""
        data = bytearray((self.root / key).read_bytes())
        data[at] ^= 1
        self.overwrite(key, bytes(data))

    def reseal(self, key: str, **over: Any) -> None:
        """Change members of a record and compute its `_sha256` anew, as somebody who can write the folder might."""
        members = json.loads((self.root / key).read_bytes()) | over
        self.overwrite(key, digest.encode_record(members))

    def members(self, key: str) -> dict[str, Any]:
        """Return what a record says."""
        members: dict[str, Any] = json.loads((self.root / key).read_bytes())
        return members

    def sql(self, statement: str, *values: object) -> None:
        """Change the index behind the store's back."""
        connection = sqlite3.connect(self.root / "_index.sqlite")
        try:
            with connection:
                connection.execute(statement, values)
        finally:
            connection.close()


def artifact(run_id: str, partition: str = DAY) -> str:
    """Return the key of an artifact."""
    return layout.artifact_key(partition, run_id)


def event(run_id: str, number: int, partition: str = DAY) -> str:
    """Return the key of an event."""
    return layout.event_key(partition, run_id, number)


def rows_of(root: Path) -> dict[str, tuple[Any, ...]]:
    """Return every row of the index by run id."""
    connection = sqlite3.connect(root / "_index.sqlite")
    try:
        return {row[0]: row for row in connection.execute("SELECT * FROM runs")}
    finally:
        connection.close()


def columns_of(root: Path) -> list[str]:
    """Return the names of the columns of a row."""
    connection = sqlite3.connect(root / "_index.sqlite")
    try:
        return [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
    finally:
        connection.close()


def contents(root: Path) -> Counter[str]:
    """Return how often each content stands in a folder, the index apart, wherever it stands and whatever its name."""
    return Counter(text for _, text in _things(root))


def places(root: Path) -> dict[str, str]:
    """Return what stands at each path of a folder, the index apart."""
    return dict(_things(root))


def _things(root: Path) -> Iterator[tuple[str, str]]:
    for parent, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(parent, name)
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode) or layout.is_index_file(name):
                continue
            what = f"{stat.S_IFMT(status.st_mode):o} {stat.S_IMODE(status.st_mode):o}"
            if stat.S_ISREG(status.st_mode):
                sparse = status.st_size > 1_000_000
                what += f" {status.st_size if sparse else hashlib.sha256(path.read_bytes()).hexdigest()}"
            yield str(path.relative_to(root)), what


Obstacle = Callable[[Path], object]
OBSTACLES: dict[str, Obstacle] = {
    "directory": Path.mkdir,
    "fifo": os.mkfifo,
    "symlink": lambda path: path.symlink_to("/etc/hostname"),
    "dangling symlink": lambda path: path.symlink_to("nowhere"),
    "socket": lambda path: os.mknod(path, stat.S_IFSOCK | 0o600),
}
"""What may stand where a file should be."""
