"""Evidence made by hand: bundles and logs that a signing key vouches for, also of what no shop would sign.

members = make_members_of(make_run_files(2))         # a run with two events, proved, as members of a bundle
make_zip(members)
log = LogFolder(tmp_path)
log.put(make_run_files(0))
log.append()                                         # a batch of all that is new, and a signed checkpoint
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rmos import digest
from rmos.services.zip_files import make_zip
from rmos.store.evidence.objects import batch_key, checkpoint_key, encode_batch, event_key
from rmos.tlog.keys import SigningKey, make_signing_key
from rmos.tlog.note import Checkpoint, Note
from rmos.tlog.proof import LogProof
from rmos.tlog.tree import compute_root, prove_inclusion
from rmos.verifier.rmos_verify import check_bundle, parse_key
from tests.makers import US, make_event, make_members

ORIGIN: Final = "shop.example/evidence"
KEY: Final = make_signing_key(ORIGIN, bytes(range(32)))
OTHER_KEY: Final = make_signing_key(ORIGIN, bytes(32))
"""Of the same name."""
START: Final = event_key(1)
PARTITION: Final = "2025-12-23"
RUN_ID: Final = "run_019b4a4e2c0070008000000000000001"
OTHER_RUN_ID: Final = "run_019b4a4e2c0070008000000000000002"
ARTIFACT: Final = f"{PARTITION}/{RUN_ID}.json"
AT: Final = "2025-12-23T10:15:00.123456Z"

TRUSTED: Final = parse_key(KEY.verifier_key.text())
"""`KEY` as the verifier reads it."""

Files = dict[str, bytes]


def check_members(members: Mapping[str, bytes]) -> list[str]:
    """Return what a bundle of these members shows to the verifier.

    Raises:
        DoesNotHold.
    """
    told: list[str] = check_bundle(make_zip(members), TRUSTED, [])[0]
    return told


def make_start(key: SigningKey = KEY) -> Files:
    """Make the event that starts a log."""
    data = {"origin": key.verifier_key.name, "verifier_key": key.verifier_key.text()}
    return {START: make_event("log", 1, None, {"kind": "start", "data": data})}


def make_run_files(events: int, run_id: str = RUN_ID) -> Files:
    """Make a run's artifact and some advisory events, each after the file before it."""
    files = {f"{PARTITION}/{run_id}.json": digest.encode_record(make_members(US, run_id))}
    for _ in range(events):
        add_file(files, run_id)
    return files


def add_file(files: Files, run_id: str = RUN_ID, **over: Any) -> str:
    """Add the next event to a run's files, and return its key; `over` replaces whole members."""
    number = len(files)
    previous = digest.sha256_hex(list(files.values())[-1])
    files[f"{PARTITION}/{run_id}.{number:06}.json"] = make_event(run_id, number, previous, over)
    return list(files)[-1]


def erase(files: Files, run_id: str = RUN_ID, **over: Any) -> bytes:
    """Add a hard delete to a run's files, take its artifact out, and return that; `over` replaces the event's data."""
    artifact = f"{PARTITION}/{run_id}.json"
    data = {"mode": "hard", "reason": "a name in it", "artifact_sha256": digest.sha256_hex(files[artifact])}
    add_file(files, run_id, kind="delete", data=data | over)
    return files.pop(artifact)


def make_line(key: str, data: bytes) -> bytes:
    """Return the entry of a file."""
    return f"{digest.sha256_hex(data)}  {key}\n".encode()


def make_read_node(leaves: Sequence[bytes]) -> Callable[[int, int], bytes]:
    """Return how to read the complete subtrees of a tree, computed from its leaves by the definition."""

    def read_node(height: int, index: int) -> bytes:
        if not height:
            return leaves[index]
        return digest.hash_node(read_node(height - 1, 2 * index), read_node(height - 1, 2 * index + 1))

    return read_node


def make_members_of(
    files: Mapping[str, bytes], *, absent: Mapping[str, bytes] | None = None, key: SigningKey = KEY, size: int = 37
) -> Files:
    """Make the members of a bundle that proves files, with the log's start, in a log of `size` entries.

    Args:
        absent: what is in the log and in SHA256SUMS, and not in the bundle.
    """
    files = {**make_start(), **files}
    lines = {name: make_line(name, data) for name, data in {**files, **(absent or {})}.items()}
    fill = [make_line(f"_audit/{number}", b"") for number in range(size - len(lines))]
    log = [*fill[: size // 3], *lines.values(), *fill[size // 3 :]]
    read_node = make_read_node(list(map(digest.hash_leaf, log)))
    checkpoint = Checkpoint(key.verifier_key.name, size, compute_root(size, read_node))
    note = Note(checkpoint.text(), (key.sign(checkpoint.text()),)).encode()
    members = dict(files)
    for name, line in lines.items():
        place = log.index(line)
        members[f"{name}.tlog-proof"] = LogProof(place, tuple(prove_inclusion(place, size, read_node)), note).encode()
    members |= {
        "SHA256SUMS": b"".join(lines[name] for name in sorted(lines)),
        "checkpoint": note,
        "verifier-key": key.verifier_key.text().encode() + b"\n",
        "README.txt": b"How to check this.\n",
    }
    return members


def replace_once(data: bytes, old: bytes, new: bytes) -> bytes:
    """Replace what stands there once."""
    assert data.count(old) == 1
    return data.replace(old, new)


class LogFolder:
    """A folder of objects with a log of its own, whose holder has the key and may sign what he likes."""

    def __init__(self, folder: Path, key: SigningKey = KEY) -> None:
        self.folder = folder
        self.signers = [key]
        self._logged: list[bytes] = []
        self._number = 0
        self.put(make_start(key))

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write files."""
        for key, data in files.items():
            path = self.folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def append(self) -> Path:
        """Log every file that is not, and return the path of the signed checkpoint."""
        self._number += 1
        keys = {path.relative_to(self.folder).as_posix() for path in self.folder.glob("[0-9_]*/**/*.json")}
        keys |= {batch_key(number) for number in (self._number - 1,) if number}
        lines = [make_line(key, (self.folder / key).read_bytes()) for key in sorted(keys)]
        lines = [line for line in lines if line not in self._logged]
        first, self._logged = len(self._logged), self._logged + lines
        self.put({batch_key(self._number): encode_batch(self._number, first, AT, lines)})
        return self.sign(self._number)

    def sign(self, number: int) -> Path:
        """Write the checkpoint after the last batch under a batch's number."""
        size = len(self._logged)
        leaves = list(map(digest.hash_leaf, self._logged))
        name = self.signers[0].verifier_key.name
        text = Checkpoint(name, size, compute_root(size, make_read_node(leaves))).text()
        self.put({checkpoint_key(number): Note(text, tuple(signer.sign(text) for signer in self.signers)).encode()})
        return self.folder / checkpoint_key(number)
