#!/usr/bin/env python3
"""Verify evidence of a workshop's record, offline, with Python 3.8 or newer and nothing else.

    python3 rmos_verify.py proof run.zip --key 'shop.example/evidence+78430b55+AQOhB7/z...'
    python3 rmos_verify.py store /backup/runs --key '...' --checkpoint kept-in-may --checkpoint kept-in-june

The first verifies the bundle of a run, the second a folder of runs with its log: each recorded file is there, whole.
The key is the shop's verifier key; get it by another way than the file. What a checkpoint that you kept covers, even
the key's holder cannot rewrite. Exit status: 0 holds, 1 does not, 2 wrong usage. Formats: RFC 6962, RFC 8032 and C2SP.
"""

from __future__ import annotations

import argparse
import base64
import functools
import hashlib
import json
import re
import struct
import zlib
from collections import namedtuple
from pathlib import Path
from typing import Any

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
LINE = re.compile(rb"([0-9a-f]{64})  ((?!(?:.*/)?\.{0,2}/)[!-\[\]-~]{1,255})\n")
HEAD = re.compile(rb"# rmos\.batch/1 number=([1-9][0-9]*) first=(0|[1-9][0-9]*) at=[0-9TZ:.-]{27}\n")
EVENT = re.compile(r"([\d-]{10}/(run_[0-9a-f]{12,32}|[0-9a-f]{32}))\.\d{6,9}\.json")
BASE64 = re.compile("([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
PROOF = re.compile(r"c2sp\.org/tlog-proof@v1\nindex (0|[1-9][0-9]{0,17})((?:\n[A-Za-z0-9+/]{43}=){0,63})")
START = "_evidence/log.000001.json"
LogKey = namedtuple("LogKey", "name key_id public")
SignedRoot = namedtuple("SignedRoot", "origin size root text signatures")

class DoesNotHold(ValueError):
    """The evidence does not hold; the text says why."""

def demand(holds: Any, reason: str) -> Any:
    if not holds:
        raise DoesNotHold(reason)
    return holds

def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()

# Ed25519 (RFC 8032) in plain integers; nothing here is secret, so the time that it takes may tell the numbers.
def add_points(one: Any, two: Any) -> tuple[int, ...]:
    a, b = (one[1] - one[0]) * (two[1] - two[0]), (one[1] + one[0]) * (two[1] + two[0])
    c, d = 2 * one[3] * two[3] * D, 2 * one[2] * two[2]
    e, f, g, h = (b - a) % P, (d - c) % P, (d + c) % P, (b + a) % P
    return (e * f % P, g * h % P, f * g % P, e * h % P)

def multiply(number: int, point: Any) -> tuple[int, ...]:
    total = multiply(number >> 1, add_points(point, point)) if number else (0, 1, 1, 0)
    return add_points(total, point) if number & 1 else total

def decode_point(data: bytes) -> tuple[int, ...]:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    demand(y < P and x * x % P == square and (x or not sign), "The key is no point of Ed25519's curve.")
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)

def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    x, y, _, xy = decode_point(public)
    found = add_points(multiply(s, decode_point(b"\x58" + b"\x66" * 31)), multiply(k, (P - x, y, 1, P - xy)))
    x, y = (part * pow(found[2], P - 2, P) % P for part in found[:2])
    return len(signature) == 64 and s < ORDER and (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]

def decode_base64(text: str) -> bytes:
    data = base64.b64decode(text) if BASE64.fullmatch(text) else b""
    return data if base64.b64encode(data).decode() == text else b""

def parse_key(text: str) -> LogKey:
    name, key_id, encoded = [*text.split("+", 2), "", ""][:3]
    data = decode_base64(encoded)
    demand(data[:-32] == b"\1" and sha256(name.encode(), b"\n", data).hex()[:8] == key_id,
           "The key is not whole or was mistyped; it looks like shop.example/evidence+78430b55+AQOh...")
    return LogKey(name, key_id, data[1:])

