"""Every way of tampering with a bundle that the verifier refuses, each with what it says."""

import base64
import json
import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest

from rmos import digest
from rmos.services.evidence_files import make_zip
from rmos.verifier.rmos_verify import DoesNotHold, check_bundle
from tests.helpers.bundles import (
    PARTITION,
    RUN_ID,
    START,
    TRUSTED,
    Files,
    check_members,
    make_line,
    make_members_of,
    make_run_files,
    replace_once,
)

ARTIFACT = f"{PARTITION}/{RUN_ID}.json"
SUMS = "SHA256SUMS"
PROOF = f"{ARTIFACT}.tlog-proof"


def seal_anew(members: Files) -> Files:
    record = {name: value for name, value in json.loads(members[ARTIFACT]).items() if name != "_sha256"}
    return {**members, ARTIFACT: digest.encode_record({**record, "mode": "laser"})}


def follow_with_sums(members: Files) -> Files:
    members = seal_anew(members)
    line = make_line(ARTIFACT, members[ARTIFACT])
    old = next(line for line in members[SUMS].splitlines(keepends=True) if ARTIFACT.encode() in line)
    return {**members, SUMS: replace_once(members[SUMS], old, line)}


def of_another_log(members: Files) -> Files:
    return {**members, PROOF: make_members_of(make_run_files(1), size=38)[PROOF]}


def lines_of_proof(members: Files, edit: Callable[[list[bytes]], list[bytes]]) -> Files:
    head, _, note = members[PROOF].partition(b"\n\n")
    return {**members, PROOF: b"\n".join(edit(head.split(b"\n"))) + b"\n\n" + note}


def index_of_proof(members: Files, line: bytes) -> Files:
    return lines_of_proof(members, lambda lines: [lines[0], line, *lines[2:]])


def spell_otherwise(lines: list[bytes]) -> list[bytes]:
    """Set a bit of the first hash's text that stands for none of its bytes."""
    other = lines[2][:-2] + bytes([lines[2][-2] + 1]) + b"="
    assert base64.b64decode(other) == base64.b64decode(lines[2])
    return [*lines[:2], other, *lines[3:]]


ATTACKS: dict[str, tuple[str, Callable[[Files], Files]]] = {
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
    "no SHA256SUMS": ("not whole", lambda them: {name: them[name] for name in them if name != SUMS}),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_bundle_that_was_tampered_with_is_refused(attack: str) -> None:
    members = make_members_of(make_run_files(1))
    check_members(members)
    message, tamper = ATTACKS[attack]
    with pytest.raises(DoesNotHold, match=message):
        check_members(tamper(members))


@pytest.mark.long
def test_no_changed_byte_is_accepted_in_a_zip_that_was_packed_anew() -> None:
    members = make_members_of(make_run_files(1))
    accepted = []
    for name in [name for name in members if name not in ("verifier-key", "README.txt")]:  # neither proves anything
        for at in range(len(members[name])):
            data = bytearray(members[name])
            data[at] ^= 1 << at % 7
            try:
                check_members({**members, name: bytes(data)})
            except (DoesNotHold, LookupError, ValueError):
                continue
            accepted.append((name, at))
    assert accepted == []


def pack(members: Files, *more: tuple[zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    """Pack members as any program may, in any order, and more behind them."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", how) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
        for info, data in more:
            archive.writestr(info, data)
    return target.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_trick_of_a_zip_is_accepted() -> None:
    members = dict(sorted(make_members_of(make_run_files(1)).items()))
    good = make_zip(members)
    check_bundle(good, TRUSTED, [])
    link = zipfile.ZipInfo("z-link")
    link.external_attr = 0o120777 << 16
    late = zipfile.ZipInfo("z-late", (2026, 1, 1, 0, 0, 0))
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("SHA256SUMS", bytes(50_000_000))
    tricks = {
        "packed": pack(members, how=zipfile.ZIP_DEFLATED),
        "a name twice": pack(members, (zipfile.ZipInfo(ARTIFACT), b"{}")),
        "a link": pack(members, (link, b"/etc/passwd")),
        "a moment": pack(members, (late, b"")),
        "another order": pack(dict(reversed(members.items()))),
        "a bomb": bomb.getvalue(),
        "before": b"#!/bin/sh\n" + good,
        "behind": good + b"\0",
        "a comment": good[:-2] + b"\1\0x",
        "cut": good[:-22],
        "half": good[: len(good) // 2],
        "hidden from the list": good[: good.index(b"PK\1\2")] + make_zip({"a": b""})[31:],
        "nothing": b"",
        "no zip": b"PK",
    }
    for trick, data in tricks.items():
        with pytest.raises(DoesNotHold):
            pytest.fail(f"{trick}: {check_bundle(data, TRUSTED, [])}")
