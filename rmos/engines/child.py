"""The process of an engine plug-in: it loads the plug-in and answers one question after the other.

    python -c BOOT SOCKET ALIVE REFERENCE PATH…        # `rmos.engines.process` starts it

It talks over a socket of its own, so what the plug-in prints goes to the log of the service and nowhere else. It ends
with the service: the kernel kills it, with all that it has started, when the service is gone, even in a loop of C code.
"""

import contextlib
import fcntl
import os
import resource
import select
import signal
import socket
import sys
import traceback
from importlib.metadata import EntryPoint
from typing import Any, Final, cast

import msgspec

from rmos.engines import wire
from rmos.engines.base import EngineInfo, FeasibilityEngine
from rmos.engines.contract import ContractBroken, check_engine_shape, check_result, collect_rules, type_name
from rmos.engines.wire import Answered, Broken, CutRequest, Loaded, LoadFailed, Raised, Ready, Reply

MAX_MEMORY_BYTES: Final = 4 << 30
"""Address space of a process, RMOS policy: what asks for more gets a MemoryError, and the machine is spared."""
_MAX_TRACEBACK: Final = 20_000
"""Characters of a traceback that are logged, the last ones."""


def main() -> None:
    """Load the plug-in, say so, and answer until the service hangs up."""
    channel, alive, reference = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), sys.argv[3]
    for inherited in (channel.fileno(), alive):
        os.set_inheritable(inherited, False)  # programs that the plug-in starts have no business with them
    _end_with_service(alive)
    _limit_memory()
    pid = os.getpid()
    engine, loaded = _load(reference)
    data = wire.encode_reply(loaded)
    while os.getpid() == pid:  # a fork that the engine has made, and that came back from it, ends here
        channel.sendall(wire.encode_frame(data))
        if engine is None or not isinstance(loaded, Ready):
            return
        try:
            question = wire.read_frame(channel.recv, wire.MAX_QUESTION_BYTES)
        except EOFError:
            break
        data = _answer(engine, loaded.info, question)
    os._exit(0)  # a fork has no business with what the plug-in registered for the end of its process


def _end_with_service(alive: int) -> None:
    """Have the kernel kill this group of processes when the other end of a pipe is closed, by whatever death.

    No thread could do that while C code holds the interpreter lock, and a parent's death signal (prctl) would come when
    the thread ends that started this process, not the service.
    """
    if not hasattr(fcntl, "F_SETSIG"):
        _watch(alive)
        return
    fcntl.fcntl(alive, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(alive, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(alive, fcntl.F_SETFL, fcntl.fcntl(alive, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([alive], [], [], 0)[0]:
        os._exit(0)  # it was closed before the kernel knew what to do


def _watch(alive: int) -> None:
    """Have a process of this group wait for the end of the pipe and kill the group: macOS sends no signal by it."""
    if select.select([alive], [], [], 0)[0]:
        os._exit(0)
    if os.fork() == 0:
        for inherited in (int(sys.argv[1]), *range(3)):
            with contextlib.suppress(OSError):  # what it held open would look like the plug-in to whoever reads it
                os.close(inherited)
        os.read(alive, 1)
        os.killpg(0, signal.SIGKILL)


def _limit_memory() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MAX_MEMORY_BYTES, hard)
    # A sandbox may forbid to set limits, also lower ones; then there is its own.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


# Loading


def _load(reference: str) -> tuple[FeasibilityEngine | None, Loaded]:
    """Return the engine that a reference names, and what to say of it."""
    try:
        plugin = EntryPoint("engine", reference, "rmos.engines").load()
    except BaseException as error:  # noqa: BLE001 - importing foreign code may raise anything
        return None, LoadFailed(f" cannot be imported: {type_name(type(error))}: {error}")
    try:
        engine = cast(FeasibilityEngine, _make(plugin))
        ready = Ready(check_engine_shape(engine), list(collect_rules(engine)))
        wire.decode_loaded(wire.encode_reply(ready))
    except ContractBroken as broken:
        return None, LoadFailed(f": {broken}")
    except (msgspec.MsgspecError, UnicodeError) as error:
        return None, LoadFailed(f": `info` or `rules` do not hold what their types say: {error}")
    except BaseException as error:  # noqa: BLE001 - whatever foreign code raises makes it a broken plug-in
        return None, LoadFailed(f" raised {type_name(type(error))}: {error}")
    return engine, ready


def _make(plugin: Any) -> object:
    """Return the engine that a plug-in is, or makes."""
    return plugin() if isinstance(plugin, type) or not hasattr(plugin, "compute") else plugin


# Answering


def _answer(engine: FeasibilityEngine, info: EngineInfo, data: bytes) -> bytes:
    question = wire.decode_question(data)
    reply = _evaluate(engine, info, question)
    encoded = wire.encode_reply(reply)
    if len(encoded) > wire.MAX_REPLY_BYTES:
        how = f"the answer takes {len(encoded)} bytes, at most {wire.MAX_REPLY_BYTES} are recorded"
        return wire.encode_reply(Broken(question.number, how))
    return encoded


def _evaluate(engine: FeasibilityEngine, info: EngineInfo, question: CutRequest) -> Reply:
    number = question.number
    try:
        result = engine.compute(spec=question.spec, ctx=question.ctx, request_id=question.request_id)
    except BaseException as error:  # noqa: BLE001 - whatever foreign code raises is its outcome
        return _describe_error(number, error)
    try:
        return Answered(number, check_result(result, info=info, request_id=question.request_id))
    except ContractBroken as broken:
        return Broken(number, str(broken))
    except BaseException as error:  # noqa: BLE001 - so may each member of what it returned, when it is looked at
        return _describe_error(number, error)


def _describe_error(number: int, error: BaseException) -> Raised:
    try:
        text = "".join(traceback.format_exception(error))[-_MAX_TRACEBACK:]
        text.encode()
    except BaseException:  # noqa: BLE001 - an error may raise another one when it is shown
        text = "(a traceback that cannot be shown)"
    return Raised(number, type_name(type(error)), text, isinstance(error, MemoryError))
