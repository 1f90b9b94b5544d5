"""The interpreter: a sentence in, a spec out, with what was assumed and not understood. Deterministic, offline.

understood = interpret("rope pattern, ebony and padauk, 6 mm band")
understood.spec.rings[1].width        # 6000
understood.assumptions                # ("instrument: classical (none was named)", …)
"""

from typing import Final

import msgspec

from rmos.errors.request import PromptEmpty, ValidationFailed
from rmos.rosette.compose import compose
from rmos.rosette.parsed_prompt import ParsedPrompt
from rmos.rosette.presets import INSTRUMENTS
from rmos.rosette.prompt_words import MAX_PROMPT_BYTES, tokens
from rmos.rosette.reading import read
from rmos.rosette.spec import Constraints, RosetteSpec, validate_spec

INTERPRETER_VERSION: Final = "2"
"""Recorded with each run: another version may understand a prompt otherwise; what a run recorded is its spec."""
_EMPTY: Final = ("stop", "slash", "join", "on", "sequence")
"""Categories of words that say nothing alone."""
EXAMPLES: Final = (
    "classical rosette, herringbone in maple and rosewood",
    "D-45 style abalone ring, black/white lines, 4 inch hole",
    "rope pattern, ebony and padauk, 6 mm band",
)


NOTHING: Final = "nothing of the prompt was understood: a usual rosette is drawn, not the one that was asked for"


class Interpretation(msgspec.Struct, frozen=True, kw_only=True):
    """What was understood of a prompt."""

    spec: RosetteSpec
    assumptions: tuple[str, ...] = ()
    unrecognized: tuple[str, ...] = ()


def interpret(prompt: str, *, instrument: str | None = None, tool_diameter_mm: float | None = None) -> Interpretation:
    """Return the rosette that a prompt describes.

    Raises:
        PromptEmpty: when it has no word or number.
        ValidationFailed: when it is longer than 10 kB, contradicts itself, or asks for numbers that cannot be drawn.
    """
    parsed = parse_prompt(prompt)
    if parsed.is_empty() and parsed.unrecognized:
        parsed.assumptions.insert(0, NOTHING)
    if instrument is not None:
        if instrument not in INSTRUMENTS:
            known = ", ".join(INSTRUMENTS)
            raise ValidationFailed("There is no such instrument.", errors={"instrument": [f"known are {known}"]})
        parsed.put_word("instrument", instrument, instrument)
    if not parsed.problems:
        spec = compose(parsed)
        if spec is not None:
            spec = validate_spec(_with_tool(spec, tool_diameter_mm))
            missed = tuple(dict.fromkeys(parsed.unrecognized))
            return Interpretation(spec=spec, assumptions=tuple(dict.fromkeys(parsed.assumptions)), unrecognized=missed)
    raise ValidationFailed(
        "The prompt cannot be followed: " + "; ".join(parsed.problems) + ".", errors={"prompt": parsed.problems}
    )


def parse_prompt(prompt: str) -> ParsedPrompt:
    """Return what the prompt asks for.

    Raises:
        PromptEmpty: when it has no word or number.
        ValidationFailed: when it is longer than 10 kB or no text.
    """
    try:
        size = len(prompt.encode())
    except UnicodeEncodeError:
        size = None
    if size is None or "\x00" in prompt:
        raise ValidationFailed("The prompt is no text.", errors={"prompt": ["it holds U+0000 or half a character"]})
    if size > MAX_PROMPT_BYTES:
        raise ValidationFailed("The prompt is too long.", errors={"prompt": [f"at most {MAX_PROMPT_BYTES} bytes"]})
    words = tokens(prompt)
    if all(token.category in _EMPTY or (token.category == "unknown" and not token.text.isalnum()) for token in words):
        raise PromptEmpty("Say what the rosette is like, for example: " + "; ".join(EXAMPLES) + ".")
    return read(words)


def _with_tool(spec: RosetteSpec, tool_diameter_mm: float | None) -> RosetteSpec:
    if tool_diameter_mm is None:
        return spec
    if not 0.05 <= tool_diameter_mm <= 100:
        raise ValidationFailed("The cutter cannot be used.", errors={"tool_diameter_mm": ["say 0.05 to 100 mm"]})
    if spec.constraints.tool_diameter is not None:
        return spec
    return msgspec.structs.replace(spec, constraints=Constraints(tool_diameter=round(tool_diameter_mm * 1000)))
