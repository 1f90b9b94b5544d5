"""Explain runs: with a text that is given, or with one that is generated from what the run has recorded.

    suggested = suggest(store, run_id, Suggestion(generate=True), None, actor=actor, us=us)
    suggested.explanation_status                      # "READY", and so it stands in the run and in lists

The order is: PENDING (only when something is to be generated) → blob → advisory → READY, or ERROR. Each is an event, so
whoever asks sees how far it has come. What was finished last counts: a new PENDING hides no READY, and one that died on
the way is an ERROR once its time is up.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rmos import digest
from rmos.errors.installation import ProviderFailed
from rmos.models import SUMMARY_CHARACTERS, Actor
from rmos.services.explanations import by_rules as explaining
from rmos.services.explanations.by_model import ExplanationModel
from rmos.services.files.attachments import Advisory, attach_advisory
from rmos.store import Store
from rmos.store.folding import is_overdue
from rmos.store.run_records import RunRecord
from rmos.store.runs import Changed

EXPLANATION: Final = "explanation"
MARKDOWN: Final = "text/markdown"
_JSON: Final = "application/json"
_SUMMARIES: Final = ("summary", "explanation", "text")
"""Members of a JSON explanation that say it in words; the first that is there counts."""


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """What is suggested: a text, a JSON value, or that one be generated."""

    kind: str = EXPLANATION
    markdown: str | None = None
    json: Any = None
    generate: bool = False
    prompt: str | None = None
    engine_id: str | None = None
    engine_version: str | None = None


class Suggested(msgspec.Struct, frozen=True, kw_only=True):
    """How the run's explanation stands now."""

    run_id: str
    advisory_sha256: str | None
    explanation_status: str | None
    explanation_summary: str | None
    compute_ms: float
    made: bool


