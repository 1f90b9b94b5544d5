"""Who reads a prompt: the built-in interpreter, a language model behind an OpenAI-compatible service, or a record.

    interpreter = choose_interpreter(settings)
    read = interpreter.read("rope in koa, 6 mm band", instrument=None)
    read.understood.spec, read.provenance

Only the reading is anybody else's: what comes back is a spec, validated by the schema that every spec passes, and
drawing and evaluating are always ours. A model that cannot be reached, or that answers what is no spec, never fails a
request: the built-in interpreter reads the prompt, and the assumptions say so. Who read is recorded with the run.
"""

from typing import Any, Final, Protocol

import msgspec

from rmos import digest
from rmos.config import Settings
from rmos.errors.installation import ProviderFailed
from rmos.errors.request import ValidationFailed
from rmos.rosette.interpret import INTERPRETER_VERSION, Interpretation, interpret
from rmos.rosette.materials import MATERIALS
from rmos.rosette.presets import INSTRUMENTS
from rmos.rosette.spec import KINDS, RosetteSpec, decode_spec
from rmos.services.chat import Chat, ChatCompletions, Replay, chat_request, content_of

_PARAMETERS: Final[dict[str, Any]] = {"temperature": 0, "response_format": {"type": "json_object"}}
_WHOLE: Final = {
    "hole": "soundhole_diameter",
    "gap": "edge_gap",
    "depth": "channel_depth",
    "top_thickness": "top_thickness",
    "width": "width",
}
"""What a prompt may give of the whole, by its word in `given` → the number that it is."""
_NOT_READ: Final = "the model's answer is no rosette"


class ReadPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """What an interpreter made of a prompt, and who it was."""

    understood: Interpretation
    provenance: dict[str, Any]


class Interpreter(Protocol):
    """Reads prompts."""

    def read(self, prompt: str, *, instrument: str | None) -> ReadPrompt:
        """Return the rosette that a prompt describes.

        Raises:
            PromptEmpty, ValidationFailed: as `rmos.rosette.interpret`.
        """


BUILT_IN: Final[dict[str, Any]] = {"provider": "builtin", "version": INTERPRETER_VERSION}
"""Who reads a prompt when nobody else does; a later version may read it otherwise."""


class BuiltIn:
    """The deterministic interpreter of `rmos.rosette`: offline, the same spec from the same version for ever."""

    def read(self, prompt: str, *, instrument: str | None) -> ReadPrompt:
        """Return what `interpret` understands."""
        return ReadPrompt(understood=interpret(prompt, instrument=instrument), provenance=BUILT_IN)


class ByModel:
    """Has a language model read the prompt, and falls back to the built-in interpreter."""

    def __init__(self, chat: Chat, model: str) -> None:
        self._chat = chat
        self._model = model
        self._own = BuiltIn()

    def read(self, prompt: str, *, instrument: str | None) -> ReadPrompt:
        """Return the model's spec, or what the built-in interpreter understands, said aloud."""
        # First: what cannot be followed (no words, numbers that contradict each other) no model may make up for.
        own = self._own.read(prompt, instrument=instrument).understood
        request = question(self._model, prompt, instrument)
        provenance: dict[str, Any] = {
            "provider": self._chat.name,
            "model": self._model,
            "parameters": _PARAMETERS,
            "request_sha256": digest.sha256_hex(request),
        }
        try:
            answer = self._chat.answer(request)
            provenance["response_sha256"] = digest.sha256_hex(answer)
            understood = _read_spec(answer, instrument)
            _require_given(own.spec, understood.spec)
        except ProviderFailed as failure:
            note = f"the built-in interpreter read the prompt, for the model {self._model} did not: {failure.detail}"
            understood = msgspec.structs.replace(own, assumptions=(note, *own.assumptions))
            return ReadPrompt(
                understood=understood, provenance={**provenance, "fallback": failure.detail, "read_by": BUILT_IN}
            )
        note = f"the model {self._model} read the prompt; what it left open is as in the spec"
        return ReadPrompt(
            understood=msgspec.structs.replace(understood, assumptions=(note, *understood.assumptions)),
            provenance=provenance,
        )


