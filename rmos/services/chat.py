"""Ask a language model: one request to a service that speaks the chat completions of OpenAI, or a recorded answer.

    request = chat_request("small-8b", task, asked, {"temperature": 0})
    answer = ChatCompletions(url, key, timeout_s=10).answer(request)       # ProviderFailed when there is none
    content_of(answer)

The same question is the same bytes, so what was asked and what came back can be recorded by their digests and held
against a log of both; `Replay` answers from such a log, without a network. What a failure says names no secret and no
address: it is shown to clients and stays in the record.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from rmos import digest
from rmos.errors.installation import ProviderFailed

MAX_ANSWER_BYTES: Final = 256 * 1024
"""A longer answer is not read; a spec or an explanation has a few kilobytes."""
_LATE: Final = "it did not answer in time"


class Chat(Protocol):
    """Answers a chat request, bytes for bytes."""

    @property
    def name(self) -> str:
        """What a record calls it."""

    def answer(self, request: bytes) -> bytes:
        """Return the body of the answer.

        Raises:
            ProviderFailed: there is none.
        """


class ChatCompletions:
    """A service that speaks `POST …/chat/completions`, over HTTP; needs the extra `client`."""

    name: Final = "openai"

    def __init__(self, url: str, key: str | None, *, timeout_s: float) -> None:
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._timeout_s = timeout_s

    def answer(self, request: bytes) -> bytes:
        """Send one request; redirects are not followed, and what is too long or too late is not read to its end."""
        try:
            import httpx  # noqa: PLC0415 - an optional extra
        except ImportError:
            raise ProviderFailed("it needs the extra `client`: pip install 'rmos[client]'") from None
        data, end = bytearray(), time.monotonic() + self._timeout_s
        try:
            with httpx.stream(
                "POST", self._url, content=request, headers=self._headers, timeout=self._timeout_s
            ) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise ProviderFailed(f"it answered with the status {answer.status_code}")
                for chunk in answer.iter_bytes():
                    data += chunk
                    if len(data) > MAX_ANSWER_BYTES:
                        raise ProviderFailed(f"its answer is longer than {MAX_ANSWER_BYTES} bytes")
                    if time.monotonic() > end:
                        raise ProviderFailed(_LATE)
        except httpx.TimeoutException:
            raise ProviderFailed(_LATE) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise ProviderFailed("it could not be reached") from None
        return bytes(data)


class Replay:
    """Recorded answers, each in a file named after the SHA-256 of its request: for trials without a network."""

    name: Final = "replay"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def answer(self, request: bytes) -> bytes:
        """Return the recorded answer to this request."""
        try:
            return (self._folder / f"{digest.sha256_hex(request)}.json").read_bytes()
        except OSError:
            raise ProviderFailed("there is no recorded answer to this prompt") from None


def chat_request(model: str, task: str, asked: str, parameters: Mapping[str, Any]) -> bytes:
    """Return the body of a request: the same bytes for the same question."""
    messages = [{"role": "system", "content": task}, {"role": "user", "content": asked}]
    return digest.canonical({"model": model, "messages": messages, **parameters})


class _Message(msgspec.Struct):
    content: str


class _CompletionChoice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_CompletionChoice]


def content_of(answer: bytes) -> str:
    """Return what the model said.

    Raises:
        ProviderFailed: the answer is no chat completion.
    """
    try:
        choices = msgspec.json.decode(answer, type=_Completion).choices
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        choices = []
    if not choices:
        raise ProviderFailed("its answer is no chat completion")
    return choices[0].message.content
