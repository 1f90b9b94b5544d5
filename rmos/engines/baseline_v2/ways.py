"""What to change about a cut: ways that make a check pass and no other one worse, so that each step leads on.

    Advisor(cut, verdicts).suggest(check, verdict)        # "feed 790 mm/min or more, or 11000 rpm or less"

Ways are alternatives, joined by ", or "; the steps of a way belong together, joined by " and ". A setting is searched
for along a power law, rounded to what people can dial in, and tried with every check that it moves: what the machine or
the tool cannot do, or what spoils another check, is not named. When no single setting helps, all of them are moved at
once.
"""

import math
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Final, NamedTuple

from rmos.engines.baseline.fields import FEED
from rmos.engines.baseline.wording import num, round_down, round_up
from rmos.engines.baseline_v2 import geometry, holding
from rmos.engines.baseline_v2.check_plan import MOVING
from rmos.engines.baseline_v2.cut import Cut, vary
from rmos.engines.baseline_v2.feeds import feeds_of, used_of
from rmos.engines.baseline_v2.machine import MACHINE_FEED, largest_feed
from rmos.engines.baseline_v2.passes import fastest_plunge
from rmos.engines.baseline_v2.speed import largest_rpm, smallest_rpm
from rmos.engines.baseline_v2.verdict import CENTRE, SEVERITY, Check, CheckVerdict

SHALLOWEST_MM: Final = 0.01
"""No shallower pass is suggested: no machine holds it (RMOS policy)."""
SHORTEST_MM: Final = 1.5
"""No shorter stick-out is suggested: nobody can clamp it (RMOS policy)."""
SLOWEST_FEED: Final = 10.0
"""No slower feed is suggested, mm/min (RMOS policy)."""
WAYS_SHOWN: Final = 2
_ROUNDS: Final = 8
_FURTHER: Final = 1.001
"""How far a step goes on at the least when the one before it has not reached GREEN."""

Verdicts = Mapping[str, CheckVerdict]
"""Check id → what came of it."""
_AIMS: Final[Mapping[str, tuple[tuple[str, float], ...]]] = {
    "CHIP_OVERLOAD": (("feed", 1.0), ("depth", 0.5), ("rpm", -1.0)),
    "CHIP_RUBBING": (("feed", -1.0), ("rpm", 1.0)),
    "DEFLECTION": (("stickout", 2.5), ("depth", 1.0), ("feed", 0.5)),
    "DEPTH_PASS": (("depth", 1.0),),
    "FORCE": (("depth", 1.0), ("feed", 0.5)),
    "HEAT": (("feed", -1.0), ("rpm", 1.5), ("cool", 0.0), ("pace", 0.5)),
    "HOLD_DOWN": (("depth", 1.0), ("feed", 0.5)),
    "MACHINE_FEED": (("feed", 1.0), ("pace", 1.0)),
    "OVERSPEED": (("rpm", 1.0), ("pace", 1.0)),
    "PLUNGE": (("plunge", 1.0),),
    "POWER": (("depth", 1.0), ("feed", 0.5)),
    "RIM_SPEED": (("rpm", 1.0), ("pace", 1.0)),
    "SAW_BITE": (("feed", 1.0), ("rpm", -1.0)),
    "SPINDLE_RANGE": (("rpm", -1.0), ("pace", -1.0)),
    "TOOL_BREAK": (("stickout", 1.0), ("depth", 1.0), ("feed", 0.5)),
}
"""Check id → what to move, and with which power of it the used part of the limit grows; `pace` is speed and feed at
once.
"""
_WORSENED: Final[Mapping[tuple[str, bool], tuple[str, ...]]] = {
    ("feed", False): ("CHIP_RUBBING", "HEAT", "SAW_BITE"),
    ("feed", True): (
        *("CHIP_OVERLOAD", "DEFLECTION", "FORCE", "HOLD_DOWN", "MACHINE_FEED", "POWER", "SAW_BITE", "TOOL_BREAK"),
    ),
    ("rpm", False): (
        *("CHIP_OVERLOAD", "DEFLECTION", "FORCE", "HOLD_DOWN", "PLUNGE", "RIM_SPEED", "SAW_BITE", "SPINDLE_RANGE"),
        "TOOL_BREAK",
    ),
    ("rpm", True): ("CHIP_RUBBING", "HEAT", "OVERSPEED", "POWER", "RIM_SPEED", "SAW_BITE"),
    # The chip stays, but for the rounding of speed and feed.
    ("pace", False): (
        *("CHIP_OVERLOAD", "CHIP_RUBBING", "DEFLECTION", "FORCE", "HEAT", "HOLD_DOWN", "PLUNGE", "RIM_SPEED"),
        *("SPINDLE_RANGE", "TOOL_BREAK"),
    ),
    ("pace", True): (
        *("CHIP_OVERLOAD", "CHIP_RUBBING", "DEFLECTION", "FORCE", "HEAT", "HOLD_DOWN", "MACHINE_FEED", "OVERSPEED"),
        *("POWER", "RIM_SPEED", "TOOL_BREAK"),
    ),
}
"""What is moved, and whether up → the checks that it may make worse. Less depth, stick-out or plunge spoils nothing."""
_BY_ID: Final[Mapping[str, Check]] = {check.rule.id: check for plan in MOVING.values() for check in plan}
_LEFT_TO_DO: Final = {
    "DEFLECTION": "take a thicker cutter",
    "TOOL_BREAK": "take a thicker cutter",
    "HOLD_DOWN": "clamp it, no vacuum holds it against that",
}
_OF_SPEED: Final = ("OVERSPEED", "SPINDLE_RANGE")
_NO_SPEED: Final = "no speed suits both: take a tool that may turn faster, or a spindle that turns slower"
_NOTHING_HELPS: Final = "no feed, speed or depth makes this cut sound: take another tool or a stronger machine"


