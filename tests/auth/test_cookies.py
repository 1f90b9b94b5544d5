import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rmos.auth.cookies import KEY_FILE, LIFETIME_S, Cookies
from rmos.errors.store import StorageFailed
from tests.trying import tries


def test_a_cookie_names_its_token_in_every_process_of_the_installation(tmp_path: Path) -> None:
    value = Cookies(tmp_path / "instance").sign("abc123")
    assert Cookies(tmp_path / "instance").read_token_id(value) == "abc123"
    key = tmp_path / "instance" / KEY_FILE
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [path.name for path in key.parent.iterdir()] == [KEY_FILE]


def test_a_cookie_of_another_key_is_nobodys(tmp_path: Path) -> None:
    value = Cookies(tmp_path).sign("abc123")
    (tmp_path / KEY_FILE).unlink()
    assert Cookies(tmp_path).read_token_id(value) is None


def test_hosts_with_one_secret_read_each_others_cookies_and_make_no_file(tmp_path: Path) -> None:
    value = Cookies(tmp_path / "a", "01" * 32).sign("abc123")
    assert Cookies(tmp_path / "b", "01" * 32).read_token_id(value) == "abc123"
    assert Cookies(tmp_path / "b", "02" * 32).read_token_id(value) is None
    assert list(tmp_path.iterdir()) == []


def test_every_altered_sign_of_a_cookie_is_noticed(tmp_path: Path) -> None:
    cookies = Cookies(tmp_path)
    value = cookies.sign("abc123")
    for place, sign in enumerate(value):
        for other in "AZ.-":
            if other != sign and place != len(value) - 1:  # the last sign of base64 has bits that mean nothing
                assert cookies.read_token_id(value[:place] + other + value[place + 1 :]) is None


def test_a_cookie_ends_after_its_lifetime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cookies = Cookies(tmp_path)
    value = cookies.sign("abc123")
    now_ns = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now_ns + (LIFETIME_S - 1) * 1_000_000_000)
    assert cookies.read_token_id(value) == "abc123"
    monkeypatch.setattr(time, "time_ns", lambda: now_ns + (LIFETIME_S + 2) * 1_000_000_000)
    assert cookies.read_token_id(value) is None


@pytest.mark.parametrize(
    ("set_by_s", "read"),
    [
        pytest.param(-2, "abc123", id="a small step back ends nothing"),
        pytest.param(-LIFETIME_S + 2, "abc123", id="one within the lifetime neither"),
        pytest.param(-LIFETIME_S - 2, None, id="what was signed far ahead does not hold until the clock is there"),
    ],
)
def test_trap_46_a_sign_in_of_a_clock_that_was_set_back_holds_for_its_lifetime_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, set_by_s: int, read: str | None
) -> None:
    cookies = Cookies(tmp_path)
    value = cookies.sign("abc123")
    now_ns = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now_ns + set_by_s * 1_000_000_000)
    assert cookies.read_token_id(value) == read


@given(text=st.text(max_size=200))
@hypothesis_settings(max_examples=tries(200))
def test_no_text_of_a_stranger_is_a_cookie(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "cookies"
    assert Cookies(folder).read_token_id(text) is None


@pytest.mark.parametrize("content", ["", "short", "\xe4" * 64])
def test_a_key_that_is_none_of_ours_is_refused(tmp_path: Path, content: str) -> None:
    descriptor = os.open(tmp_path / KEY_FILE, os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(descriptor, content.encode())
    os.close(descriptor)
    with pytest.raises(StorageFailed):
        Cookies(tmp_path).sign("abc123")


def test_a_key_that_others_can_read_proves_nothing(tmp_path: Path) -> None:
    Cookies(tmp_path).sign("abc123")
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(StorageFailed, match="read by others"):
        Cookies(tmp_path).sign("abc123")


def test_a_folder_that_cannot_be_made_is_told_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed) as caught:
        Cookies(tmp_path / "file" / "instance").sign("abc123")
    assert str(tmp_path) not in caught.value.detail
