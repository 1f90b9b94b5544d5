"""Group the windows that cut alike, so that an engine is asked about each kind of cut once.

    cuts = CutGroups()
    cuts.add(key, sample)
    for key, sample in cuts.list_groups(): ...

Groups are alike in tool, speed and feed, and nearly so in depth and width: these differ by less than a tenth, a step of
the series E24 of preferred numbers. A group is evaluated by the largest of each, so grouping makes no cut look lighter
than it is; a ramp, whose depth grows from nothing, is some fifty cuts and not a thousand.
"""

import math
from typing import Final, NamedTuple

MAX_GROUPS: Final = 500
_HELD: Final = 4096
"""Groups that are held while a program is measured."""
_STEPS_PER_DECADE: Final = 24
_LEAST_UM: Final = 10.0
_FIRST_STEP: Final = 1.12
_WIDER: Final = 1.5
"""How the steps widen, in their logarithm, until there are few enough groups."""


class CutKey(NamedTuple):
    """What groups are told apart by. Feed in mm/min; steps of depth and width."""

    tool: int | None
    rpm: float
    vertical: bool
    feed: float
    axial: int
    radial: int


class CutSample(NamedTuple):
    """What was measured of a window or of a group: the largest of each, and how long it lasts."""

    feed: float
    plunge: float
    axial: int
    radial: float
    widest: float
    """µm, the largest width that it may have: cells are coarser than a µm."""
    lowest: float
    """Z, µm."""
    seconds: float
    length: float
    place: int
    """Of the first motion."""


class CutGroups:
    """Groups of cuts, never more of them than are worth holding."""

    def __init__(self) -> None:
        self._groups: dict[CutKey, CutSample] = {}

    def add(self, tool: int | None, rpm: float, vertical: bool, sample: CutSample) -> None:
        """Count a window in."""
        key = CutKey(tool, rpm, vertical, round(sample.feed, 3), _find_step(sample.axial), _find_step(sample.radial))
        _merge_into(self._groups, key, sample)
        if len(self._groups) > _HELD:
            self._groups = _widen(self._groups)

    def list_groups(self) -> list[tuple[CutKey, CutSample]]:
        """Return at most 500 groups, by the motion where each is first done."""
        groups = self._groups if len(self._groups) <= MAX_GROUPS else _widen(self._groups)
        return sorted(groups.items(), key=lambda pair: (pair[1].place, pair[0][2:]))


def _find_step(um: float) -> int:
    """Return the step of a depth or width, 24 in each decade; whatever is less than 10 µm is the same."""
    return math.floor(_STEPS_PER_DECADE * math.log10(max(um, _LEAST_UM)))


def _merge_into(groups: dict[CutKey, CutSample], key: CutKey, sample: CutSample) -> None:
    known = groups.get(key)
    groups[key] = sample if known is None else merge_samples(known, sample)


def merge_samples(one: CutSample, other: CutSample) -> CutSample:
    """Return the largest of each measure, the seconds and lengths of both."""
    return CutSample(
        feed=max(one.feed, other.feed),
        plunge=max(one.plunge, other.plunge),
        axial=max(one.axial, other.axial),
        radial=max(one.radial, other.radial),
        widest=max(one.widest, other.widest),
        lowest=min(one.lowest, other.lowest),
        seconds=one.seconds + other.seconds,
        length=one.length + other.length,
        place=min(one.place, other.place),
    )


def _widen(groups: dict[CutKey, CutSample]) -> dict[CutKey, CutSample]:
    """Return at most 500 groups: neighbours in feed, depth and width become one, with the larger of each.

    What differs in tool, speed or direction is never joined; where that alone makes more than 500 groups, they stay.
    """
    step = math.log(_FIRST_STEP)
    apart = len({key[:3] for key in groups})
    while len(groups) > max(MAX_GROUPS, apart):
        wider: dict[CutKey, CutSample] = {}
        for key, sample in groups.items():
            feed, axial, radial = (
                math.floor(math.log(max(value, 1e-3)) / step) for value in (sample.feed, sample.axial, sample.radial)
            )
            _merge_into(wider, key._replace(feed=feed, axial=axial, radial=radial), sample)
        groups, step = wider, step * _WIDER
    return groups
