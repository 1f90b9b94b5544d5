from collections import Counter

import pytest

from rmos.digest import NotCanonical
from rmos.rosette.seeded import MAX_SEED, Stream, derive_seed


def test_a_stream_is_the_same_for_the_same_seed_and_decision() -> None:
    def drawn(seed: int, decision: str) -> list[int]:
        stream = Stream(seed=seed, decision=decision)
        return [stream.below(1000) for _ in range(50)]

    assert drawn(7, "slant") == drawn(7, "slant")
    assert drawn(7, "slant") != drawn(8, "slant")
    assert drawn(7, "slant") != drawn(7, "rows")


def test_the_first_numbers_are_those_of_this_version_for_ever() -> None:
    stream = Stream(seed=1, decision="ring 1/grain")
    assert [stream.below(1000) for _ in range(6)] == FIRST


FIRST = [113, 583, 847, 317, 219, 588]


def test_all_numbers_come_up_about_equally_often() -> None:
    stream = Stream(seed=3, decision="dice")
    counts = Counter(stream.below(6) for _ in range(12_000))
    assert set(counts) == set(range(6))
    assert all(1800 < count < 2200 for count in counts.values())


def test_bounds_are_included() -> None:
    stream = Stream(seed=3, decision="bounds")
    assert {stream.between(-1, 1) for _ in range(100)} == {-1, 0, 1}


def test_a_seed_is_derived_from_the_request_and_fits_json() -> None:
    assert derive_seed({"prompt": "rope", "tool": None}) == derive_seed({"tool": None, "prompt": "rope"})
    assert derive_seed({"prompt": "rope"}) != derive_seed({"prompt": "rope "})
    assert 0 <= derive_seed({"prompt": "x" * 10_000}) <= MAX_SEED
    with pytest.raises(NotCanonical):
        derive_seed({"prompt": float("nan")})