class _Way(NamedTuple):
    cut: Cut
    steps: tuple[str, ...]
    worsens: tuple[str, ...] = ()


class Advisor:
    """Says what to change about one cut; what moves all settings at once is searched for when it is first needed."""

    def __init__(self, cut: Cut, before: Verdicts) -> None:
        """Take the cut and what came of every check that was graded."""
        self._cut = cut
        self._before = before
        self._joint: str | None = None
        self._is_searched = False

    def suggest(self, check: Check, verdict: CheckVerdict) -> str:
        """Return the ways to make a check pass that is not GREEN."""
        cut, name = self._cut, check.rule.id
        if cut.inputs.problems:
            return "correct the inputs first"
        if name == "GEOMETRY":
            return geometry.remedies(cut) or ""
        if name == "MATERIAL_YIELD":
            return holding.smaller_stock(cut)
        ways = _fixed_ways(cut, name, verdict)
        for aim, power in _AIMS.get(name, ()):
            if len(ways) >= WAYS_SHOWN or (aim == "pace" and ways):
                break
            way = _search(cut, check, verdict, aim, -power if _is_low(name, verdict) else power)
            if way is not None and not _spoils(way, self._before):
                ways.append(" and ".join(way.steps))
        if not ways and name in _OF_SPEED and not cut.is_sawn and smallest_rpm(cut) > largest_rpm(cut)[0]:
            return _NO_SPEED
        return ", or ".join(ways) or self._rescue() or _LEFT_TO_DO.get(name, _NOTHING_HELPS)

    def _rescue(self) -> str | None:
        if not self._is_searched:
            self._joint, self._is_searched = rescue(self._cut, self._before), True
        return self._joint


def _fixed_ways(cut: Cut, name: str, verdict: CheckVerdict) -> list[str]:
    if name == "HOLD_DOWN":
        area = holding.larger_area(cut, verdict)
        return [] if area is None else [area]
    if name == "PLUNGE" and verdict.part == CENTRE:
        slower = f"plunge at {num(round_down(fastest_plunge(cut)))} mm/min or less"
        return ["use a centre-cutting cutter" + (f" and {slower}" if verdict.value > verdict.limit else "")]
    return []


def _is_low(name: str, verdict: CheckVerdict) -> bool:
    """Tell whether a check with two ends is beyond its lower one, from which it leads back the other way."""
    return name in ("RIM_SPEED", "SAW_BITE") and not verdict.is_most


