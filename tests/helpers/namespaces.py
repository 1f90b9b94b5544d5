"""Network namespaces for tests: hosts with a network of their own, and a link to each server that can be taken down.

    with HostNetwork(1, {"s3": "127.0.0.1:7480", "db": "/tmp/pg/.s.PGSQL.5432"}) as network:
        network.address("s3")                # where the host reaches the server: 10.213.1.1
        subprocess.Popen([*network.within(), "command"])
        network.set_link("s3", up=False)     # from now on nothing that the host sends it arrives

A link is a pair of virtual network cards. On the side of the servers a process hands on what comes to the card's
address; the servers themselves listen on this machine's loopback alone. It needs root.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

_NETWORKS: Final = {"s3": 213, "db": 214}
PORT: Final = 7000
"""Where a host finds the server at the other end of a link."""

# It ends with whoever started it: then its standard input is at its end.
_HAND_ON: Final = """
import asyncio, sys
address, port, target = sys.argv[1:]
async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
async def hand_on(reader, writer):
    try:
        if target.startswith("/"):
            there = await asyncio.open_unix_connection(target)
        else:
            host, _, number = target.rpartition(":")
            there = await asyncio.open_connection(host, int(number))
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))
async def main():
    await asyncio.start_server(hand_on, address, int(port))
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    import os
    os._exit(0)
asyncio.run(main())
"""


class HostNetwork:
    """The network of one host."""

    def __init__(self, number: int, servers: Mapping[str, str]) -> None:
        self.name = f"rmos-{os.getpid()}-{number}"
        self._number = number
        self._servers = servers
        self._handing: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "HostNetwork":
        _run("netns", "add", self.name)
        try:
            _run("-n", self.name, "link", "set", "lo", "up")
            for link, target in self._servers.items():
                self._make_link(link, target)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def within(self) -> list[str]:
        """Return what makes a command run on this host."""
        return ["ip", "netns", "exec", self.name]

    def address(self, link: str) -> str:
        """Return where the host finds a server."""
        return f"10.{_NETWORKS[link]}.{self._number}.1"

    def set_link(self, link: str, *, up: bool) -> None:
        """Take the link to a server down, or up again."""
        _run("link", "set", self._card(link), "up" if up else "down")

    @contextmanager
    def cut_off(self, *links: str) -> Iterator[None]:
        """Take links down for a while."""
        for link in links:
            self.set_link(link, up=False)
        try:
            yield
        finally:
            for link in links:
                self.set_link(link, up=True)

    def close(self) -> None:
        """Remove the network; a card goes with the other end of its link."""
        for handing in self._handing:
            handing.kill()
            handing.communicate()
        with contextlib.suppress(subprocess.CalledProcessError):
            pids = _run("netns", "pids", self.name).split()
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            _run("netns", "del", self.name)

    def _make_link(self, link: str, target: str) -> None:
        card, inner = self._card(link), f"to-{link}"
        network = f"10.{_NETWORKS[link]}.{self._number}"
        _run("link", "add", card, "type", "veth", "peer", "name", inner, "netns", self.name)
        _run("addr", "add", f"{network}.1/30", "dev", card)
        _run("-n", self.name, "addr", "add", f"{network}.2/30", "dev", inner)
        _run("link", "set", card, "up")
        _run("-n", self.name, "link", "set", inner, "up")
        command = [sys.executable, "-c", _HAND_ON, f"{network}.1", str(PORT), target]
        handing = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._handing.append(handing)
        assert handing.stdout is not None
        assert handing.stdout.readline() == b"ready\n"

    def _card(self, link: str) -> str:
        return f"rm{os.getpid() % 100_000}-{self._number}{link}"


def _run(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout
