"""One process that runs an engine plug-in, as the service holds it: start, ask, kill.

    process = EngineProcess("rmos_gentle:Gentle")        # returns when the plug-in is loaded
    process.ready.info.engine_id                         # "gentle"
    reply, seconds = process.ask(number, question, timeout_s=5.0)
    process.end()

It is a new interpreter, never a fork of a service that has threads. Only its time to answer counts against an engine's
limit, not its start. Past the limit it is killed, with every process of its group, and reaped.
"""

import contextlib
import functools
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Final

import msgspec

from rmos.engines import wire
from rmos.engines.wire import LoadFailed, Raised, Ready, Reply

LOAD_TIMEOUT_S: Final = 30.0
"""How long a plug-in may take to be imported and made, RMOS policy; gunicorn gives up a worker after 60 s."""
_LOOK_S: Final = 0.05
"""How often a process that says nothing is looked at: one that it has forked may hold its socket open after its end."""
_HANG_UP_S: Final = 2.0
"""How long a process whose socket was closed may take to end: the kernel closes its files a moment before."""
_END_S: Final = 2.0
"""How long a killed process may take to end; one that waits for a dead disk is left to the kernel."""
_BOOT: Final = "import sys; sys.path[:] = sys.argv[4:]; from rmos.engines.child import main; main()"


class NotLoaded(Exception):
    """The process has no engine; the message continues the plug-in's name and may hold words of the plug-in."""


class NotAnswered(Exception):
    """A question has no reply; `what` continues the engine's name and holds no word of the plug-in."""

    def __init__(self, what: str, seconds: float = 0.0) -> None:
        super().__init__(what)
        self.what = what
        self.seconds = seconds


class EngineProcess:
    """A process with one loaded plug-in; one thread at a time may use it."""

    def __init__(self, reference: str) -> None:
        """Start a process and wait until it has loaded the plug-in that a reference names (`module:object`).

        Raises:
            NotLoaded: it cannot be started, or the plug-in cannot be used.
        """
        self.is_idle = False
        """Whether it waits for a question; after a failure it never does again."""
        try:
            self._start(reference)
        except OSError as error:
            raise NotLoaded(f" cannot be given a process: {error}") from None
        try:
            self.ready = self._load()
        except BaseException:  # also an interrupt: nobody else would end the process that was just started
            self.end()
            raise
        self.is_idle = True

    def _start(self, reference: str) -> None:
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
            talk, their_talk = socket.socketpair()
            ours.enter_context(talk)
            theirs.enter_context(their_talk)
            their_alive, alive = os.pipe()
            ours.callback(os.close, alive)
            theirs.callback(os.close, their_alive)
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-u", "-X", "faulthandler", "-c", _BOOT),
                    *(str(their_talk.fileno()), str(their_alive), reference, *sys.path),
                ],
                pass_fds=(their_talk.fileno(), their_alive),
                stdin=subprocess.DEVNULL,
                stdout=2,  # what a plug-in prints belongs to the log, not into the output of a command
                start_new_session=True,  # Ctrl-C is the command's to hear; and what it starts is killed with it
            )
            self._socket = talk
            # Nothing is ever written to it: when it is closed, the kernel kills the process.
            self._held = ours.pop_all()

    def _load(self) -> Ready:
        try:
            loaded = wire.decode_loaded(self._read_frame(time.monotonic() + LOAD_TIMEOUT_S))
        except TimeoutError:
            raise NotLoaded(f" was not loaded within {LOAD_TIMEOUT_S:g} s") from None
        except (EOFError, OSError):
            raise NotLoaded(f" {self._describe_end()} while it was loaded") from None
        except (ValueError, msgspec.DecodeError):
            raise NotLoaded(" broke the protocol while it was loaded") from None
        if isinstance(loaded, LoadFailed):
            raise NotLoaded(loaded.why)
        return loaded

    def ask(self, number: int, question: bytes, *, timeout_s: float) -> tuple[Reply, float]:
        """Return the reply to a question, and the seconds that it took.

        Raises:
            NotAnswered: there is none in time, or none at all; the process is gone then.
        """
        started = time.monotonic()
        self.is_idle = False
        try:
            reply = self._exchange(question, started + timeout_s)
            if reply.number != number:
                raise ValueError("a reply to another question")
        except TimeoutError:
            failure = f"did not answer within {timeout_s * 1000:g} ms"
        except (EOFError, OSError):
            failure = self._describe_end()
        except (ValueError, msgspec.DecodeError):
            failure = "sent something else than an answer"
        else:
            # One that ran out of memory may have lost sight of what fills it.
            self.is_idle = not (isinstance(reply, Raised) and reply.out_of_memory)
            return reply, time.monotonic() - started
        seconds = time.monotonic() - started
        self.end()
        raise NotAnswered(failure, seconds)

    def _exchange(self, question: bytes, ends: float) -> Reply:
        self._socket.settimeout(_time_left(ends))
        self._socket.sendall(wire.encode_frame(question))
        return wire.decode_reply(self._read_frame(ends))

    def _read_frame(self, ends: float) -> bytes:
        return wire.read_frame(functools.partial(self._receive, ends), wire.MAX_REPLY_BYTES)

    def _receive(self, ends: float, size: int) -> bytes:
        """Return what has come, nothing when the process has ended.

        Raises:
            TimeoutError: `ends` has come first.
        """
        has_ended = False
        while True:
            self._socket.settimeout(min(_time_left(ends), _LOOK_S))
            try:
                return self._socket.recv(size)
            except TimeoutError:
                if has_ended:
                    return b""
                has_ended = self.has_ended()  # and looked for what it had sent before

    def has_ended(self) -> bool:
        """Tell whether the process is over; it is not reaped, so its number stays its own until `end`."""
        if not hasattr(os, "waitid"):  # macOS before Python 3.13: there the process's own watcher ends its group
            return self._process.poll() is not None
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    def _describe_end(self) -> str:
        """Reap a process that hung up, and return what became of it."""
        gives_up = time.monotonic() + _HANG_UP_S
        while not (has_ended := self.has_ended()) and time.monotonic() < gives_up:
            time.sleep(0.001)
        self.end()
        code = self._process.returncode
        if not has_ended:
            return "hung up"
        return f"was killed by {_signal_name(-code)}" if code < 0 else f"exited with status {code}"

    def end(self) -> None:
        """Kill the process and all that it has started within its group, and reap it; a second time does nothing."""
        self.is_idle = False
        held, self._held = self._held, contextlib.ExitStack()
        with held:
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_END_S)


def _time_left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
