"""The gate: each honest drawing is shown, each hostile one is blocked, wherever it hides and however it is written."""

import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rmos.svg import validate_svg
from tests.svg.hostile import FRAGMENTS, HOSTILE, SVG, XLINK, drawing

HONEST = sorted((Path(__file__).parents[1] / "data" / "svg" / "honest").glob("*.svg"))
TEXTS = {path.stem: path.read_bytes() for path in HONEST}
PLACES = re.compile(
    rb"(?:/>|</(?!style|font-face-name|title|desc|dc:|tspan|text|xmp|stRef)[\w:]+>|</style>|</title>)(?=\s*<[^!?])"
)
"""Where an element may be put into an honest drawing: after another."""
SMALL = [name for name, (text, _) in FRAGMENTS.items() if len(text) < 10_000]
INK_NAMESPACE = 'xmlns:ink="http://www.inkscape.org/namespaces/inkscape"'


def fragment(name: str) -> bytes:
    """Return a hostile fragment in a group that declares what it needs, so that it may stand under any default."""
    return f"<g {SVG} {XLINK}>{FRAGMENTS[name][0]}</g>".encode()


def put(honest: bytes, inner: bytes, at: int) -> bytes:
    """Return an honest drawing with something put at one of its places."""
    places = [found.end() for found in PLACES.finditer(honest)]
    place = places[at % len(places)] if places else honest.rindex(b"</")
    return honest[:place] + inner + honest[place:]


def test_there_are_at_least_forty_honest_drawings() -> None:
    assert len(HONEST) >= 40


@pytest.mark.parametrize("path", HONEST, ids=lambda path: path.stem)
def test_an_honest_drawing_is_shown(path: Path) -> None:
    verdict = validate_svg(path.read_bytes())
    assert verdict.ok, verdict
    assert (verdict.blocked_by, verdict.line, verdict.column) == (None, None, None)


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.shapertools.com/namespaces/shaper",
        "urn:a-shop:cam",
        "no-address",
        "https://w3.org.example/",
        "http://www.notw3.org/",
        "http://www.w3.org/2002/07/owl#",
        "http://www.w3.org/2001/XMLSchema-instance",
    ],
)
def test_trap_44_names_of_a_namespace_that_browsers_ignore_are_harmless(namespace: str) -> None:
    drawn = drawing(f'<g q:a="url(//x)" xmlns:q="{namespace}"><q:anything b="1"><path/></q:anything></g>')
    assert validate_svg(drawn).ok


def test_what_our_own_generator_draws_is_shown() -> None:
    drawn = sorted((Path(__file__).parents[2] / "docs" / "rosettes").glob("*.svg"))
    assert drawn
    assert [path.name for path in drawn if not validate_svg(path.read_bytes()).ok] == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_drawing_is_blocked_for_what_it_is(name: str) -> None:
    verdict = validate_svg(HOSTILE[name].data)
    assert (verdict.ok, verdict.blocked_by) == (False, HOSTILE[name].blocked_by), verdict
    assert verdict.reason.endswith((".", "?", ")")) or verdict.reason
    assert verdict.line is not None
    assert verdict.line >= 1
    assert verdict.column is not None
    assert verdict.column >= 1
    assert len(verdict.reason) < 300


@pytest.mark.parametrize(
    "inner",
    [
        '<g onload="f()"/>',
        '<a href="javascript:f()"/>',
        '<x:script xmlns:x="http://www.w3.org/2000/svg"/>',
        '<use href="https://example.org/x.svg#a"/>',
        "<style>@import 'https://example.org/x.css';</style>",
        '<a href="#a"><animate attributeName="href" values="javascript:f()"/></a>',
    ],
)
def test_trap_24_what_a_list_of_substrings_let_through_is_blocked(inner: str) -> None:
    assert validate_svg(drawing("<g/>")).ok
    assert not validate_svg(drawing(inner)).ok


def test_trap_24_a_dtd_is_blocked() -> None:
    assert validate_svg(drawing("", before='<!DOCTYPE svg SYSTEM "https://example.org/x.dtd">')).blocked_by == "dtd"
    assert validate_svg(drawing("", before='<!DOCTYPE svg [<!ENTITY a "b">]>')).blocked_by == "entity"