def parse_checkpoint(data: bytes) -> SignedRoot:
    whole = data[:1000000].decode("utf-8", "replace")
    text, _, rest = whole.rpartition("\n\n")
    lines, found = text.split("\n"), re.findall("\u2014 ([^\\s+]+) ([A-Za-z0-9+/]+=*)\n", rest)
    signed = [(name, decode_base64(signature)) for name, signature in found]
    same = "".join(f"\u2014 {name} {signature}\n" for name, signature in found)
    demand(same == rest and 1 <= len(found) <= 100 and all(len(one) > 4 for _, one in signed) and len(lines) == 3
           and not re.search("[\0-\x09\x0b-\x1f\x7f\ufffd]", whole) and re.fullmatch("[!-~]+", lines[0])
           and re.fullmatch("0|[1-9][0-9]{0,17}", lines[1]) and len(decode_base64(lines[2])) == 32,
           "A checkpoint is damaged: it is origin, size, root, an empty line and 1 to 100 signatures.")
    signatures = [(name, one[:4].hex(), one[4:]) for name, one in signed]
    return SignedRoot(lines[0], int(lines[1]), decode_base64(lines[2]), text + "\n", signatures)

def is_signed(checkpoint: SignedRoot, key: LogKey) -> bool:
    by_key = [one[2] for one in checkpoint.signatures if one[:2] == key[:2] and checkpoint.origin == key.name]
    return len(by_key) == 1 and verify_ed25519(key.public, checkpoint.text.encode(), by_key[0])

def climb(node: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Return the root to which a path leads from a leaf's hash (RFC 6962, section 2.1.1)."""
    demand((size > 1) == (path != []), "A proof is too long or too short.")
    if size == 1:
        return node
    half = 1 << (size - 1).bit_length() - 1
    below = climb(node, index % half, half if index < half else size - half, path[:-1])
    return sha256(b"\1", *((below, path[-1]) if index < half else (path[-1], below)))

def read_file(key: str, data: bytes, digest: str) -> dict[str, Any]:
    """Check a recorded file and return its members; {} of what the legacy system wrote, and of batches."""
    demand(sha256(data).hex() == digest, f"{key} was changed: its bytes are not those that were recorded.")
    if not data.startswith(b'{"_sha256":"'):
        return {}
    own = sha256(data[:12], b"0" * 64, data[76:]).hex()
    demand(data[12:76] == own.encode(), f"{key} was changed before it was recorded: its _sha256 does not hold.")
    return {"data": {}, **json.loads(data.decode())}

def read_zip(data: bytes) -> dict[str, bytes]:
    """Return the members of a bundle, byte for byte as RMOS writes it: nothing packed, linked, hidden or twice."""
    members, central, at, last = {}, b"", 0, b""
    while data[at : at + 4] == b"PK\3\4" and len(data) >= at + 30:
        size, length = struct.unpack_from("<LH", data, at + 22)
        name, body = data[at + 30 : at + 30 + length], data[at + 30 + length : at + 30 + length + size]
        head = struct.pack("<5H3L2H", 20, 0, 0, 0, 33, zlib.crc32(body), size, size, length, 0)
        demand(data[at : at + 30] == b"PK\3\4" + head and len(body) == size and last < name, f"{name!r} is damaged.")
        central += b"PK\1\2\x14\3" + head + struct.pack("<3H2L", 0, 0, 0, 0o100644 << 16, at) + name
        members[name.decode("ascii", "replace")], last, at = body, name, at + 30 + length + size
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(members), len(members), len(central), at, 0)
    demand(data[at:] == central + end, "The ZIP is damaged or was packed anew: use it exactly as it was given out.")
    return members

def check_bundle(data: bytes, key: LogKey, saved: list[SignedRoot]) -> tuple[list[str], SignedRoot]:
    """Check a bundle, and return what it shows and its checkpoint."""
    members = read_zip(data)
    sums = members.get("SHA256SUMS", b"").splitlines(True)
    entries = {match[2].decode(): match[1].decode() for match in map(LINE.fullmatch, sums) if match}
    needed = {f"{name}.tlog-proof" for name in entries} | {"SHA256SUMS", "checkpoint", "verifier-key", "README.txt"}
    demand(len(entries) == len(sums) and needed <= set(members) <= needed | set(entries),
           "The bundle is not whole, or SHA256SUMS does not name its files as the log does.")
    checkpoint = parse_checkpoint(members["checkpoint"])
    demand(is_signed(checkpoint, key), "The checkpoint is not signed by this key. Is it the right one?")
    for kept in saved:
        demand(kept.text == checkpoint.text, "TWO LOGS: keep both files." if kept.size == checkpoint.size else
               f"You kept a checkpoint of {kept.size} entries, this has {checkpoint.size}: ask for a proof under it.")
    for line in sums:
        name = line[66:-1].decode()
        head, _, note = members[f"{name}.tlog-proof"].decode("utf-8", "replace").partition("\n\n")
        proof = demand(PROOF.fullmatch(head), f"The proof of {name} is damaged.")
        index, path = int(proof[1]), [decode_base64(text) for text in proof[2].split()]
        demand(note.encode() == members["checkpoint"], "The proofs do not all belong to one checkpoint.")
        demand(all(path) and index < checkpoint.size, f"The proof of {name} is of a larger log than its checkpoint.")
        demand(climb(sha256(b"\0", line), index, checkpoint.size, path) == checkpoint.root,
               f"{name} is not in the log as SHA256SUMS has it: its proof leads to another root.")
    files = {name: read_file(name, members[name], entries[name]) for name in entries if name in members}
    demand(START in files and files[START]["data"]["origin"] == checkpoint.origin, "The start of the log is missing.")
    others = [name for name in entries if name != START]
    is_run = len(others) > 1 or not set(others) <= set(files)
    return check_run(others, entries, files) if is_run else [f"{name} alone" for name in others], checkpoint

