"""One request to a language model: over a real HTTP server, or from recorded answers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rmos.digest import sha256_hex
from rmos.errors.installation import ProviderFailed
from rmos.services.chat import MAX_ANSWER_BYTES, ChatCompletions, Replay, chat_request, content_of
from tests.helpers.waiting import PATIENCE_S
from tests.language_model import Model, completion, language_model

REQUEST = chat_request("small-8b", "Read.", "rope in koa", {"temperature": 0})


@pytest.fixture
def model() -> Iterator[Model]:
    with language_model() as server:
        yield server


def failure(model: Model, *, timeout_s: float = PATIENCE_S) -> str:
    with pytest.raises(ProviderFailed) as failed:
        ChatCompletions(model.url, "sk-1", timeout_s=timeout_s).answer(REQUEST)
    assert "sk-1" not in failed.value.detail
    assert "127.0.0.1" not in failed.value.detail
    return failed.value.detail


def test_a_question_is_the_same_bytes_each_time() -> None:
    messages = [{"content": "Read.", "role": "system"}, {"content": "rope in koa", "role": "user"}]
    assert json.loads(REQUEST) == {"messages": messages, "model": "small-8b", "temperature": 0}
    assert chat_request("small-8b", "Read.", "rope in koa", {"temperature": 0}) == REQUEST


@pytest.mark.parametrize(("key", "sent"), [("sk-1", "Bearer sk-1"), (None, None)])
def test_the_bytes_arrive_as_they_are_with_the_key_if_there_is_one(
    key: str | None, sent: str | None, model: Model
) -> None:
    assert ChatCompletions(f"{model.url}/", key, timeout_s=PATIENCE_S).answer(REQUEST) == model.answer
    assert model.asked == [("/v1/chat/completions", sent, REQUEST)]


@pytest.mark.parametrize("status", [307, 401, 500])
def test_a_refusal_is_said_without_what_it_said_and_not_followed(status: int, model: Model) -> None:
    model.status, model.answer = status, b"a secret of the provider"
    assert failure(model) == f"it answered with the status {status}"
    assert len(model.asked) == 1


def test_an_answer_that_is_too_long_is_not_read_to_its_end(model: Model) -> None:
    model.answer = b"x" * (MAX_ANSWER_BYTES + 1)
    assert failure(model) == f"its answer is longer than {MAX_ANSWER_BYTES} bytes"


def test_an_answer_that_comes_too_late_is_not_waited_for(model: Model) -> None:
    model.may_answer.clear()
    assert failure(model, timeout_s=0.1) == "it did not answer in time"


def test_a_service_that_is_not_there_is_said_to_be_out_of_reach(model: Model) -> None:
    model.server_close()
    assert failure(model) == "it could not be reached"


def test_a_url_that_is_none_is_out_of_reach_too() -> None:
    with pytest.raises(ProviderFailed, match="could not be reached"):
        ChatCompletions("http://[", None, timeout_s=1).answer(REQUEST)


def test_recorded_answers_are_found_by_the_digest_of_their_request(tmp_path: Path) -> None:
    (tmp_path / f"{sha256_hex(REQUEST)}.json").write_bytes(completion("Yes."))
    assert content_of(Replay(tmp_path).answer(REQUEST)) == "Yes."
    with pytest.raises(ProviderFailed, match="no recorded answer"):
        Replay(tmp_path).answer(REQUEST + b" ")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"no json",
        b"\xff",
        b'{"choices": []}',
        b'{"choices": [{"message": {}}]}',
        b'{"choices": [{"message": {"content": 7}}]}',
        b'{"choices": [{"message": {"content": "\\ud800"}}]}',
        b"[" * 100_000,
    ],
)
def test_an_answer_of_another_protocol_is_not_used(answer: bytes) -> None:
    with pytest.raises(ProviderFailed, match="its answer is no chat completion"):
        content_of(answer)