def test_the_verdict_tells_where_the_tag_begins_and_what_is_wrong_with_it() -> None:
    verdict = validate_svg(f'<svg {SVG}>\n <g>\n   <rect width="1" onclick="f()"/></g></svg>'.encode())
    assert (verdict.line, verdict.column) == (3, 4)
    assert verdict.reason == "The attribute onclick runs script."
    verdict = validate_svg(f"<svg {SVG}>\n<style>\n\n@import 'x';</style></svg>".encode())
    assert (verdict.line, verdict.column) == (2, 1)


def test_what_a_reason_repeats_is_short_and_printable() -> None:
    verdict = validate_svg(drawing(f'<a href="http://{"x" * 9999}&#10;&#x202e;"/>'))
    assert len(verdict.reason) < 120
    assert verdict.reason.isprintable()


def test_the_line_of_svgs_own_doctype_does_not_move_the_place_of_what_follows() -> None:
    label = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"\n "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
    verdict = validate_svg(drawing("\n<script/>", before=label))
    assert (verdict.blocked_by, verdict.line, verdict.column) == ("script", 4, 1)


@given(st.sampled_from(sorted(TEXTS)), st.sampled_from(SMALL), st.integers(0, 999))
def test_a_hostile_fragment_is_blocked_anywhere_in_an_honest_drawing(honest: str, name: str, at: int) -> None:
    text = TEXTS[honest]
    inner = fragment(name)
    if text.startswith(b"\xff\xfe"):
        text = text.decode("utf-16").replace("UTF-16", "UTF-8").encode()
    assert not validate_svg(put(text, inner, at)).ok


def prefixed(text: str, prefix: str) -> str:
    """Return a fragment whose elements without a prefix have one, bound to the namespace of SVG."""
    return re.sub(r"<(/?)(?=[A-Za-z][\w-]*[\s/>])", rf"<\1{prefix}:", text)


def spaced(text: str, space: str) -> str:
    """Return a fragment with other white space in its tags."""
    return re.sub(r"(?<=[\"']) ?(?=/?>)|(?<=<g) ", space, text)


def referenced(value: re.Match[str]) -> str:
    """Write each letter of an attribute's value as a character reference."""
    inner = re.sub(r"&[^;]*;|[\w:]", lambda sign: sign[0] if sign[0][0] == "&" else f"&#{ord(sign[0])};", value[2])
    return f'{value[1]}="{inner}"'


PREFIXED = [name for name in SMALL if not name.startswith(("instruction", "bomb"))]


@given(st.sampled_from(PREFIXED), st.sampled_from(["x", "svg", "s-v.g", "é"]))
def test_a_hostile_fragment_is_blocked_under_any_prefix(name: str, prefix: str) -> None:
    inner = prefixed(FRAGMENTS[name][0], prefix)
    assert not validate_svg(drawing(f'<g xmlns:{prefix}="http://www.w3.org/2000/svg">{inner}</g>')).ok


@pytest.mark.parametrize("name", SMALL)
def test_a_hostile_fragment_is_blocked_behind_style_sheets_and_not_only_before_them(name: str) -> None:
    sheets = '<style>a{fill:red}</style><style type="text/css"/><g><style id="s">b{}</style></g>'
    verdict = validate_svg(drawing(sheets + FRAGMENTS[name][0]))
    assert (verdict.ok, verdict.blocked_by) == (False, FRAGMENTS[name][1]), verdict


def test_within_a_style_sheet_no_element_may_stand_and_behind_it_depth_is_counted_as_before() -> None:
    verdict = validate_svg(drawing("<style>a{}<g/></style>"))
    assert (verdict.blocked_by, verdict.reason) == ("malformed", "There is an element within a style sheet.")
    deep = "<g>" * 254 + "<style>a{{}}</style>{}" + "</g>" * 254
    assert validate_svg(drawing(deep.format("<path/>"))).ok
    assert validate_svg(drawing(deep.format("<g><path/></g>"))).blocked_by == "too_deep"


