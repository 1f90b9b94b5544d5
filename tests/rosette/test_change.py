import pytest

from rmos.errors.request import PromptEmpty, ValidationFailed
from rmos.rosette.change import apply_change
from rmos.rosette.interpret import interpret
from rmos.rosette.spec import RosetteSpec
from rmos.rosette.vary import vary


def parent() -> RosetteSpec:
    return vary(interpret("classical herringbone in maple and ebony, 40 tiles").spec, 3)


@pytest.mark.parametrize(
    ("prompt", "changed"),
    [
        ("same but wider", ["ring 4: width 9.6 mm → 11.5 mm", "width in all 20 mm → 21.9 mm"]),
        ("24 mm wide", ["ring 4: width 9.6 mm → 13.6 mm", "width in all 20 mm → 24 mm"]),
        ("the same with a 90 mm hole", ["soundhole diameter 86 mm → 90 mm"]),
        ("1.3 mm deep", ["channel depth 1.1 mm → 1.3 mm"]),
        ("deeper", ["channel depth 1.1 mm → 1.3 mm"]),
        ("larger hole", ["soundhole diameter 86 mm → 90.3 mm"]),
        ("herringbone in koa and walnut", ["ring 4: materials maple, ebony → koa, walnut"]),
        ("50 tiles", ["ring 4: tile count 40 → 50"]),
        ("more tiles", ["ring 4: tile count 40 → 50"]),
        ("on cedar top", ["top spruce → cedar"]),
        ("for a parlor", ["instrument classical → parlor"]),
    ],
)
def test_what_changed_is_said_and_nothing_else_changes(prompt: str, changed: list[str]) -> None:
    spec = parent()
    ordered = next(ring for ring in spec.rings if ring.kind == "herringbone").materials
    change = apply_change(spec, prompt)
    texts = [text.replace("ebony, maple →", "maple, ebony →") for text in change.changed]
    assert ordered in (("maple", "ebony"), ("ebony", "maple"))
    assert texts == changed
    assert change.spec.seed == spec.seed


def test_a_pattern_takes_the_place_of_the_main_ring() -> None:
    change = apply_change(parent(), "rope instead, in padauk and holly")
    assert change.spec.rings[3].kind == "rope"
    assert change.spec.rings[3].materials == ("padauk", "holly")
    assert change.spec.width == parent().width
    assert change.unrecognized == ("instead",)


def test_lines_are_changed_all_together() -> None:
    change = apply_change(parent(), "maple lines 0.6 mm")
    stacks = [ring for ring in change.spec.rings if ring.kind == "lines"]
    assert {(ring.materials, ring.width) for ring in stacks} == {(("maple",), 600)}
    assert len(apply_change(parent(), "no lines").spec.rings) == 3


def test_darker_lighter_and_without_shell() -> None:
    shell = interpret("D-45 style abalone ring").spec
    assert "abalone" not in {name for ring in apply_change(shell, "no shell").spec.rings for name in ring.materials}
    dark = apply_change(parent(), "darker").spec
    assert "walnut" in dark.rings[3].materials
    assert dark != parent()


@pytest.mark.parametrize("prompt", ["2 mm wide", "0 mm deep", "86 mm hole, 90 mm hole", "500 mm hole"])
def test_what_cannot_be_changed_is_refused(prompt: str) -> None:
    with pytest.raises(ValidationFailed):
        apply_change(parent(), prompt)


def test_an_empty_change_is_answered_with_examples() -> None:
    with pytest.raises(PromptEmpty):
        apply_change(parent(), " … ")
    assert apply_change(parent(), "still classical").changed == ()