class _Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text that is to be attached, and where it comes from."""

    data: bytes
    mime: str
    filename: str
    summary: str
    origin: Mapping[str, Any]


def suggest(
    store: Store, run_id: str, suggestion: Suggestion, model: ExplanationModel | None, *, actor: Actor, us: int
) -> Suggested:
    """Attach a text to a run as its explanation, or as other advice, after generating it when that is asked for.

    Args:
        model: the one that generates; None generates by rules.

    Raises:
        RunNotFound, RunDeleted, PayloadTooLarge, NotCanonical, Damage, OutOfSpace, StoreReadOnly, StorageFailed.
    """
    started = time.perf_counter()
    changes: list[Changed] = []
    sha256 = None
    try:
        text = _text(store, run_id, suggestion, model, changes, actor, us)
        sha256 = _attach(store, run_id, suggestion, text, changes, actor, us)
    except ProviderFailed as failure:
        message = f"The model explained nothing: {failure.detail}."
        data = {"status": "ERROR", "summary": message[:SUMMARY_CHARACTERS], **_origin(suggestion, model)}
        changes.append(_mark(store, run_id, data, actor, us))
    view = changes[-1].view
    return Suggested(
        run_id=run_id,
        advisory_sha256=sha256,
        explanation_status=view.explanation_status,
        explanation_summary=view.explanation_summary,
        compute_ms=round((time.perf_counter() - started) * 1000, 3),
        made=any(change.made for change in changes),
    )


def _text(
    store: Store,
    run_id: str,
    suggestion: Suggestion,
    model: ExplanationModel | None,
    changes: list[Changed],
    actor: Actor,
    us: int,
) -> _Text:
    """Return the text that was given, or generate one.

    Raises:
        ProviderFailed: the model gave none.
    """
    origin = _origin(suggestion, model)
    if not suggestion.generate:
        return _make_text(suggestion, origin)
    record = store.runs.record(run_id)
    facts = explaining.explain_by_rules(record.view())
    if model is None:
        made = _markdown(facts, origin)
        if _is_ready(record, digest.sha256_hex(made.data)):
            return made
        changes.append(_mark(store, run_id, {"status": "PENDING", **origin}, actor, us))
        return made
    changes.append(_mark(store, run_id, {"status": "PENDING", **origin}, actor, us))
    answer = model.explain(facts, suggestion.prompt)
    digests = {"request_sha256": answer.request_sha256, "response_sha256": answer.response_sha256}
    return _markdown(answer.text, {**origin, **digests})


def _attach(
    store: Store,
    run_id: str,
    suggestion: Suggestion,
    text: _Text,
    changes: list[Changed],
    actor: Actor,
    us: int,
) -> str:
    """Store a text, let its run name it, and say that it is ready when it is the explanation."""
    store.runs.record(run_id)  # for a run that is not there nothing is stored
    sha256 = store.blobs.put_bytes(text.data).sha256
    advisory = Advisory(
        advisory_id=sha256,
        kind=suggestion.kind,
        title=suggestion.kind.capitalize(),
        filename=text.filename,
        mime=text.mime,
        engine_id=text.origin.get("engine_id"),
        engine_version=text.origin.get("engine_version"),
    )
    attached = attach_advisory(store, run_id, advisory, actor=actor, us=us)
    changes.append(Changed(attached.view, attached.made))
    if suggestion.kind == EXPLANATION:
        data = {"status": "READY", "summary": text.summary, "advisory_sha256": sha256, **text.origin}
        changes.append(_mark(store, run_id, data, actor, us))
    return sha256


def _make_text(suggestion: Suggestion, origin: Mapping[str, Any]) -> _Text:
    if suggestion.markdown is not None:
        return _markdown(suggestion.markdown, origin)
    data = digest.canonical(suggestion.json)
    words = [suggestion.json.get(name) for name in _SUMMARIES] if isinstance(suggestion.json, dict) else []
    summary = next((word for word in words if isinstance(word, str) and word), data.decode())
    return _Text(
        data=data, mime=_JSON, filename="explanation.json", summary=summary[:SUMMARY_CHARACTERS], origin=origin
    )


def _markdown(text: str, origin: Mapping[str, Any]) -> _Text:
    summary = text.strip()[:SUMMARY_CHARACTERS]
    return _Text(data=text.encode(), mime=MARKDOWN, filename="explanation.md", summary=summary, origin=origin)


def _origin(suggestion: Suggestion, model: ExplanationModel | None) -> dict[str, Any]:
    """Return who made the text, as the record tells it: what a client says of itself, or what generated it."""
    origin: dict[str, Any] = {"engine_id": suggestion.engine_id, "engine_version": suggestion.engine_version}
    if suggestion.generate and model is None:
        origin = {"engine_id": explaining.ENGINE_ID, "engine_version": explaining.ENGINE_VERSION, "generated": True}
    elif suggestion.generate and model is not None:
        origin = {"engine_id": model.engine_id, "engine_version": model.engine_version, "generated": True}
        origin |= {"model": model.model, "parameters": dict(model.parameters)}
    origin["prompt"] = suggestion.prompt
    return {name: value for name, value in origin.items() if value is not None}


def _is_ready(record: RunRecord, sha256: str) -> bool:
    last = next((event.data for event in reversed(record.events) if event.kind == EXPLANATION), {})
    return last.get("status") == "READY" and last.get("advisory_sha256") == sha256


def _mark(store: Store, run_id: str, data: Mapping[str, Any], actor: Actor, us: int) -> Changed:
    """Let a run say how its explanation stands; what it says already is not said again."""

    def decide(record: RunRecord) -> Mapping[str, Any] | None:
        last = next((event for event in reversed(record.events) if event.kind == EXPLANATION), None)
        if last is None or last.data != data:
            return data
        # Whoever left PENDING long ago died; asked for again, it is waited for from now on.
        is_old = data["status"] == "PENDING" and is_overdue(last, us)
        return data if is_old else None

    return store.runs.append(run_id, EXPLANATION, decide, actor=actor, us=us)
