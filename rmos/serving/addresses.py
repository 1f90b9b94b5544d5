"""The address that the service listens on: which one is asked for, which one is free, and by which it can be opened.

address = choose_free(Address("127.0.0.1", 8000))      # another port where that one is taken
urls_of(Address("0.0.0.0", 8000))                      # ["http://127.0.0.1:8000", "http://192.168.1.7:8000"]
"""

import errno
import ipaddress
import re
import socket
from typing import Final, NamedTuple

from rmos.config import read_prefix
from rmos.errors.installation import CannotListen

_FORM: Final = re.compile(r"(\[(?P<v6>[0-9A-Fa-f:.%]+)\]|(?P<host>[^\s:\[\]]+)):(?P<port>[0-9]{1,5})")
_PORTS_TRIED: Final = 20
"""How many ports from the wanted one on are looked at before the system picks one."""
_LOOPBACK: Final = {4: "127.0.0.1", 6: "::1"}
_ELSEWHERE: Final = {4: "192.0.2.1", 6: "2001:db8::1"}
"""Addresses of networks that exist in documentation only, by IP version."""
_FAMILY: Final = {4: socket.AF_INET, 6: socket.AF_INET6}


class Address(NamedTuple):
    """Where to listen: a name or an IP address without brackets, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


DEFAULT: Final = Address("127.0.0.1", 8000)


def parse_address(text: str) -> Address:
    """Return the address that `HOST:PORT` means; an IPv6 address stands in brackets.

    Raises:
        ValueError: it is none.
    """
    match = _FORM.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise ValueError
    return Address(match["v6"] or match["host"], int(match["port"]))


def claim(address: Address) -> Address:
    """Return the address once nothing else listens there; port 0 becomes a free one.

    Raises:
        CannotListen: it is taken, it is not one of this machine, or it is not for this user.
    """
    try:
        return _bind_once(address)
    except OSError as error:
        raise _refuse(address, error) from None


def choose_free(wanted: Address) -> Address:
    """Return the wanted address, or one with another port where that one is taken.

    Raises:
        CannotListen: it cannot be had for another reason.
    """
    for port in (*range(wanted.port, wanted.port + _PORTS_TRIED), 0):
        try:
            return _bind_once(Address(wanted.host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise _refuse(wanted, error) from None
    raise AssertionError("the system gives port 0 to nobody twice")


def _bind_once(address: Address) -> Address:
    family, kind, _, _, where = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(where)
        return Address(address.host, int(probe.getsockname()[1]))


def _refuse(address: Address, error: OSError) -> CannotListen:
    return CannotListen(f"Cannot listen on {address}: {error.strerror or 'it is not an address of this machine'}.")


def is_wildcard(host: str) -> bool:
    """Tell whether a host stands for every address of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def reachable(address: Address) -> Address:
    """Return an address by which this machine itself reaches the service."""
    if is_wildcard(address.host):
        return Address(_LOOPBACK[ipaddress.ip_address(address.host).version], address.port)
    return address


def urls_of(address: Address) -> list[str]:
    """Return the URLs that can be opened: the one for this machine, and the one for others where they are let in."""
    hosts = [reachable(address).host]
    if is_wildcard(address.host):
        hosts += _find_own_addresses(ipaddress.ip_address(address.host).version)
    return [f"http://{Address(host, address.port)}{read_prefix()}" for host in hosts]


def _find_own_addresses(version: int) -> list[str]:
    """Return the address that others on the network reach this machine by; none without a network.

    It is the one from which a datagram would leave; nothing is sent. A machine that listens on every IPv6 address
    listens on the IPv4 ones too, and most networks know those only.
    """
    for candidate in (version, 4):
        with socket.socket(_FAMILY[candidate], socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((_ELSEWHERE[candidate], 9))
            except OSError:
                continue
            return [str(probe.getsockname()[0])]
    return []
