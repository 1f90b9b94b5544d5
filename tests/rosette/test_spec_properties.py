"""Whatever spec is accepted can be varied, drawn, judged and listed: none ends in an exception."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rmos.errors.request import ValidationFailed
from rmos.rosette.bom import bill_of_materials
from rmos.rosette.dxf import dxf_text
from rmos.rosette.manufacture import manufacture
from rmos.rosette.materials import MATERIALS
from rmos.rosette.plan_pages import plan_html, plan_svg
from rmos.rosette.spec import KINDS, Ring, RosetteSpec, decode_spec, encode_spec, stamp_version
from rmos.rosette.svg import render
from rmos.rosette.vary import vary
from tests.trying import tries

RINGS = st.builds(
    Ring,
    kind=st.sampled_from(KINDS),
    width=st.sampled_from([50, 60, 300, 900, 2000, 6000, 20_000]),
    materials=st.lists(st.sampled_from(list(MATERIALS)), min_size=1, max_size=6).map(tuple),
    tile_count=st.sampled_from([None, None, None, 1, 3, 12, 47, 150]),
    tile_length=st.sampled_from([None, None, 900, 3000, 100_000]),
    rows=st.sampled_from([None, None, 1, 2, 5, 24]),
    slant=st.sampled_from([None, 20, 33, 70]),
    strand=st.sampled_from([None, None, 50, 700]),
    symmetry=st.sampled_from([None, "slip", "book", "inversion", "book_inversion"]),
    mirror_at_seam=st.booleans(),
    motif=st.sampled_from([None, "star", "nonsense"]),
    phase=st.integers(0, 999),
)
THIN = st.builds(
    Ring,
    kind=st.sampled_from(["herringbone", "half_herringbone"]),
    width=st.sampled_from([50, 900, 9600, 100_000]),
    materials=st.lists(st.sampled_from(list(MATERIALS)), min_size=1, max_size=3).map(tuple),
    rows=st.sampled_from([None, None, 1, 24]),
    slant=st.sampled_from([None, 20, 70]),
    strip=st.sampled_from([50, 600, 100_000]),
)
SPECS = st.builds(
    RosetteSpec,
    soundhole_diameter=st.sampled_from([20_000, 86_000, 200_000]),
    edge_gap=st.sampled_from([0, 3000]),
    channel_depth=st.sampled_from([50, 1500, 20_000]),
    rings=st.lists(st.one_of(RINGS, RINGS, THIN), min_size=1, max_size=2).map(tuple),
)


@settings(max_examples=tries(60))
@given(SPECS, st.integers(0, 2**53 - 1))
def test_what_is_accepted_can_be_drawn_judged_and_listed(spec: RosetteSpec, seed: int) -> None:
    try:
        spec = vary(decode_spec(encode_spec(stamp_version(spec))), seed)
    except ValidationFailed as refused:
        assert refused.errors  # noqa: PT017 - a refusal is as good, when it says why
        return
    assert render(spec).endswith("</svg>\n")
    assert render(spec, "cam").endswith("</svg>\n")
    manufacture(spec)
    bill_of_materials(spec)
    assert plan_svg(spec).endswith("</svg>\n")
    assert plan_html(spec).endswith("</html>\n")
    try:
        assert dxf_text(spec).endswith("EOF\n")
    except ValidationFailed as refused:
        assert "moves" in str(refused.errors)  # noqa: PT017 - the one thing that may be too much
