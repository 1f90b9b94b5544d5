"""The keys that sign links: a new one each month, the one before still holds, older ones are gone."""

import stat
from pathlib import Path

import pytest

from rmos import ids
from rmos.auth.links import LinkSigner
from rmos.errors.callers import LinkExpired, LinkInvalid
from rmos.errors.store import StorageFailed
from rmos.services.files.links import FileLink

NOVEMBER = ids.parse_utc("2026-11-30T23:59:00Z")
DECEMBER = ids.parse_utc("2026-12-01T00:01:00Z")
JANUARY = ids.parse_utc("2027-01-01T00:01:00Z")


def link(expires_us: int) -> FileLink:
    return FileLink(run_id="run_" + "0" * 32, sha256="0" * 64, scope="download", expires_s=expires_us // 1_000_000)


def test_a_link_signed_before_the_key_changed_holds_in_every_process(tmp_path: Path) -> None:
    signer = LinkSigner(tmp_path)
    token = signer.sign(link(DECEMBER + 60_000_000), NOVEMBER)
    for reader in (signer, LinkSigner(tmp_path)):
        assert reader.read(token, DECEMBER) == link(DECEMBER + 60_000_000)
    keys = sorted(path.name for path in tmp_path.iterdir())
    assert keys == ["links-2026-11.key", "links-2026-12.key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_key_of_two_months_ago_is_removed_and_signs_nothing_any_more(tmp_path: Path) -> None:
    signer = LinkSigner(tmp_path)
    token = signer.sign(link(JANUARY * 2), NOVEMBER)
    signer.sign(link(JANUARY * 2), DECEMBER)
    with pytest.raises(LinkInvalid):
        signer.read(token, JANUARY)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["links-2026-12.key", "links-2027-01.key"]


def test_a_link_whose_time_is_over_says_so(tmp_path: Path) -> None:
    signer = LinkSigner(tmp_path)
    token = signer.sign(link(NOVEMBER), NOVEMBER - 5_000_000)
    with pytest.raises(LinkExpired):
        signer.read(token, NOVEMBER)


def test_the_key_of_another_installation_signs_nothing_here(tmp_path: Path) -> None:
    token = LinkSigner(tmp_path / "a").sign(link(DECEMBER), NOVEMBER)
    with pytest.raises(LinkInvalid):
        LinkSigner(tmp_path / "b").read(token, NOVEMBER)


def test_a_key_that_others_can_read_signs_nothing(tmp_path: Path) -> None:
    LinkSigner(tmp_path).sign(link(DECEMBER), NOVEMBER)
    (tmp_path / "links-2026-11.key").chmod(0o644)
    with pytest.raises(StorageFailed, match="read by others"):
        LinkSigner(tmp_path).sign(link(DECEMBER), NOVEMBER)
