import msgspec
import pytest

from rmos.rosette.interpret import interpret
from rmos.rosette.seeded import MAX_SEED
from rmos.rosette.spec import Ring
from rmos.rosette.vary import vary
from tests.rosette.makers import BWB, make_ring, make_spec


def centre(prompt: str, seed: int) -> Ring:
    spec = vary(interpret(prompt).spec, seed)
    return max((ring for ring in spec.rings if ring.kind not in ("lines", "band", "gap")), key=lambda ring: ring.width)


def test_the_same_seed_makes_the_same_spec_and_another_another() -> None:
    spec = interpret("classical herringbone").spec
    assert vary(spec, 7) == vary(spec, 7)
    assert len({msgspec.json.encode(vary(spec, seed)) for seed in range(12)}) > 8


def test_what_was_left_open_is_varied() -> None:
    seeds = range(40)
    assert len({centre("classical mosaic", seed).motif for seed in seeds}) > 4
    assert {centre("herringbone in maple and koa", seed).materials for seed in seeds} == {
        ("maple", "koa"),
        ("koa", "maple"),
    }
    assert len({centre("herringbone", seed).slant for seed in seeds}) > 2
    lengths = [centre("rope in koa and maple 5 mm band", seed).tile_length or 0 for seed in seeds]
    assert max(lengths) <= 1.2 * min(lengths) * 1.25
    assert len(set(lengths)) > 10


def test_the_thickness_of_a_veneer_is_never_varied() -> None:
    rings = [centre("herringbone in maple and ebony", seed) for seed in range(30)]
    assert {(ring.strip, ring.tile_length, ring.rows) for ring in rings} == {(600, None, None)}
    assert len({(ring.slant, ring.phase, ring.materials) for ring in rings}) > 10


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 99, MAX_SEED])
def test_what_was_given_is_not(seed: int) -> None:
    ring = centre("mosaic star 11x11 book matched in red on natural, 7 mm band, 40 tiles", seed)
    assert (ring.motif, ring.rows, ring.symmetry, ring.width, ring.tile_count) == ("star", 11, "book", 7000, 40)
    assert centre("celtic walnut on maple", seed).materials == ("walnut", "maple")
    spec = vary(interpret("rope, bwb lines").spec, seed)
    assert [ring.materials for ring in spec.rings if ring.kind == "lines"] == [BWB.materials] * 2


@pytest.mark.parametrize("seed", range(8))
def test_the_edges_stay_a_pair(seed: int) -> None:
    spec = vary(interpret("Torres").spec, seed)
    edges = [ring for ring in spec.rings if ring.kind == "wheat"]
    assert edges[0].phase == edges[1].phase
    assert [ring.materials for ring in spec.rings] == [ring.materials for ring in reversed(spec.rings)]


def test_a_seed_out_of_range_is_an_error_of_the_caller() -> None:
    for seed in (-1, MAX_SEED + 1):
        with pytest.raises(ValueError):
            vary(make_spec(make_ring("rope")), seed)
