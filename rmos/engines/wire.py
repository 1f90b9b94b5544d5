"""What the service and the process of an engine plug-in say to each other: frames of JSON over a socket.

A frame is its length, four bytes, and as many bytes of JSON. The process sends one `Loaded`; then each `CutRequest` of
the service gets one `Reply` with its number. Questions are written and read by the standard library's JSON, which
carries whatever a design may hold (NaN, large integers, lone surrogates). Replies are read by their types and never
unpickled: the process has run foreign code, and what it sends is data.
"""

import json
import struct
from collections.abc import Callable
from typing import Any, Final

import msgspec

from rmos.engines.base import EngineInfo, EngineResult
from rmos.engines.rules import Rule

_HEADER: Final = struct.Struct("!I")
_PIECE: Final = 1 << 16
MAX_QUESTION_BYTES: Final = (1 << 32) - 1
"""What the header of a frame can say; bodies of requests are far smaller."""
MAX_REPLY_BYTES: Final = 4 << 20
"""Largest reply, RMOS policy: some 400 results of the built-in engine."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The plug-in is loaded, and this is what it says of itself."""

    info: EngineInfo
    rules: list[Rule]


class LoadFailed(msgspec.Struct, frozen=True, tag=True):
    """The plug-in cannot be used; `why` continues its name, for whoever starts the service."""

    why: str


class Answered(msgspec.Struct, frozen=True, tag=True):
    """The engine gave a result that keeps the contract."""

    number: int
    result: EngineResult


class Broken(msgspec.Struct, frozen=True, tag=True):
    """The engine gave something else; `how` says what it is."""

    number: int
    how: str


class Raised(msgspec.Struct, frozen=True, tag=True):
    """The engine raised an error of the class `kind`; the traceback is for the log alone."""

    number: int
    kind: str
    traceback: str
    out_of_memory: bool


Loaded = Ready | LoadFailed
Reply = Answered | Broken | Raised

_loaded: Final[msgspec.json.Decoder[Loaded]] = msgspec.json.Decoder(Loaded)
_reply: Final[msgspec.json.Decoder[Reply]] = msgspec.json.Decoder(Reply)


class CutRequest(msgspec.Struct, frozen=True):
    """One cut to evaluate."""

    number: int
    spec: Any
    ctx: Any
    request_id: str


def encode_frame(data: bytes) -> bytes:
    """Return data with its length before it."""
    return _HEADER.pack(len(data)) + data


def read_frame(receive: Callable[[int], bytes], limit: int) -> bytes:
    """Return the data of the next frame from a function that reads up to so many bytes.

    Raises:
        EOFError: the other side is gone.
        ValueError: the frame is longer than `limit`.
    """
    (size,) = _HEADER.unpack(_read(receive, _HEADER.size))
    if size > limit:
        raise ValueError(f"a frame of {size} bytes")
    return _read(receive, size)


def _read(receive: Callable[[int], bytes], size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = receive(min(size - len(data), _PIECE))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def encode_question(question: CutRequest) -> bytes:
    """Return the JSON of a question.

    Raises:
        ValueError, TypeError, RecursionError: the inputs are no JSON, or nested too deeply.
    """
    return json.dumps((question.number, question.spec, question.ctx, question.request_id)).encode()


def decode_question(data: bytes) -> CutRequest:
    """Return the question that `encode_question` wrote."""
    return CutRequest(*json.loads(data))


def encode_reply(reply: Loaded | Reply) -> bytes:
    """Return the JSON of what the process sends.

    Raises:
        TypeError, ValueError: a plug-in put something else into a struct than its types say.
    """
    return msgspec.json.encode(reply)


def decode_loaded(data: bytes) -> Loaded:
    """Return what the process says first.

    Raises:
        msgspec.DecodeError: it is none of that.
    """
    return _loaded.decode(data)


def decode_reply(data: bytes) -> Reply:
    """Return the reply to a question.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return _reply.decode(data)