def check_run(names: list[str], entries: dict[str, str], files: dict[str, dict[str, Any]]) -> list[str]:
    """Check that files are those of one run: artifact, events each after the file before it, legacy advisory links."""
    events = [name for name in names if EVENT.fullmatch(name)]
    record = events[0].rsplit(".", 2)[0] if events else min(name for name in names if "_advisory_" not in name)[:-5]
    artifact, run_id, erased = f"{record}.json", record[11:], False
    demand(all(f"{run_id}_advisory_" in name for name in set(names) - {artifact, *events})
           and set(names) - set(files) <= {artifact}
           and files.get(artifact, {}).get("run_id", run_id) == run_id, "The files are not those of one run.")
    facts = [str(files[artifact].get(word, "")) for word in ("status", "created_at_utc")] if artifact in files else []
    lines = [f"run {run_id} {' '.join(facts) if facts else 'erased for good'}".rstrip()]
    before = first = entries[artifact] if artifact in entries else files[events[0]]["previous_sha256"]
    for number, name in enumerate(events, 1):
        event, data = files[name], files[name]["data"]
        demand(name == f"{record}.{number:06}.json" and (event["record_id"], event["number"]) == (run_id, number)
               and event["previous_sha256"] == before, f"{name} does not follow the file before it: one is missing.")
        before, is_delete = entries[name], (event["kind"], data.get("mode")) == ("delete", "hard")
        erased = erased or (is_delete and data["artifact_sha256"] == first)
        lines.append(f"event {number}: {event['kind']}, {event['created_at_utc']}, by {event['actor']}")
    demand(artifact in files or erased, f"{artifact} was left out: no event says that it was erased.")
    return lines

def number_name(number: int) -> str:
    groups = [group.zfill(3) for group in f"{number:,}".split(",")]
    return "/".join([*("x" + group for group in groups[:-1]), groups[-1]])

