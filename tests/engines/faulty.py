"""A plug-in that does what a design says: `{"act": "spin"}` loops. Every way to be bad, in a process of its own.

Plugin("faulty", "tests.engines.faulty:Faulty")
"""

import atexit
import builtins
import itertools
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rmos.engines import wire
from rmos.engines.base import EngineInfo, EngineResult
from tests.engines.plugins import answer, assessment

Act = Callable[[dict[str, Any], dict[str, Any], str], Any]


class Faulty:
    """The engine."""

    info = EngineInfo(engine_id="plugin", version="1.2.3", description="Does what a design says.")

    def compute(self, *, spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> Any:
        return ACTS[spec["act"]](spec, ctx, request_id)


def tell_pid(spec: Any, ctx: Any, request_id: str) -> EngineResult:
    """Answer with the number of the process."""
    return answer(request_id, reasons=[str(os.getpid())])


def echo(spec: Any, ctx: Any, request_id: str) -> EngineResult:
    """Answer with what was asked."""
    return answer(request_id, reasons=[repr(spec), repr(ctx)])


def meddle(spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
    """Change what was given."""
    spec["act"] = 1
    ctx.clear()
    return answer(request_id)


# Errors


class _Mute(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError


class _Garbled(Exception):
    def __str__(self) -> str:
        return "\ud800"


ODD_NAME = type("/srv/app\n", (Exception,), {})


def raise_error(spec: Any, ctx: Any, request_id: str) -> EngineResult:
    """Raise an error by its name, with words that belong into no record."""
    own: dict[str, type[Exception]] = {"odd name": ODD_NAME, "mute": _Mute, "garbled": _Garbled}
    raise (own.get(spec["error"]) or getattr(builtins, spec["error"]))("/etc/secret")


def recurse(spec: Any, ctx: Any, request_id: str) -> EngineResult:
    """Run out of stack. (Called with other arguments than it names, CPython 3.13.0 would never find out.)"""
    return recurse(spec, ctx, request_id)


def allocate(*_: Any) -> Any:
    """Take all the memory there is; hardly any of it is touched."""
    return [bytes(1 << 28) for _ in range(256)]


# Never an answer


def spin(*_: Any) -> Any:
    """Loop in Python, and catch whatever comes on the way."""
    while True:
        try:
            sum(range(100))
        except BaseException:  # noqa: BLE001 - that is the point
            continue


def spin_in_c(*_: Any) -> Any:
    """Loop in C and never let go of the interpreter lock."""
    return "x" in itertools.repeat("y")


def sleep(*_: Any) -> Any:
    """Wait in C."""
    time.sleep(100_000)


def ignore_signals(*_: Any) -> Any:
    """Wait, deaf to all but SIGKILL."""
    _be_deaf()
    sleep()


def _be_deaf() -> None:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)


def stop(*_: Any) -> Any:
    """Be stopped, as by a debugger."""
    os.kill(os.getpid(), signal.SIGSTOP)


# The end of the process


def leave(*_: Any) -> Any:
    """End the process without a word."""
    os._exit(3)


def crash(*_: Any) -> Any:
    """End the process as a bad pointer would."""
    os.kill(os.getpid(), signal.SIGSEGV)
    sleep()


def hang_up(*_: Any) -> Any:
    """Close every file of the process, and stay."""
    os.closerange(0, 256)
    sleep()


def leave_a_fork(*_: Any) -> Any:
    """End the process, but not a fork of it, which holds its socket open."""
    if os.fork() == 0:
        sleep()
    os._exit(4)


# The protocol


def _channel() -> socket.socket:
    (fd,) = (fd for fd in range(3, 256) if _is_socket(fd))
    return socket.socket(fileno=os.dup(fd))


def _is_socket(fd: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False


def send_noise(*_: Any) -> Any:
    """Send what is no frame."""
    _channel().sendall(b"\xff" * 100)
    sleep()


def send_no_reply(*_: Any) -> Any:
    """Send a frame that is no reply."""
    _channel().sendall(wire.encode_frame(b'{"type": "Answered", "number": "one"}'))
    sleep()


def send_another_number(spec: Any, ctx: Any, request_id: str) -> Any:
    """Send the reply to a question that was not asked."""
    _channel().sendall(wire.encode_frame(wire.encode_reply(wire.Answered(-1, answer(request_id)))))
    sleep()


def _send_reply(make: Callable[[int], wire.Reply]) -> None:
    frame = sys._getframe()
    while "number" not in frame.f_locals:
        assert frame.f_back is not None
        frame = frame.f_back
    _channel().sendall(wire.encode_frame(wire.encode_reply(make(frame.f_locals["number"]))))


def forge(spec: Any, ctx: Any, request_id: str) -> Any:
    """Send a reply past the checks of the process: a GREEN that its own assessment denies."""
    forged = answer(request_id, status="GREEN", assessments=[assessment(risk="RED")])
    _send_reply(lambda number: wire.Answered(number, forged))
    sleep()


def forge_words(*_: Any) -> Any:
    """Send words past the checks of the process."""
    _send_reply(lambda number: wire.Broken(number, "\0" + "x" * 10_000))
    sleep()


def forge_kind(*_: Any) -> Any:
    """Send the name of an error past the checks of the process."""
    _send_reply(lambda number: wire.Raised(number, "/etc/secret", "", False))
    sleep()


def print_noise(spec: Any, ctx: Any, request_id: str) -> EngineResult:
    """Write to both standard streams, by all ways, then answer."""
    print("noise")  # noqa: T201 - that is what it is for
    sys.stderr.write("noise\n")
    for fd in (1, 2):
        os.write(fd, b"\xff noise\n")
    sys.stdout = sys.stderr = None
    return tell_pid(spec, ctx, request_id)


def read_input(spec: Any, ctx: Any, request_id: str) -> EngineResult:
    """Read the standard input to its end, then answer."""
    return answer(request_id, reasons=[sys.stdin.read()])


def list_files(spec: dict[str, Any], ctx: Any, request_id: str) -> EngineResult:
    """Start a program that tells which files it has inherited."""
    os.system(f"ls /proc/self/fd > {spec['into']}")
    return answer(request_id)


# Answers after which something remains


def fork_twice_back(spec: dict[str, Any], ctx: Any, request_id: str) -> EngineResult:
    """Fork, and answer from both; the fork alone keeps a pipe open, and would make a file at the end of its program."""
    pipe = os.open(spec["pipe"], os.O_WRONLY)
    if os.fork() == 0:
        atexit.register(Path(spec["into"]).touch)
    else:
        os.close(pipe)
    return answer(request_id)


def leave_a_thread(spec: Any, ctx: Any, request_id: str) -> EngineResult:
    """Answer, with a thread left that never ends."""
    threading.Thread(target=sleep).start()
    return tell_pid(spec, ctx, request_id)


def hold(spec: dict[str, Any], ctx: Any, request_id: str) -> EngineResult:
    """Open a pipe and never close it, in a fork and in a program too; say so by a byte; then do as `then` says."""
    pipe = os.open(spec["pipe"], os.O_WRONLY)
    if spec.get("deaf"):
        _be_deaf()
    if os.fork() == 0:
        sleep()
    subprocess.Popen(["sleep", "100000"], pass_fds=[pipe])
    os.write(pipe, b".")
    result: EngineResult = ACTS[spec["then"]](spec, ctx, request_id)
    return result


def start_program(spec: dict[str, Any], ctx: Any, request_id: str) -> EngineResult:
    """Start a program that holds a pipe open, and answer."""
    pipe = os.open(spec["pipe"], os.O_WRONLY)
    subprocess.Popen(["sleep", "100000"], pass_fds=[pipe])
    os.close(pipe)
    return answer(request_id)


def wait(spec: dict[str, Any], ctx: Any, request_id: str) -> EngineResult:
    """Say by a byte that the question is being answered, then wait for one."""
    go = os.open(spec["go"], os.O_RDWR)  # without waiting for who writes
    said = os.open(spec["said"], os.O_WRONLY)
    os.write(said, b".")
    os.read(go, 1)
    return tell_pid(spec, ctx, request_id)


# Odd results


class Hostile:
    """A value whose every use raises."""

    def __getattribute__(self, name: str) -> Any:
        raise ZeroDivisionError(name)

    def __repr__(self) -> str:
        raise ZeroDivisionError

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError

    def __hash__(self) -> int:
        raise ZeroDivisionError


def _endless() -> list[Any]:
    inner: list[Any] = []
    inner.append(inner)
    return inner


ODD: dict[str, Callable[[str], Any]] = {
    "none": lambda _: None,
    "dict": lambda _: {"status": "GREEN"},
    "module": lambda _: sys,
    "hostile": lambda _: Hostile(),
    "function": lambda _: lambda: None,
    "another engine's": lambda request_id: answer(request_id, engine_id="baseline_v1"),
    "another request's": lambda _: answer("another"),
    "NaN": lambda request_id: answer(request_id, overall_score=float("nan")),
    "large integer": lambda request_id: answer(request_id, overall_score=10**400),
    "hostile status": lambda request_id: answer(request_id, status=Hostile()),
    "hostile reason": lambda request_id: answer(request_id, reasons=[Hostile()]),
    "hostile number": lambda request_id: answer(request_id, assessments=[assessment(limit=Hostile())]),
    "endless": lambda request_id: answer(request_id, reasons=_endless()),
    "surrogate": lambda request_id: answer(request_id, missing_inputs=["\ud800"]),
    "huge": lambda request_id: answer(
        request_id, **dict.fromkeys(("reasons", "assumptions", "missing_inputs"), ["x" * 4000] * 500)
    ),
}


def odd(spec: Any, ctx: Any, request_id: str) -> Any:
    """Return what is no result, by its name."""
    return ODD[spec["odd"]](request_id)


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        *(tell_pid, echo, meddle, raise_error, recurse, allocate, odd),
        *(spin, spin_in_c, sleep, ignore_signals, stop),
        *(leave, crash, hang_up, leave_a_fork),
        *(send_noise, send_no_reply, send_another_number, forge, forge_words, forge_kind, print_noise, read_input),
        *(list_files,),
        *(fork_twice_back, leave_a_thread, hold, start_program, wait),
    )
}
