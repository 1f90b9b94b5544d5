"""A model that explains: what it is asked, and what of its answers can be used."""

import json
from pathlib import Path

import pytest

from rmos.config import Settings
from rmos.digest import sha256_hex
from rmos.errors.installation import ProviderFailed
from rmos.services.chat import Replay
from rmos.services.explanations.by_model import ExplanationModel, choose_explanation_model
from tests.language_model import completion


def recorded(tmp_path: Path, content: object) -> ExplanationModel:
    model = ExplanationModel(Replay(tmp_path), "small-8b")
    (tmp_path / f"{sha256_hex(model.request('GREEN.', 'Why?'))}.json").write_bytes(completion(content))
    return model


def test_without_a_url_there_is_no_model() -> None:
    settings = Settings(instance_path=Path("i"), runs_dir=Path("r"))
    assert choose_explanation_model(settings) is None


def test_the_model_that_the_settings_name_is_asked() -> None:
    settings = Settings(
        instance_path=Path("i"), runs_dir=Path("r"), explanation_url="https://models.example/v1", explanation_model="m"
    )
    model = choose_explanation_model(settings)
    assert model is not None
    assert json.loads(model.request("GREEN.", None))["model"] == "m"


def test_an_answer_comes_with_the_digests_of_both_sides(tmp_path: Path) -> None:
    model = recorded(tmp_path, "It is sound.")
    explained = model.explain("GREEN.", "Why?")
    assert explained.text == "It is sound."
    assert explained.request_sha256 == sha256_hex(model.request("GREEN.", "Why?"))
    assert explained.response_sha256 == sha256_hex(completion("It is sound."))


def test_the_facts_are_given_with_the_readers_question_behind_them() -> None:
    model = ExplanationModel(Replay(Path("none")), "m")
    assert json.loads(model.request("GREEN.", "Why?"))["messages"][1]["content"] == "GREEN.\n\nThe reader asks: Why?"
    assert json.loads(model.request("GREEN.", None))["messages"][1]["content"] == "GREEN."


@pytest.mark.parametrize("content", ["", " \n", "a\x00b", "x" * 100_001])
def test_an_answer_that_is_no_text_to_be_shown_is_not_used(content: str, tmp_path: Path) -> None:
    with pytest.raises(ProviderFailed, match="empty, too long or no text"):
        recorded(tmp_path, content).explain("GREEN.", "Why?")