@given(st.sampled_from(PREFIXED), st.sampled_from([" ", "\n", "\t\r\n  "]))
def test_a_hostile_fragment_is_blocked_with_any_white_space(name: str, space: str) -> None:
    assert not validate_svg(drawing(spaced(FRAGMENTS[name][0], space))).ok


@given(st.sampled_from([name for name in SMALL if name.startswith(("href", "load", "css", "animation"))]))
def test_a_hostile_fragment_is_blocked_when_its_values_are_character_references(name: str) -> None:
    text = re.sub(r"(?<![:\w])((?!xmlns)[\w:-]+)=\"([^\"]*)\"", referenced, FRAGMENTS[name][0])
    assert not validate_svg(drawing(text)).ok


RECODED = [name for name, case in HOSTILE.items() if len(case.data) <= 100_000 and not name.startswith("encoding")]


@given(st.sampled_from(RECODED), st.sampled_from(["utf-16", "utf-8-sig", "iso-8859-1", "utf-16-be", "utf-32"]))
@example("script/plain", "utf-16")
def test_a_hostile_drawing_is_blocked_in_any_encoding(name: str, encoding: str) -> None:
    assert not validate_svg(HOSTILE[name].data.decode("iso-8859-1").encode(encoding)).ok


@given(
    st.sampled_from(["javascript", "vbscript"]),
    st.lists(st.tuples(st.integers(0, 10), st.sampled_from(["\t", "\n", "\r", "&#9;", "&#10;", "&#x0d;"])), max_size=4),
    st.lists(st.booleans(), min_size=10, max_size=10),
    st.sampled_from(["", " ", "&#32;", "\n"]),
)
def test_a_link_that_runs_is_blocked_however_it_is_written(
    scheme: str, put_in: list[tuple[int, str]], upper: list[bool], before: str
) -> None:
    signs = [sign.upper() if up else sign for sign, up in zip(scheme, upper, strict=False)]
    for at, sign in put_in:
        signs.insert(min(at, len(signs)), sign)
    assert validate_svg(drawing(f'<a href="{before}{"".join(signs)}:f()"/>')).blocked_by == "script"


