"""Every way of tampering with a bundle that the verifier refuses, each with what it says."""

import zipfile
from io import BytesIO

import pytest

from rmos.services.zip_files import make_zip
from rmos.verifier.rmos_verify import DoesNotHold, check_bundle
from tests.helpers.bundles import (
    ARTIFACT,
    TRUSTED,
    Files,
    check_members,
    make_members_of,
    make_run_files,
)
from tests.helpers.tampering import ATTACKS
from tests.trying import some_of


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
        for at in some_of(range(len(members[name])), len(name)):
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
    tricks |= {f"the first {end} bytes": good[:end] for end in range(64)}
    for trick, data in tricks.items():
        with pytest.raises(DoesNotHold):
            pytest.fail(f"{trick}: {check_bundle(data, TRUSTED, [])}")
