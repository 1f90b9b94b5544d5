import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.cam.measure.cuts import MAX_GROUPS, CutGroups, CutSample

SAMPLES = st.lists(st.tuples(st.integers(100, 4000), st.integers(1, 3000), st.floats(1, 3000)), min_size=1, max_size=40)


def sample(feed: float, axial: int, radial: float, place: int = 0) -> CutSample:
    return CutSample(feed, 0.0, axial, radial, radial + 1, -float(axial), 1.0, 3000.0, place)


def group(samples: list[CutSample], **members: float) -> CutGroups:
    groups = CutGroups()
    for one in samples:
        groups.add(members.get("tool", 1), members.get("rpm", 18_000.0), False, one)  # type: ignore[arg-type]
    return groups


def test_cuts_that_are_nearly_alike_are_one_with_the_larger_of_each() -> None:
    [(key, whole)] = group([sample(1200, 740, 1010.0, 5), sample(1200, 731, 1020.0, 3)]).list_groups()
    assert (whole.axial, whole.radial, whole.seconds, whole.length, whole.place) == (740, 1020.0, 2.0, 6000.0, 3)
    assert (key.tool, key.rpm, key.vertical) == (1, 18_000.0, False)


@pytest.mark.parametrize("other", [sample(1201, 750, 1000.0), sample(1200, 900, 1000.0), sample(1200, 750, 1200.0)])
def test_another_feed_depth_or_width_is_another_cut(other: CutSample) -> None:
    assert len(group([sample(1200, 750, 1000.0), other]).list_groups()) == 2


@given(SAMPLES)
def test_no_group_is_lighter_than_what_it_holds(samples: list[tuple[int, int, float]]) -> None:
    whole = group([sample(*one) for one in samples]).list_groups()
    assert sum(one.seconds for _, one in whole) == pytest.approx(len(samples))
    for feed, axial, radial in samples:
        assert any(one.feed >= feed and one.axial >= axial and one.radial >= radial for _, one in whole)


def test_of_thousands_of_kinds_five_hundred_are_left_and_none_is_lighter() -> None:
    kinds = [
        sample(float(feed), axial, float(radial))
        for feed, axial, radial in itertools.product(range(300, 1500, 60), range(100, 1600, 100), range(200, 3200, 150))
    ]
    groups = group(kinds)
    whole = groups.list_groups()
    assert 100 < len(whole) <= MAX_GROUPS
    assert sum(one.seconds for _, one in whole) == pytest.approx(len(kinds))
    for kind in kinds[::37]:
        assert any(one.feed >= kind.feed and one.axial >= kind.axial and one.radial >= kind.radial for _, one in whole)


def test_tools_and_speeds_are_never_joined() -> None:
    groups = CutGroups()
    for tool, rpm in itertools.product(range(30), range(1000, 31_000, 1000)):
        groups.add(tool, float(rpm), False, sample(1200, 750, 1000.0))
    assert len(groups.list_groups()) == 900
