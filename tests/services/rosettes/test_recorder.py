"""Rosettes that are recorded: what is written, in which order, and what can be made of it again."""

import json
import re
from typing import Any

import msgspec
import pytest

from rmos import ids
from rmos.checks.verify import verify_store
from rmos.config import Settings
from rmos.digest import canonical, sha256_hex
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.errors.base import RmosError
from rmos.errors.request import PromptEmpty, ValidationFailed
from rmos.errors.workflow import SessionNotFound
from rmos.models import Attachment
from rmos.objects.base import ATTACHMENTS
from rmos.rosette.seeded import derive_seed
from rmos.rosette.spec import decode_spec
from rmos.rosette.svg import render
from rmos.row_models import RunQuery
from rmos.services.artifact import Idempotency
from rmos.services.rosettes.interpreters import BuiltIn
from rmos.services.rosettes.plans import RosetteRequest
from rmos.services.rosettes.recorder import generate_advisory_svg, record_rosettes
from rmos.services.rosettes.records import RosetteMade
from rmos.store import Store, get_svg_by_sha
from rmos.svg import validate_svg
from tests.makers import ANNA, add_event, make_members
from tests.rosette.prompts import PROMPTS

ROPE = "rope pattern, ebony and padauk, 6 mm band"
HERRINGBONE = "classical rosette, herringbone in maple and rosewood"
ENGINES = Registry()


def record(store: Store, *, key: str | None = None, **over: Any) -> list[RosetteMade]:
    request = RosetteRequest(**over)
    idempotency = None if key is None else Idempotency(key=key, request_sha256=sha256_hex(repr(over).encode()))
    return record_rosettes(
        store,
        ENGINES,
        BuiltIn(),
        request,
        actor=ANNA,
        us=ids.now_us(),
        engine_timeout_ms=5000,
        idempotency=idempotency,
    )


