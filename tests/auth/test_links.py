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


def link(made_us: int, ttl_s: int = 300) -> FileLink:
    made_s = made_us // 1_000_000
    return FileLink(run_id="run_" + "0" * 32, sha256="0" * 64, scope="download", made_s=made_s, ttl_s=ttl_s)


def keys_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_link_signed_before_the_key_changed_holds_in_every_process(tmp_path: Path) -> None:
    signer = LinkSigner(tmp_path)
    token = signer.sign(link(NOVEMBER), NOVEMBER)
    for reader in (signer, LinkSigner(tmp_path)):
        assert reader.read(token, DECEMBER) == link(NOVEMBER)
    assert keys_in(tmp_path) == ["links-2026-11.key", "links-2026-12.key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_key_of_two_months_ago_is_removed_and_signs_nothing_any_more(tmp_path: Path) -> None:
    signer = LinkSigner(tmp_path)
    token = signer.sign(link(NOVEMBER), NOVEMBER)
    signer.sign(link(DECEMBER), DECEMBER)
    with pytest.raises(LinkInvalid):
        signer.read(token, JANUARY)
    assert keys_in(tmp_path) == ["links-2026-12.key", "links-2027-01.key"]


def test_a_link_whose_time_is_over_says_so(tmp_path: Path) -> None:
    signer = LinkSigner(tmp_path)
    token = signer.sign(link(NOVEMBER, 60), NOVEMBER)
    assert signer.read(token, NOVEMBER + 59_000_000) == link(NOVEMBER, 60)
    with pytest.raises(LinkExpired):
        signer.read(token, NOVEMBER + 60_000_000)


def test_trap_46_a_link_of_a_clock_that_was_set_back_holds_no_longer_than_it_was_made_for(tmp_path: Path) -> None:
    signer = LinkSigner(tmp_path)
    token = signer.sign(link(DECEMBER), DECEMBER)
    assert signer.read(token, NOVEMBER) == link(DECEMBER)
    with pytest.raises(LinkExpired):
        signer.read(token, DECEMBER - 300_000_000)


def test_trap_46_keys_of_a_clock_that_was_months_ahead_push_none_of_today_out(tmp_path: Path) -> None:
    signer = LinkSigner(tmp_path)
    for ahead in (DECEMBER, JANUARY):
        signer.sign(link(ahead), ahead)
    token = LinkSigner(tmp_path).sign(link(NOVEMBER), NOVEMBER)
    assert LinkSigner(tmp_path).read(token, NOVEMBER) == link(NOVEMBER)
    assert keys_in(tmp_path) == ["links-2026-11.key", "links-2026-12.key", "links-2027-01.key"]


def test_the_key_of_another_installation_signs_nothing_here(tmp_path: Path) -> None:
    token = LinkSigner(tmp_path / "a").sign(link(NOVEMBER), NOVEMBER)
    with pytest.raises(LinkInvalid):
        LinkSigner(tmp_path / "b").read(token, NOVEMBER)


def test_a_key_that_others_can_read_signs_nothing(tmp_path: Path) -> None:
    LinkSigner(tmp_path).sign(link(NOVEMBER), NOVEMBER)
    (tmp_path / "links-2026-11.key").chmod(0o644)
    with pytest.raises(StorageFailed, match="read by others"):
        LinkSigner(tmp_path).sign(link(NOVEMBER), NOVEMBER)


SECRET = "0123456789abcdef" * 4


def test_hosts_with_one_secret_read_each_others_links_and_make_no_files(tmp_path: Path) -> None:
    here, there = (LinkSigner(tmp_path / name, SECRET) for name in ("a", "b"))
    token = here.sign(link(NOVEMBER), NOVEMBER)
    assert there.read(token, NOVEMBER) == there.read(token, DECEMBER) == link(NOVEMBER)
    ahead = here.sign(link(DECEMBER), DECEMBER)
    assert there.read(ahead, NOVEMBER) == link(DECEMBER)
    strangers = ((LinkSigner(tmp_path, "f" * 64), NOVEMBER), (LinkSigner(tmp_path), NOVEMBER))
    for reader, now_us in ((there, JANUARY), *strangers):
        with pytest.raises(LinkInvalid):
            reader.read(token, now_us)
    assert keys_in(tmp_path) == ["links-2026-11.key"]