class StoreCheck:
    """Follow the log of a folder batch by batch, and compare its files. Tiles are not read: the batches decide."""
    def __init__(self, folder: Path, key: LogKey) -> None:
        start = json.loads((folder / START).read_bytes())["data"]
        self.folder, self.key, self.origin, self.signer = folder, key, start["origin"], parse_key(start["verifier_key"])
        self.size, self.peaks, self.roots, self.is_trusted = 0, [], {}, self.signer == key
        self.seen, self.removed, self.missing, self.wrong = set(), set(), [], []

    def check(self, saved: list[SignedRoot]) -> tuple[list[str], SignedRoot]:
        """Return what the log shows and its last checkpoint; `wrong` then has what is wrong with the files."""
        batches = len(list(self.folder.glob("_evidence/batch/**/*.sha256")))
        signed = sum(path.is_file() for path in self.folder.glob("_evidence/checkpoint/**/*"))
        demand(batches == signed > 0, f"The log has {batches} batches and {signed} checkpoints: one was taken away.")
        for number in range(1, batches + 1):
            self.check_batch(number, f"_evidence/batch/{number_name(number)}.sha256")
        demand(is_signed(last := self.roots[self.size], self.signer) and self.is_trusted and START in self.seen,
               "The log is not signed by this key, nor by one for which this key signed when it was replaced.")
        for kept in saved:
            demand(kept.size <= self.size, f"The log was cut back: you kept a checkpoint of {kept.size} entries.")
            demand(self.roots.get(kept.size, last).text == kept.text, "TWO LOGS: this one is not the one you knew.")
        self.wrong += [f"{line[66:]} is gone: no event says why." for line in self.missing if line not in self.removed]
        found = [folder.glob("**/*.json") for top in ("[0-9]*", "_[ast]*") for folder in self.folder.glob(top)]
        others = {path.relative_to(self.folder).as_posix() for paths in found for path in paths} - self.seen
        return [f"recorded: {len(self.seen)} files, {len(self.missing)} of them erased or set aside, as the log says",
                f"not in the log yet: {len(others)} files; it says nothing about them"], last

    def check_batch(self, number: int, name: str) -> None:
        """Check a batch, the files that it names, and the checkpoint after it."""
        lines = (self.folder / name).read_bytes().splitlines(True)
        head, found = HEAD.fullmatch((lines or [b""])[0]), [one for one in map(LINE.fullmatch, lines[1:]) if one]
        keys, before = [match[2].decode() for match in found], f"_evidence/batch/{number_name(number - 1)}.sha256"
        demand(head and (int(head[1]), int(head[2])) == (number, self.size) and len(lines) == len(keys) + 1 > 1
               and sorted(set(keys)) == keys and (number == 1 or before in keys), f"{name} was changed.")
        for match in found:
            node, self.size = sha256(b"\0", match[0]), self.size + 1
            for _ in range((self.size & -self.size).bit_length() - 1):
                node = sha256(b"\1", self.peaks.pop(), node)
            self.peaks.append(node)
            self.check_file(match[2].decode(), match[1].decode())
        note = parse_checkpoint((self.folder / f"_evidence/checkpoint/{number_name(number)}").read_bytes())
        root = functools.reduce(lambda node, peak: sha256(b"\1", peak, node), reversed(self.peaks))
        demand(note[:3] == (self.origin, self.size, root), f"The log up to {name} does not lead to its checkpoint.")
        self.roots[self.size] = note
        for key in (key for key in keys if key.startswith("_evidence/log.") and key != START):
            signer = parse_key(json.loads((self.folder / key).read_bytes())["data"]["verifier_key"])
            self.is_trusted = signer == self.key or (self.is_trusted and is_signed(note, self.signer))
            self.signer = signer

    def check_file(self, key: str, digest: str) -> None:
        """Compare a file with its entry, and note which others it says were removed."""
        self.seen.add(key)
        try:
            members = read_file(key, (self.folder / key).read_bytes(), digest)
        except FileNotFoundError:
            self.missing.append(f"{digest}  {key}")
        except (OSError, ValueError) as error:
            self.wrong.append(str(error))
        else:
            event, data = EVENT.fullmatch(key), members.get("data", {})
            if event and (members["record_id"], members["kind"], data.get("mode")) == (event[2], "delete", "hard"):
                self.removed.add(f"{data['artifact_sha256']}  {event[1]}.json")
            if (key[:7], members.get("action"), members.get("outcome")) == ("_audit/", "set_aside", "admitted"):
                self.removed.update(f"{sha}  {name}" for name, sha in data["keys"])

def main() -> int:
    parser = argparse.ArgumentParser(description="Verify evidence of a workshop's record, offline.")
    parser.add_argument("what", choices=("proof", "store"), help="the bundle of a run, or a folder with its log")
    parser.add_argument("path", type=Path, metavar="FILE_OR_FOLDER")
    parser.add_argument("--key", required=True, help="the shop's verifier key, which you did not get with the file")
    parser.add_argument("--checkpoint", action="append", default=[], type=Path, help="a checkpoint that you kept")
    options = parser.parse_args()
    try:
        key, data = parse_key(options.key.strip()), options.path.read_bytes() if options.what == "proof" else b""
        saved = [parse_checkpoint(path.read_bytes()) for path in options.checkpoint]
    except (OSError, DoesNotHold) as error:
        parser.error(str(error))
    try:
        store = StoreCheck(options.path, key) if options.what == "store" else None
        lines, last = store.check(saved) if store else check_bundle(data, key, saved)
        wrong = store.wrong if store else []
        lines.append(f"log {last.origin}, {last.size} entries, root {base64.b64encode(last.root).decode()}")
    except (AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError) as error:
        wrong = [str(error) if isinstance(error, (DoesNotHold, OSError)) else f"A file is not of RMOS: {error!r}"]
    for line in [f"DOES NOT HOLD ({len(wrong)}):", *wrong[:99]] if wrong else ["HOLDS, as it was recorded:", *lines]:
        print(re.sub("[^ -~]", "?", line))
    return 1 if wrong else 0

if __name__ == "__main__":
    raise SystemExit(main())
