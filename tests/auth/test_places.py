import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.auth.places import Proxies, find_proxy_header, is_local_host, is_loopback


@pytest.mark.parametrize("address", ["127.0.0.1", "127.255.0.3", "::1", "::ffff:127.0.0.1", "fe80::1%lo", ""])
def test_this_machine(address: str) -> None:
    assert is_loopback(address) == (not address.startswith("fe80"))


@pytest.mark.parametrize(
    "address", ["192.0.2.1", "0.0.0.0", "::", "::ffff:192.0.2.1", "localhost", "127.0.0.1.evil", "127.1"]
)
def test_other_machines_and_what_is_no_address(address: str) -> None:
    assert not is_loopback(address)


@given(st.text(max_size=60))
def test_no_other_name_is_that_of_this_machine(host: str) -> None:
    names = ("", "localhost", "127.0.0.1", "[::1]")
    if is_local_host(host):
        assert any(host.lower() == name or host.lower().startswith(f"{name}:") for name in names)


@pytest.mark.parametrize(
    "host", ["localhost.", "localhost:", "127.0.0.1:8000:9", "localhost:x", "[::1]:8000", "evil:80", "::1"]
)
def test_ports_are_numbers_and_nothing_else(host: str) -> None:
    assert is_local_host(host) == (host in ("[::1]:8000", "localhost:"))


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ_", max_size=20))
def test_every_header_of_the_forwarding_kind_gives_a_proxy_away(rest: str) -> None:
    assert find_proxy_header({"HTTP_HOST": "x", f"HTTP_X_FORWARDED_{rest}": ""})
    assert not find_proxy_header({"HTTP_HOST": "x", "HTTP_ACCEPT": "*/*"})


@given(st.text(max_size=60))
def test_what_an_untrusted_peer_says_of_addresses_changes_nothing(said: str) -> None:
    environ = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": said, "HTTP_X_FORWARDED_PROTO": "https"}
    proxies = Proxies(("127.0.0.1",))
    assert proxies.client_address(environ) == "192.0.2.1"
    assert not proxies.is_secure(environ)


def test_the_table_of_chains_in_the_manual_is_what_comes_out() -> None:
    manual = (Path(__file__).resolve().parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
    told = manual.split("With `127.0.0.1, 10.0.0.0/8` trusted:")[1].split("\n\n")[1].splitlines()[2:]
    proxies = Proxies(("127.0.0.1", "10.0.0.0/8"))
    clients = []
    for line in told:
        peer, chains, client = (cell.strip() for cell in line.strip("|").split("|"))
        for chain in re.findall("`([^`]+)`", chains) or ["", "nonsense"]:
            found = proxies.client_address({"REMOTE_ADDR": peer.strip("`"), "HTTP_X_FORWARDED_FOR": chain})
            clients.append(found)
            without_port = chain.removesuffix(":4711").strip("[]") if "port" in client else ""
            assert found == (without_port or client.split("`")[1]), line
    assert len(clients) == 7
