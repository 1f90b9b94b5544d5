"""What a stranger may do to a bundle that he hands on, each with a part of what the verifier says.

message, tamper = ATTACKS["changed and sealed anew"]
tamper(make_members_of(make_run_files(1)))
"""

import base64
import json
from collections.abc import Callable
from typing import Final

from rmos import digest
from tests.helpers.bundles import ARTIFACT, START, Files, make_line, make_members_of, make_run_files, replace_once

SUMS: Final = "SHA256SUMS"
PROOF: Final = f"{ARTIFACT}.tlog-proof"


def seal_anew(members: Files) -> Files:
    """Change the artifact, and make its `_sha256` hold again."""
    record = {name: value for name, value in json.loads(members[ARTIFACT]).items() if name != "_sha256"}
    return {**members, ARTIFACT: digest.encode_record({**record, "mode": "laser"})}


def follow_with_sums(members: Files) -> Files:
    """Do the same, and let SHA256SUMS say so."""
    members = seal_anew(members)
    line = make_line(ARTIFACT, members[ARTIFACT])
    old = next(line for line in members[SUMS].splitlines(keepends=True) if ARTIFACT.encode() in line)
    return {**members, SUMS: replace_once(members[SUMS], old, line)}


def of_another_log(members: Files) -> Files:
    """Take the proof from a log of another size."""
    return {**members, PROOF: make_members_of(make_run_files(1), size=38)[PROOF]}


def lines_of_proof(members: Files, edit: Callable[[list[bytes]], list[bytes]]) -> Files:
    """Edit the lines of the artifact's proof before its checkpoint."""
    head, _, note = members[PROOF].partition(b"\n\n")
    return {**members, PROOF: b"\n".join(edit(head.split(b"\n"))) + b"\n\n" + note}


def index_of_proof(members: Files, line: bytes) -> Files:
    """Replace the line with the index."""
    return lines_of_proof(members, lambda lines: [lines[0], line, *lines[2:]])


def forget_start(members: Files) -> Files:
    """Leave out all that is of the log's start, its line too."""
    lines = members[SUMS].splitlines(keepends=True)
    sums = b"".join(line for line in lines if START.encode() not in line)
    return {**{name: members[name] for name in members if not name.startswith(START)}, SUMS: sums}


def spell_otherwise(lines: list[bytes]) -> list[bytes]:
    """Set a bit of the first hash's text that stands for none of its bytes."""
    other = lines[2][:-2] + bytes([lines[2][-2] + 1]) + b"="
    assert base64.b64decode(other) == base64.b64decode(lines[2])
    return [*lines[:2], other, *lines[3:]]


ATTACKS: Final[dict[str, tuple[str, Callable[[Files], Files]]]] = {
    "changed and sealed anew": ("was changed", seal_anew),
    "changed, sealed anew, and SHA256SUMS too": ("another root", follow_with_sums),
    "the proof of another log": ("one checkpoint", of_another_log),
    "a proof too long": ("too long", lambda them: lines_of_proof(them, lambda lines: [*lines, lines[-1]])),
    "a proof too short": ("too short", lambda them: lines_of_proof(them, lambda lines: lines[:-1])),
    "a proof of another place": ("another root", lambda them: index_of_proof(them, b"index 0")),
    "a proof at index = size": ("larger log", lambda them: index_of_proof(them, b"index 37")),
    "an index with a zero": ("damaged", lambda them: index_of_proof(them, b"index 012")),
    "an extra line": ("damaged", lambda them: index_of_proof(them, b"extra AA==\nindex 12")),
    "a hash spelt otherwise": ("larger log", lambda them: lines_of_proof(them, spell_otherwise)),
    "a proof missing": ("not whole", lambda them: {name: them[name] for name in them if name != PROOF}),
    "a file that nothing names": ("does not name", lambda them: {**them, "more.json": b"{}"}),
    "a file one folder up": ("does not name", lambda them: {**them, "../more.json": b"{}"}),
    "SHA256SUMS without an end": ("does not name", lambda them: {**them, SUMS: them[SUMS][:-1]}),
    "SHA256SUMS with CR": (
        "does not name",
        lambda them: {**them, SUMS: them[SUMS].replace(b"\n", b"\r\n")},
    ),
    "SHA256SUMS in capitals": ("does not name", lambda them: {**them, SUMS: them[SUMS].upper()}),
    "SHA256SUMS with a binary sign": ("does not name", lambda them: {**them, SUMS: them[SUMS].replace(b"  ", b" *")}),
    "a line twice": ("does not name", lambda them: {**them, SUMS: them[SUMS] + them[SUMS][-92:]}),
    "a comment": ("does not name", lambda them: {**them, SUMS: b"# more\n" + them[SUMS]}),
    "no start of the log": ("not whole", lambda them: {n: them[n] for n in them if not n.startswith(START)}),
    "no file of the log's start": ("start of the log", lambda them: {n: them[n] for n in them if n != START}),
    "no line of the log's start": ("start of the log", forget_start),
    "no SHA256SUMS": ("not whole", lambda them: {name: them[name] for name in them if name != SUMS}),
}