def _search(cut: Cut, check: Check, verdict: CheckVerdict, aim: str, power: float) -> _Way | None:
    """Return the cut with one setting moved until the check passes, None when it does not get there."""
    if aim == "cool":
        cooled = vary(cut, is_cooled=True)
        now = None if cut.is_cooled else check.ask(cooled)
        return _Way(cooled, ("cool with air or mist",)) if now is not None and now.risk == "GREEN" else None
    factor, used = 1.0, used_of(verdict)
    for _ in range(_ROUNDS):
        if not 0 < used < math.inf:
            return None
        factor *= used ** (-1.0 / power)
        if not 1e-6 < factor < 1e6:
            return None
        way = _rounded(cut, aim, factor)
        now = None if way is None else check.ask(way.cut)
        if way is None or now is None:
            return None
        if now.risk == "GREEN":
            return way
        used = used_of(check.ask(_move(cut, aim, factor)) or now)
        used = used if used > _FURTHER else _FURTHER
    return None


def _move(cut: Cut, aim: str, factor: float) -> Cut:
    if aim == "pace":
        return vary(cut, rpm=cut.rpm * factor, feed=cut.feed * factor, plunge=cut.plunge * factor)
    return vary(cut, **{aim: getattr(cut, aim) * factor})


def _rounded(cut: Cut, aim: str, factor: float) -> _Way | None:
    """Return the moved cut with settings that can be dialled in, and how to say them; None when nobody can set them."""
    is_more = factor > 1
    end, dial = ("more", round_up) if is_more else ("less", round_down)
    worsens = _WORSENED.get((aim, is_more), ())
    if aim == "pace":
        rpm = dial(cut.rpm * factor)
        feed = _same_chip(cut, rpm)
        if not (_turns(cut, rpm) and _moves(cut, feed)):
            return None
        return _settle(cut, {"rpm": rpm, "feed": feed}, (f"{num(rpm)} rpm or {end}",), worsens)
    value = dial(getattr(cut, aim) * factor)
    if aim == "feed":
        step = feed_step(cut, value, end)
        return _settle(cut, {"feed": value}, (step,), worsens) if _moves(cut, value) else None
    if aim == "rpm":
        if not _turns(cut, value):
            return None
        return _Way(vary(cut, rpm=value), (f"{num(value)} rpm or {end}",), worsens)
    if aim == "plunge":
        return None if value < 1 else _Way(vary(cut, plunge=value), (f"plunge at {num(value)} mm/min or {end}",))
    if aim == "depth":
        return None if value < SHALLOWEST_MM else _Way(vary(cut, depth=value), (f"passes of {num(value)} mm or {end}",))
    shortest = max([SHORTEST_MM, *(number for number in (cut.total, cut.flute_length) if number == number)])
    return None if value < shortest else _Way(vary(cut, stickout=value), (f"a stick-out of {num(value)} mm or {end}",))


def _turns(cut: Cut, rpm: float) -> bool:
    """Tell whether tool and spindle can turn like that; of a saw only the fastest speed is known."""
    return (cut.is_sawn or rpm >= smallest_rpm(cut)) and rpm <= largest_rpm(cut)[0]


def _moves(cut: Cut, feed: float) -> bool:
    """Tell whether somebody can feed like that."""
    return feed >= SLOWEST_FEED and (MACHINE_FEED.ask(cut) is None or feed <= largest_feed(cut))


def _same_chip(cut: Cut, rpm: float) -> float:
    return float(f"{cut.feed * rpm / cut.rpm:.3g}")


def feed_step(cut: Cut, feed: float, end: str) -> str:
    """Say a feed; a drill's goes down."""
    if cut.is_drilled and FEED not in cut.sent:
        return f"plunge at {num(feed)} mm/min or {end}"
    return f"feed {num(feed)} mm/min or {end}"


def _settle(cut: Cut, changes: dict[str, float], steps: tuple[str, ...], worsens: tuple[str, ...]) -> _Way:
    """Return a way that moves the feed; the plunge feed goes down with it where it would be too much of it."""
    feed = changes["feed"]
    if "rpm" in changes:
        steps = (*steps, feed_step(cut, feed, "less" if feed < cut.feed else "more"))
    moved = vary(cut, **changes)
    fastest = fastest_plunge(moved)
    if cut.plunge > fastest and not cut.is_drilled:
        plunge = round_down(fastest)
        return _Way(vary(moved, plunge=plunge), (*steps, f"plunge at {num(plunge)} mm/min or less"), worsens)
    return _Way(moved, steps, worsens)


