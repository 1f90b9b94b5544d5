"""Who reads a prompt: a model behind a real HTTP server, recorded answers, or the built-in interpreter."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rmos.config import Settings
from rmos.digest import sha256_hex
from rmos.errors.request import PromptEmpty, ValidationFailed
from rmos.rosette.interpret import INTERPRETER_VERSION, interpret
from rmos.rosette.spec import encode_spec
from rmos.services.rosettes.interpreters import BUILT_IN, BuiltIn, choose_interpreter, question
from tests.language_model import Model, completion, language_model

PROMPT = "something like my grandfather's guitar, 6 mm wide"
SPEC = {
    "instrument": "parlor",
    "soundhole_diameter_mm": 92,
    "rings": [{"kind": "rope", "width_mm": 6, "materials": ["ebony", "koa"]}],
}
SAID = "a parlor, for it is old"


@pytest.fixture
def model() -> Iterator[Model]:
    with language_model() as server:
        server.answer = completion({"spec": SPEC, "assumptions": [SAID], "unrecognized": ["grandfather"]})
        yield server


def settings_for(url: str, **over: Any) -> Settings:
    return Settings(
        instance_path=Path("i"),
        runs_dir=Path("r"),
        rosette_provider="openai",
        rosette_provider_url=url,
        rosette_model="small-8b",
        **{"rosette_provider_timeout_ms": 5000, **over},
    )


def test_the_built_in_interpreter_is_the_default_and_says_its_version() -> None:
    interpreter = choose_interpreter(Settings(instance_path=Path("i"), runs_dir=Path("r")))
    assert isinstance(interpreter, BuiltIn)
    read = interpreter.read("rope in koa, 6 mm band", instrument="om")
    assert read.understood == interpret("rope in koa, 6 mm band", instrument="om")
    assert read.provenance == {"provider": "builtin", "version": INTERPRETER_VERSION}


def test_a_model_reads_the_prompt_and_who_it_was_is_known(model: Model) -> None:
    read = choose_interpreter(settings_for(model.url, rosette_provider_key="sk-1")).read(PROMPT, instrument=None)
    assert encode_spec(read.understood.spec)["rings"] == SPEC["rings"]
    assert read.understood.assumptions[0] == "the model small-8b read the prompt; what it left open is as in the spec"
    assert read.understood.assumptions[1:] == (SAID,)
    assert read.understood.unrecognized == ("grandfather",)
    [(path, authorization, body)] = model.asked
    assert (path, authorization) == ("/v1/chat/completions", "Bearer sk-1")
    assert body == question("small-8b", PROMPT, None)
    assert read.provenance == {
        "provider": "openai",
        "model": "small-8b",
        "parameters": {"temperature": 0, "response_format": {"type": "json_object"}},
        "request_sha256": sha256_hex(body),
        "response_sha256": sha256_hex(model.answer),
    }


def test_the_instrument_of_the_request_is_not_the_models_to_choose(model: Model) -> None:
    read = choose_interpreter(settings_for(model.url)).read(PROMPT, instrument="om")
    assert read.understood.spec.instrument == "om"
    assert model.asked[0][1] is None


BAD_SPECS: list[Any] = [
    "no JSON at all",
    "[1]",
    {"spec": {}},
    {"spec": SPEC, "cut_it_now": True},
    {"spec": {**SPEC, "rings": [{"kind": "dragon", "width_mm": 6, "materials": ["koa"]}]}},
    {"spec": {**SPEC, "rings": [{"kind": "rope", "width_mm": 6, "materials": ["unobtainium"]}]}},
    {"spec": {**SPEC, "soundhole_diameter_mm": 1e9}},
]


@pytest.mark.parametrize("content", BAD_SPECS)
def test_an_answer_that_is_no_spec_is_not_used_and_that_is_said(content: Any, model: Model) -> None:
    model.answer = completion(content)
    read = choose_interpreter(settings_for(model.url)).read(PROMPT, instrument=None)
    assert read.understood.spec == interpret(PROMPT).spec
    why = "the model's answer is no rosette"
    said = f"the built-in interpreter read the prompt, for the model small-8b did not: {why}"
    assert read.understood.assumptions == (said, *interpret(PROMPT).assumptions)
    assert read.provenance["fallback"] == why
    assert read.provenance["read_by"] == BUILT_IN
    assert read.provenance["response_sha256"] == sha256_hex(model.answer)


def test_an_answer_of_another_protocol_is_not_used(model: Model) -> None:
    model.answer = b'{"choices": []}'
    read = choose_interpreter(settings_for(model.url)).read(PROMPT, instrument=None)
    assert read.provenance["fallback"] == "its answer is no chat completion"


def test_a_number_that_was_given_is_not_the_models_to_change(model: Model) -> None:
    read = choose_interpreter(settings_for(model.url)).read("rope in koa, 100 mm hole", instrument=None)
    assert read.understood.spec.soundhole_diameter == 100_000
    assert read.provenance["fallback"] == "the model changed the soundhole diameter that was given"


def test_the_time_that_the_model_has_is_a_setting(model: Model) -> None:
    model.may_answer.clear()
    read = choose_interpreter(settings_for(model.url, rosette_provider_timeout_ms=100)).read(PROMPT, instrument=None)
    assert read.provenance["fallback"] == "it did not answer in time"


def test_a_provider_that_is_not_there_never_fails_a_request(model: Model) -> None:
    url = model.url
    model.server_close()
    read = choose_interpreter(settings_for(url)).read(PROMPT, instrument=None)
    assert read.provenance["fallback"] == "it could not be reached"


def test_what_nobody_can_follow_is_asked_of_no_model(model: Model) -> None:
    interpreter = choose_interpreter(settings_for(model.url))
    with pytest.raises(PromptEmpty):
        interpreter.read(" ... ", instrument=None)
    with pytest.raises(ValidationFailed):
        interpreter.read("86 mm hole, 2 inch hole", instrument=None)
    assert model.asked == []


def test_recorded_answers_are_read_by_the_digest_of_their_request(tmp_path: Path) -> None:
    name = sha256_hex(question("recorded", PROMPT, None))
    (tmp_path / f"{name}.json").write_bytes(completion({"spec": SPEC}))
    settings = Settings(
        instance_path=Path("i"), runs_dir=Path("r"), rosette_provider="replay", rosette_replay_dir=tmp_path
    )
    read = choose_interpreter(settings).read(PROMPT, instrument=None)
    assert read.understood.spec.soundhole_diameter == 92_000
    assert (read.provenance["provider"], read.provenance["request_sha256"]) == ("replay", name)
    other = choose_interpreter(settings).read("rope in koa", instrument=None)
    assert other.provenance["fallback"] == "there is no recorded answer to this prompt"