def inputs(store: Store, run_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    run = store.runs.record(run_id).view().artifact
    assert run.inputs is not None
    return json.loads(bytes(run.inputs.design)), json.loads(bytes(run.inputs.context))


def blobs(store: Store, folder: str = ATTACHMENTS) -> list[str]:
    found = []
    for name, kind in store.objects.entries(folder):
        found += blobs(store, f"{folder}/{name}") if kind == "directory" else [name]
    return sorted(found)


def test_a_rosette_is_a_run_with_its_drawing_attached(store: Store) -> None:
    [made] = record(store, prompt=ROPE, seed=7)
    view = store.runs.record(made.run_id).view()
    assert (view.artifact.event_type, view.artifact.mode) == ("rosette", "art_studio")
    [attachment] = view.attachments
    assert msgspec.convert(attachment, Attachment) == made.attachment
    assert store.blobs.read(made.variant_sha256).decode() == made.svg
    assert made.attachment.filename == f"rosette_{made.variant_sha256[:8]}.svg"
    assert (made.variant_seed, made.seed_source, made.indexed) == (7, "given", True)
    assert verify_store(store).ok


def test_trap_35_the_digest_is_known_before_anything_is_named_after_it(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rmos.config.default_instance_path", lambda: settings.runs_dir.parent)
    made = generate_advisory_svg(ROPE, seed=7)
    assert made["variant_sha256"] == sha256_hex(made["svg"].encode()) == made["attachment"]["sha256"]
    assert made["attachment"]["filename"] == f"advisory_{made['variant_sha256'][:8]}.svg"
    assert (made["variant_seed"], made["seed_source"]) == (7, "given")
    assert get_svg_by_sha(made["variant_sha256"]) == made["svg"]
    again = generate_advisory_svg(ROPE, seed=7)
    assert again["variant_sha256"] == made["variant_sha256"]
    assert blobs(store) == [made["variant_sha256"]]
    assert store.runs.count(RunQuery()) == 0


def test_without_a_seed_the_function_derives_it_from_the_prompt(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rmos.config.default_instance_path", lambda: settings.runs_dir.parent)
    made = generate_advisory_svg(ROPE)
    assert (made["variant_seed"], made["seed_source"]) == (derive_seed({"prompt": ROPE}), "derived")


def test_the_same_request_gives_the_same_drawing_and_one_blob(store: Store) -> None:
    first, second = record(store, prompt=ROPE)[0], record(store, prompt=ROPE, tool="em-0800-2f")[0]
    assert first.run_id != second.run_id
    assert first.variant_sha256 == second.variant_sha256
    assert blobs(store) == [first.variant_sha256]


def test_what_is_recorded_is_enough_to_draw_it_and_judge_it_again(store: Store) -> None:
    for prompt in (ROPE, "D-45 style abalone ring, 4 inch hole", "0.2 mm lines please"):
        [made] = record(store, prompt=prompt)
        design, context = inputs(store, made.run_id)
        result = evaluate(ENGINES.get(None), design=design, context=context, request_id="again", timeout_ms=5000)
        assert canonical(result.record()) == bytes(made.feasibility)
        assert sha256_hex(bytes(made.feasibility)) == made.feasibility_sha256
        prompt_sha256 = sha256_hex(design["rosette"]["request"]["prompt"].encode())
        assert render(decode_spec(design["rosette"]["spec"]), prompt_sha256=prompt_sha256) == made.svg


@pytest.mark.parametrize(("prompt", "seed"), PROMPTS)
def test_every_drawing_passes_the_gate_and_is_never_green_when_it_cannot_be_made(
    prompt: str, seed: int | None, store: Store
) -> None:
    [made] = record(store, prompt=prompt, seed=seed)
    assert validate_svg(made.svg.encode()).ok
    levels = [operation["risk_level"] for operation in made.operations]
    if made.risk_level == "GREEN":
        assert set(levels) == {"GREEN"}
    if {"RED", "ERROR"} & set(levels):
        assert made.run_status != "OK"
    assert (made.block_reason is None) == (made.run_status == "OK")


def test_variants_are_runs_of_their_own_in_the_order_of_their_seeds(store: Store) -> None:
    made = record(store, prompt=HERRINGBONE, seed=5, count=4)
    assert [one.variant_seed for one in made] == [5, 6, 7, 8]
    assert [one.run_id for one in made] == sorted(one.run_id for one in made)
    assert len({one.variant_sha256 for one in made}) == 4
    for place, one in enumerate(made, start=1):
        meta = store.runs.record(one.run_id).view().artifact.meta or {}
        assert meta["rosette"] == {"variant": place, "run_ids": [other.run_id for other in made]}
    assert made[2].variant_sha256 == record(store, prompt=HERRINGBONE, seed=7)[0].variant_sha256


def test_after_the_largest_seed_comes_zero(store: Store) -> None:
    made = record(store, prompt=ROPE, seed=2**53 - 1, count=2)
    assert [one.variant_seed for one in made] == [2**53 - 1, 0]


def test_the_same_but_wider_says_what_changed_and_keeps_the_rest(store: Store) -> None:
    [parent] = record(store, prompt=HERRINGBONE, seed=3)
    [wider] = record(store, prompt="the same but 2 mm lines and wider", parent_run_id=parent.run_id)
    assert any("width" in text for text in wider.changed)
    assert (wider.variant_seed, wider.seed_source) == (3, "parent")
    assert store.runs.record(wider.run_id).view().artifact.parent_run_id == parent.run_id
    assert wider.variant_sha256 != parent.variant_sha256


def test_an_earlier_rosette_or_its_spec_gives_the_same_spec_again(store: Store) -> None:
    [parent] = record(store, prompt=ROPE, seed=3)
    [again] = record(store, parent_run_id=parent.run_id)
    [sent] = record(store, spec=parent.spec)
    assert again.spec == parent.spec == sent.spec
    assert again.svg == sent.svg
    assert (again.changed, sent.changed) == ([], [])
    assert (again.seed_source, sent.seed_source) == ("parent", "given")


def test_a_spec_is_drawn_as_it_stands_unless_a_seed_asks_for_another(store: Store) -> None:
    spec = {"soundhole_diameter_mm": 86, "rings": [{"kind": "rope", "width_mm": 6, "materials": ["ebony", "koa"]}]}
    [drawn] = record(store, spec=spec)
    assert drawn.spec["rings"] == [{**spec["rings"][0]}]  # type: ignore[index]
    assert drawn.seed_source == "derived"
    [varied] = record(store, spec=spec, seed=1)
    assert varied.spec["rings"][0]["tile_length_mm"] > 0


def test_a_run_that_is_no_rosette_cannot_be_changed(store: Store) -> None:
    run_id = store.runs.put(make_members()).view.artifact.run_id
    with pytest.raises(ValidationFailed) as refusal:
        record(store, prompt="wider", parent_run_id=run_id)
    assert refusal.value.errors == {"parent_run_id": ["The run is no rosette that can be changed."]}
    [made] = record(
        store, spec={"soundhole_diameter_mm": 86, "rings": [{"kind": "gap", "width_mm": 3}]}, parent_run_id=run_id
    )
    assert (made.risk_level, made.score, made.operations[0]["operation"]) == ("GREEN", None, "drawing_only")


def test_a_deleted_rosette_is_not_begun_with(store: Store) -> None:
    [parent] = record(store, prompt=ROPE)
    add_event(store, parent.run_id, "delete", {"mode": "soft", "reason": "a trial"}, actor=ANNA, us=ids.now_us())
    with pytest.raises(ValidationFailed) as refusal:
        record(store, prompt="wider", parent_run_id=parent.run_id)
    assert refusal.value.errors == {"parent_run_id": ["The run was deleted; restore it first."]}


@pytest.mark.parametrize(
    ("over", "error"),
    [
        ({}, PromptEmpty),
        ({"prompt": " ?! "}, PromptEmpty),
        ({"prompt": "86 mm hole, 2 inch hole"}, ValidationFailed),
        ({"prompt": ROPE, "instrument": "banjo"}, ValidationFailed),
        ({"spec": {"rings": []}}, ValidationFailed),
        ({"prompt": ROPE, "parent_run_id": "run_" + "0" * 32}, ValidationFailed),
        ({"prompt": ROPE, "workflow_session_id": "ws_" + "0" * 32}, SessionNotFound),
    ],
)
def test_what_cannot_be_drawn_records_nothing(over: dict[str, Any], error: type[RmosError], store: Store) -> None:
    with pytest.raises(error):
        record(store, **over)
    assert store.runs.count(RunQuery()) == 0
    assert blobs(store) == []


def test_what_would_take_too_long_is_refused_before_it_is_drawn(store: Store) -> None:
    ring = {"kind": "diamond", "width_mm": 4, "materials": ["ebony", "koa"], "tile_count": 300}
    spec = {"soundhole_diameter_mm": 90, "rings": [ring] * 40}
    assert record(store, spec={**spec, "rings": [ring] * 3})
    with pytest.raises(ValidationFailed) as refusal:
        record(store, spec=spec, count=12)
    assert re.fullmatch(r"ask for fewer variants, .* times the limit", refusal.value.errors["count"][0])  # type: ignore[index]


def test_a_key_that_comes_again_gives_the_same_runs(store: Store) -> None:
    first = record(store, key="k", prompt=ROPE, count=3)
    again = record(store, key="k", prompt=ROPE, count=3)
    assert [one.replayed for one in again] == [True, True, True]
    assert [msgspec.structs.replace(one, replayed=False) for one in again] == first
    assert store.runs.count(RunQuery()) == 3


def test_what_the_trade_calls_impossible_blocks_whatever_the_cuts_are(store: Store) -> None:
    [thin] = record(store, prompt="0.2 mm lines please")
    assert (thin.run_status, thin.risk_level) == ("BLOCKED", "RED")
    assert thin.block_reason is not None
    assert thin.block_reason.startswith("LINE_TOO_THIN: ring 1, lines of 0.2 mm")
    assert thin.score is not None
    assert thin.score <= 39
    [wide] = record(store, prompt="rosette 60 mm wide")
    assert wide.block_reason is not None
    assert wide.block_reason.startswith("BRACING_ROOM: ")
    assert any(text.startswith("TOO_WIDE: ") for text in wide.warnings)