def _spoils(way: _Way, before: Verdicts) -> bool:
    """Tell whether a way makes another check worse than it was."""
    for name in way.worsens:
        was = before.get(name)
        verdict = None if was is None else _BY_ID[name].ask(way.cut)
        if was is not None and verdict is not None and SEVERITY[verdict.risk] > SEVERITY[was.risk]:
            return True
    return False


def rescue(cut: Cut, before: Verdicts) -> str | None:
    """Return speed, feed and depth that make all moving checks pass together, None when there are none."""
    if cut.rpm != cut.rpm or cut.feed != cut.feed:
        return None  # what nobody stated cannot be moved
    steps = next((steps for moved, steps in _settings(cut, before) if is_green(moved, before)), None)
    return None if steps is None else " and ".join(steps)


def is_green(cut: Cut, asked: Container[str]) -> bool:
    """Tell whether every moving check of a cut passes that has its inputs, those which are `asked`."""
    for check in MOVING[cut.operation]:
        if check.rule.id not in asked:
            continue
        verdict = check.ask(cut)
        if verdict is not None and verdict.risk != "GREEN":
            return False
    return True


_DEPTHS: Final = (1.0, 0.7, 0.5, 0.35, 0.2, 0.1, 0.05)
_SPEEDS: Final = (0.0, 0.15, 0.35, 0.6, 0.9)


def _settings(cut: Cut, asked: Verdicts) -> Iterator[tuple[Cut, tuple[str, ...]]]:
    """Give speeds and depths, the present ones first, each with a feed from its window."""
    least, most = 0.1 * cut.rpm if cut.is_sawn else smallest_rpm(cut), largest_rpm(cut)[0]
    if not (math.isfinite(most) and most >= least):
        return
    present = cut.rpm if least <= cut.rpm <= most else _inside(cut.rpm, least, most)
    speeds = [present, *(_inside(least * (most / least) ** share, least, most) for share in _SPEEDS)]
    for share in _DEPTHS:
        depth = cut.depth if share == 1.0 else round_down(cut.depth * share)
        if depth < SHALLOWEST_MM:
            return
        for rpm in speeds:
            found = _with_feed(cut, rpm, depth, asked)
            if found is not None:
                yield found
        if cut.is_sawn or cut.depth != cut.depth:
            return  # the depth of a saw's cut is its kerf; one that nobody stated cannot be moved


def _inside(rpm: float, least: float, most: float) -> float:
    """Return a speed that can be dialled in, as near as the spindle allows."""
    speed = round_down(min(rpm, most))
    return speed if speed >= least else min(round_up(least), most)


def _with_feed(cut: Cut, rpm: float, depth: float, asked: Verdicts) -> tuple[Cut, tuple[str, ...]] | None:
    moved = vary(cut, rpm=rpm, depth=depth)
    window = feeds_of(moved, asked)
    feed = feed_within(window.low, window.high, cut.feed)
    if feed is None:
        return None
    steps: list[str] = []
    if rpm != cut.rpm:
        steps.append(f"{num(rpm)} rpm or {'less' if rpm < cut.rpm else 'more'}")
    if feed != cut.feed:
        steps.append(feed_step(cut, feed, "less" if feed < cut.feed else "more"))
    if depth < cut.depth:
        steps.append(f"passes of {num(depth)} mm or less")
    moved = vary(moved, feed=feed, plunge=feed if cut.is_drilled else cut.plunge)
    fastest = fastest_plunge(moved)
    if cut.plunge > fastest and not cut.is_drilled:
        plunge = round_down(fastest)
        moved = vary(moved, plunge=plunge)
        steps.append(f"plunge at {num(plunge)} mm/min or less")
    return moved, tuple(steps)


def feed_within(low: float, high: float, wanted: float) -> float | None:
    """Return a feed that can be dialled in, as near to the wanted one as a window allows; None when it is shut."""
    if not low <= high or high < SLOWEST_FEED:
        return None
    if low <= wanted <= high:
        return wanted
    dial: Callable[[float], float] = round_up if wanted < low else round_down
    feed = dial(low if wanted < low else high)
    if not low <= feed <= high:
        # Two digits are too coarse for a narrow window; three are what a message shows.
        feed = float(num(math.sqrt(low * high)))
    return feed if low <= feed <= high else None