@given(
    st.sampled_from(sorted(TEXTS)),
    st.integers(0, 999),
    st.sampled_from(
        [
            b"<!-- <script>f()</script> javascript: onload= -->",
            b"\n\t <g xmlns='http://www.w3.org/2000/svg'/>",
            b"<g xmlns='http://www.w3.org/2000/svg' data-note='x' id='a b'><title>onload: url(x)</title></g>",
            b"<desc xmlns='http://www.w3.org/2000/svg'><![CDATA[<script>alert(1)</script>]]></desc>",
            b"<rect xmlns='http://www.w3.org/2000/svg' style='fill:url(&quot;#a&quot;)' fill='url( #b )'/>",
            f"<g xmlns='http://www.w3.org/2000/svg' {INK_NAMESPACE} ink:label='onload'/>".encode(),
        ]
    ),
)
def test_an_honest_drawing_stays_shown_when_it_is_changed_harmlessly(honest: str, at: int, inner: bytes) -> None:
    text = TEXTS[honest]
    if text.startswith(b"\xff\xfe"):
        text = text.decode("utf-16").replace("UTF-16", "UTF-8").encode()
    changed = put(text, inner, at)
    assert validate_svg(changed).ok
    assert validate_svg(changed.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\n<!-- end -->\n").ok


@given(st.binary(max_size=400), st.sampled_from(sorted(TEXTS)), st.integers(0, 10_000))
def test_any_bytes_get_a_verdict(noise: bytes, honest: str, at: int) -> None:
    text = TEXTS[honest]
    validate_svg(noise)
    verdict = validate_svg(text[:at] + noise + text[at + len(noise) :])
    assert verdict.ok == (verdict.blocked_by is None)


def test_many_copies_of_small_parts_are_shown() -> None:
    tiles = "".join(f'<use href="#t" x="{n}"/>' for n in range(20_000))
    assert validate_svg(
        drawing(f'<defs><g id="t">{"<rect/>" * 20}</g></defs><g id="ring">{tiles}</g><use href="#ring"/>')
    ).ok


def test_so_many_references_that_not_all_are_kept_are_shown_only_when_none_is_within_another() -> None:
    paths = "".join(f'<path id="p{n}" fill="url(#wood)"/>' for n in range(61_000))
    wood = '<linearGradient id="wood"><stop/></linearGradient>'
    within = '<pattern id="a"><rect fill="url(#wood)"/></pattern><rect fill="url(#a)"/>'
    assert validate_svg(drawing(f'{wood}<g id="layer1">{paths}</g>')).ok
    assert validate_svg(drawing(f'{wood}<g id="layer1">{paths}</g>{within}')).blocked_by == "too_large"


def test_a_large_part_copied_often_is_blocked() -> None:
    part = f'<g id="t">{"<rect/>" * 3000}</g>'
    assert validate_svg(drawing(part + '<use href="#t"/>' * 3000)).blocked_by == "too_large"


def test_what_is_longer_than_any_drawing_is_blocked_before_it_is_read() -> None:
    assert validate_svg(drawing(" " * (32 * 1024 * 1024))).blocked_by == "too_large"


LARGE = """
import sys
from pathlib import Path
from rmos.svg import validate_svg
def peak_kib():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
data = Path(sys.argv[1]).read_bytes()
validate_svg(data[:10_000])
before = peak_kib()
verdict = validate_svg(data)
print((peak_kib() - before) // 1024, verdict.blocked_by)
"""
"""Not by getrusage, which counts also what the parent had before the exec: the tests themselves have more."""


@pytest.mark.parametrize(
    ("head", "tag", "blocked_by"),
    [
        ("", '<path style="fill:url(#a);stroke:#000" d="m 10.123,20.456 c 1.5,2.25 4.25,1.75 z" id="p%d"/>', "None"),
        ('<path d="', "L 1 2", "too_large"),
        *(
            pytest.param(*large, marks=pytest.mark.long)
            for large in (
                (
                    "",
                    '<use xlink:href="#m1" x="10.123456" y="20.456789" style="fill: #1f77b4; stroke: #1f77b4"/>',
                    "None",
                ),
                (
                    "",
                    '<g id="a%d"><path style="stroke-width:%d"/><use xlink:href="#b%d" transform="rotate(%d)"/></g>',
                    "too_large",
                ),
                ("", "<g/>", "too_large"),
                ("<text>", "x" * 60_000 + "</text><text>", "malformed"),
                ("", '<path d="' + "L 1 2" * 200_000 + '"/>', "None"),
                ("<!--", "x", "too_large"),
                ("<style>", "a{fill:red}", "too_large"),
            )
        ),
    ],
)
def test_a_large_drawing_takes_little_memory(tmp_path: Path, head: str, tag: str, blocked_by: str) -> None:
    """Of 30 MB each, in a process of its own; what the bytes themselves take is not counted."""
    count = 30_000_000 // len(tag)
    body = "".join(tag.replace("%d", str(n)) for n in range(count)) if "%d" in tag else tag * count
    (tmp_path / "large.svg").write_bytes(drawing(head + body)[: 32 * 1024 * 1024])
    program = [sys.executable, "-c", LARGE, str(tmp_path / "large.svg")]
    grown, by = subprocess.run(program, capture_output=True, text=True, check=True).stdout.split()
    assert by == blocked_by
    assert int(grown) < 50


def test_the_processor_time_grows_with_the_length_and_not_faster() -> None:
    def seconds(count: int) -> float:
        data = drawing('<path style="fill:#abc" d="m 1,2 c 1.5,2.25 3.5,-2 4.25,1.75 z" id="p"/>' * count)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        assert validate_svg(data).ok
        return resource.getrusage(resource.RUSAGE_SELF).ru_utime - before

    assert min(seconds(40_000) for _ in range(3)) < 16 * max(min(seconds(10_000) for _ in range(3)), 0.005)