def choose_interpreter(settings: Settings) -> Interpreter:
    """Return the interpreter that the settings name."""
    model = settings.rosette_model or "recorded"
    if settings.rosette_provider == "openai":
        url, key = settings.rosette_provider_url or "", settings.rosette_provider_key
        return ByModel(ChatCompletions(url, key, timeout_s=settings.rosette_provider_timeout_ms / 1000), model)
    if settings.rosette_provider == "replay":
        return ByModel(Replay(settings.rosette_replay_dir or settings.instance_path), model)
    return BuiltIn()


def question(model: str, prompt: str, instrument: str | None) -> bytes:
    """Return the body of the request for a prompt: the same bytes for the same prompt."""
    asked = prompt if instrument is None else f"{prompt}\n(instrument: {instrument})"
    return chat_request(model, _INSTRUCTIONS, asked, _PARAMETERS)


class _Answered(msgspec.Struct, forbid_unknown_fields=True):
    """What the model is asked for."""

    spec: dict[str, Any]
    assumptions: list[str] = []
    unrecognized: list[str] = []


_MOST_WORDS: Final = 30
_SHOWN: Final = 200


def _read_spec(answer: bytes, instrument: str | None) -> Interpretation:
    """Return the spec that a model answered, once it has passed the schema.

    Raises:
        ProviderFailed: it is none.
    """
    try:
        answered = msgspec.json.decode(content_of(answer), type=_Answered)
        spec = decode_spec(answered.spec)
    except (msgspec.MsgspecError, ValidationFailed, UnicodeError, RecursionError):
        raise ProviderFailed(_NOT_READ) from None
    return Interpretation(
        spec=_for(spec, instrument),
        assumptions=_printable_lines(answered.assumptions),
        unrecognized=_printable_lines(answered.unrecognized),
    )


def _require_given(own: RosetteSpec, read: RosetteSpec) -> None:
    """Refuse a reading that changed a number of the whole that the prompt gave.

    Raises:
        ProviderFailed: naming it.
    """
    for word, name in _WHOLE.items():
        if word in own.given and getattr(read, name) != getattr(own, name):
            raise ProviderFailed(f"the model changed the {name.replace('_', ' ')} that was given")


def _for(spec: RosetteSpec, instrument: Any) -> RosetteSpec:
    return spec if instrument is None else msgspec.structs.replace(spec, instrument=instrument)


def _printable_lines(words: list[str]) -> tuple[str, ...]:
    """Return what a model said, as it may be shown: bounded, in one line, printable."""
    shown = ("".join(sign if sign.isprintable() else " " for sign in word[:_SHOWN]) for word in words[:_MOST_WORDS])
    return tuple(dict.fromkeys(shown))


_INSTRUCTIONS: Final = f"""You read what a luthier says of a guitar rosette and answer with one JSON object:
{{"spec": {{...}}, "assumptions": [texts], "unrecognized": [texts]}}.
spec: {{"instrument": one of {", ".join(INSTRUMENTS)}, "soundhole_diameter_mm": 20..200, "edge_gap_mm": 0..50, \
"channel_depth_mm", "top_thickness_mm", "top": a material, "rings": [from the soundhole outwards]}}.
ring: {{"kind": one of {", ".join(KINDS)}, "width_mm", "materials": [names]}} and, only when it is said, \
"tile_count", "tile_length_mm", "rows", "slant", "symmetry": slip|book|inversion|book_inversion, "strand_mm"; \
herringbone and half_herringbone are glued from veneer, "strip_mm": 0.6 unless it is said; \
a gap has no materials; a ring of lines has one material for each line.
Materials: {", ".join(MATERIALS)}.
Lengths are in mm, with at most 3 decimals. Never change a number that was given. Put into assumptions what you \
decided yourself, and into unrecognized what cannot be said in a spec."""
