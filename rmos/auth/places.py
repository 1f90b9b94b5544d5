"""Where a request came from: this machine or another, directly or through a proxy, from which site's page.

Pure functions of what the server knows (the peer's address) and what the client sent (headers, which prove nothing and
are only ever used to refuse).
"""

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from rmos.errors.callers import CrossSite, NotLocal

RequestEnviron = Mapping[str, Any]

UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PROXY_HEADERS: Final = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")
_WAY_OUT: Final = "Make a token for each caller: `rmos token create NAME --role ROLE`."


@lru_cache(maxsize=1024)
def is_loopback(address: str) -> bool:
    """Tell whether a peer is on this machine; one that came over a socket file has no address at all."""
    if address == "":
        return True
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


@lru_cache(maxsize=256)
def is_local_host(host: str) -> bool:
    """Tell whether a Host header names this machine by a name that no stranger's DNS can give to it."""
    name, port = host, ""
    if not host.endswith("]") and ":" in host:
        name, _, port = host.rpartition(":")
    return name.lower() in ("", "localhost", "127.0.0.1", "[::1]") and (port.isdecimal() or not port)


def find_proxy_header(environ: RequestEnviron) -> str | None:
    """Return the header by which a proxy is known to have passed the request on, or None."""
    for name in _PROXY_HEADERS:
        if name in environ:
            return name
    if "HTTP_X_FORWARDED" in "\n".join(environ):
        return "HTTP_X_FORWARDED_…"
    return None


def refuse_strangers(environ: RequestEnviron) -> None:
    """Refuse, in local mode, a request that does not come directly from a program on this machine.

    Raises:
        NotLocal: saying why.
    """
    if not is_loopback(environ.get("REMOTE_ADDR", "")):
        raise NotLocal(f"Without tokens only this machine is served. {_WAY_OUT}")
    if not is_local_host(environ.get("HTTP_HOST", "")):
        # A stranger's page can point its own name at this machine (DNS rebinding): the browser then sends that name.
        raise NotLocal(
            "Without tokens the service answers to localhost, 127.0.0.1 and [::1] only, not to another Host. "
            + _WAY_OUT
        )
    if find_proxy_header(environ) is not None:
        raise NotLocal(f"The request came through a proxy, so anybody may have sent it. {_WAY_OUT}")
    if environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        # What a proxy speaks to its upstream by default, without any header that gives it away.
        raise NotLocal(f"HTTP/1.0 is what a proxy speaks, and anybody may be behind it. {_WAY_OUT}")


def is_direct(environ: RequestEnviron) -> bool:
    """Tell whether a request comes directly from a program on this machine."""
    try:
        refuse_strangers(environ)
    except NotLocal:
        return False
    return True


def refuse_cross_site(environ: RequestEnviron, allowed: frozenset[str]) -> None:
    """Refuse a write that a browser sent from the page of another site; other programs send neither header.

    Args:
        allowed: origins of other sites that may write.

    Raises:
        CrossSite: the page is another site's, or no site's.
    """
    origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
    if (origin is None and site is None) or (origin is not None and origin in allowed):
        return
    if site is not None:  # which no page can set; over plain HTTP browsers send it to loopback addresses only
        if site not in ("same-origin", "none"):
            raise CrossSite("A page of another site sent this write; only pages of this service may.")
        return
    if origin is not None and origin.partition("://")[2].lower() != str(environ.get("HTTP_HOST", "")).lower():
        raise CrossSite("The Origin of this write is not this service.")


_HOP: Final = re.compile(r"\[(?P<bracketed>[^]]+)\](?::[0-9]{1,5})?|(?P<plain>[^:\[\]]+)(?::[0-9]{1,5})?")
"""An entry of X-Forwarded-For that may carry a port: `192.0.2.7:4711`, `[2001:db8::7]:4711`."""


class Proxies:
    """The proxies whose word on a client's address is taken."""

    def __init__(self, trusted: tuple[str, ...]) -> None:
        self._unix = "unix" in trusted
        self._networks = [ipaddress.ip_network(word) for word in trusted if word != "unix"]

    def client_address(self, environ: RequestEnviron) -> str:
        """Return the address of the client: the peer's, or what trusted proxies add of the client before them.

        The header is read from its end: what stands further left was sent by a client that is not trusted.
        """
        address = str(environ.get("REMOTE_ADDR", ""))
        hops = str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        while self._trusts(address) and hops and (hop := hops.pop().strip()):
            found = _HOP.fullmatch(hop)
            try:
                address = str(ipaddress.ip_address(found["bracketed"] or found["plain"] if found else hop))
            except ValueError:
                break
        return address or "unix"

    def is_secure(self, environ: RequestEnviron) -> bool:
        """Tell whether the client speaks TLS, to the server or to a trusted proxy."""
        if self._trusts(str(environ.get("REMOTE_ADDR", ""))) and "HTTP_X_FORWARDED_PROTO" in environ:
            return str(environ["HTTP_X_FORWARDED_PROTO"]).strip().lower() == "https"
        return bool(environ.get("wsgi.url_scheme") == "https")

    def _trusts(self, address: str) -> bool:
        if address == "":
            return self._unix
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._networks)
