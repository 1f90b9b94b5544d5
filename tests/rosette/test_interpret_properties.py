"""Over the grammar of prompts: no prompt changes a number that it gave, and none ends in anything but an answer."""

from fractions import Fraction
from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rmos.errors.base import RmosError
from rmos.rosette.change import apply_change
from rmos.rosette.interpret import interpret
from rmos.rosette.lexicon import PHRASES
from rmos.rosette.manufacture import manufacture
from rmos.rosette.spec import Ring, RosetteSpec
from rmos.rosette.svg import render
from rmos.rosette.vary import vary
from tests.trying import tries

KINDS = (
    "herringbone",
    "rope",
    "braid",
    "wheat",
    "diamond",
    "greek key",
    "celtic knot",
    "wave",
    "shell",
    "solid",
)
WOODS = ("maple", "ebony", "koa", "walnut", "padauk", "bone", "olive")
INCH = Fraction(25_400)


class Said(NamedTuple):
    """A number as it is written and what it is in micrometres."""

    text: str
    um: Fraction


def lengths(low: int, high: int) -> st.SearchStrategy[Said]:
    """Lengths between two numbers of mm: as mm, cm, decimal inches, fractions of an inch."""
    tenths = st.integers(low * 10, high * 10)
    mm = tenths.map(lambda n: Said(f"{n / 10:g} mm", Fraction(n * 100)))
    cm = tenths.map(lambda n: Said(f"{n / 100:g} cm", Fraction(n * 100)))
    sixteenths = st.integers(-(-low * 160 // 254), high * 160 // 254)
    inch = sixteenths.filter(lambda n: n > 0).map(lambda n: Said(_mixed(n) + " inch", INCH * n / 16))
    quoted = sixteenths.filter(lambda n: n > 0).map(lambda n: Said(_mixed(n) + '"', INCH * n / 16))
    return st.one_of(mm, cm, inch, quoted)


def _mixed(sixteenths: int) -> str:
    whole, rest = divmod(sixteenths, 16)
    fraction = f"{rest}/16" if rest else ""
    return f"{whole} {fraction}".strip() if whole else fraction


def kept(um: int, said: Said) -> bool:
    return abs(um - said.um) <= Fraction(1, 2)


def ring_of(spec: RosetteSpec, kind: str) -> Ring:
    names = {"greek key": "greek_key", "celtic knot": "celtic"}
    return next(ring for ring in spec.rings if ring.kind == names.get(kind, kind))


@given(
    st.sampled_from(KINDS),
    st.lists(st.sampled_from(WOODS), min_size=2, max_size=2, unique=True),
    lengths(70, 120),
    lengths(3, 12),
)
def test_hole_and_band_are_what_was_said(kind: str, woods: list[str], hole: Said, band: Said) -> None:
    for prompt in (
        f"{kind} in {woods[0]} and {woods[1]}, {hole.text} hole, {band.text} ring",
        f"{hole.text} soundhole; {band.text} {kind} of {woods[0]} and {woods[1]}",
        f"soundhole {hole.text}. {kind} {band.text}, {woods[0]}, {woods[1]}",
    ):
        spec = interpret(prompt).spec
        assert kept(spec.soundhole_diameter, hole), prompt
        ring = ring_of(spec, kind)
        assert kept(ring.width, band), prompt
        assert set(woods[:1]) <= set(ring.materials), prompt


@given(st.sampled_from(KINDS), lengths(10, 28), lengths(1, 2), st.integers(0, 2**53 - 1))
def test_width_and_depth_are_what_was_said_whatever_the_seed(kind: str, wide: Said, deep: Said, seed: int) -> None:
    spec = vary(interpret(f"classical {kind}, {wide.text} wide, {deep.text} deep").spec, seed)
    assert kept(spec.width, wide)
    assert kept(spec.channel_depth, deep)


@given(st.sampled_from(["checkerboard", "mosaic"]), st.integers(4, 200), lengths(1, 3), st.integers(0, 1000))
def test_tiles_and_lines_are_what_was_said_whatever_the_seed(kind: str, tiles: int, thick: Said, seed: int) -> None:
    understood = interpret(f"{kind}, {tiles} tiles, {thick.text} lines, 40 mm wide")
    spec = vary(understood.spec, seed)
    assert ring_of(spec, kind).tile_count == tiles
    stacks = [ring for ring in spec.rings if ring.kind == "lines"]
    assert all(kept(ring.width // len(ring.materials), thick) for ring in stacks)
    assert all(ring in understood.spec.rings for ring in stacks)


def clear(refused: RmosError) -> None:
    """Expect a refusal in one printable line that is the client's to mend."""
    assert refused.status in (400, 422)
    assert refused.detail.isprintable()


WORD = st.one_of(
    st.sampled_from(sorted(PHRASES)),
    st.sampled_from(
        ["3", "12 mm", "0.2 mm", "1/8 in", "-4", "1e9", "2.5", "86 mm", "11x11", "7x9", "0x3", "1/0", '5"', "1,000"]
    ),
    st.sampled_from([",", ".", "/", "-", "'", "and", "no", "\n", "(", "ß", "玫瑰", "\x07"]),
    st.text(max_size=8),
)


@settings(max_examples=tries(300))
@given(st.lists(WORD, max_size=14).map(" ".join), st.integers(0, 2**53 - 1))
def test_any_words_end_in_a_rosette_or_in_a_clear_refusal(prompt: str, seed: int) -> None:
    try:
        understood = interpret(prompt)
    except RmosError as refused:
        clear(refused)
        return
    assert interpret(prompt) == understood
    spec = vary(understood.spec, seed)
    assert spec.soundhole_diameter == understood.spec.soundhole_diameter
    assert [ring.width for ring in spec.rings] == [ring.width for ring in understood.spec.rings]
    assert [{*ring.materials} for ring in spec.rings] == [{*ring.materials} for ring in understood.spec.rings]


@settings(max_examples=tries(40))
@given(st.lists(WORD, max_size=10).map(" ".join), st.integers(0, 1000))
def test_whatever_was_understood_can_be_drawn_and_judged(prompt: str, seed: int) -> None:
    try:
        spec = vary(interpret(prompt).spec, seed)
    except RmosError:
        return
    assert render(spec).endswith("</svg>\n")
    assert render(spec, "cam").endswith("</svg>\n")
    manufacture(spec)


@settings(max_examples=tries(100))
@given(st.lists(WORD, max_size=8).map(" ".join))
@example("gap")
def test_any_change_ends_in_a_rosette_or_in_a_clear_refusal(prompt: str) -> None:
    parent = interpret("Torres style, 27 mm wide").spec
    try:
        change = apply_change(parent, prompt)
    except RmosError as refused:
        clear(refused)
        return
    assert bool(change.changed) == (change.spec != parent)
