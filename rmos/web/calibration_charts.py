"""Shares with their intervals, and times against estimates, in SVG made of attributes and classes.

    draw_shares(report.colours)      # a dot for each share, a line over its 95 % interval
    draw_times(report.times)         # a box from quartile to quartile, a stroke at the median, a line at "as estimated"

Each row has its words and its numbers, and each part a shape of its own, so that no colour stands alone. The page has
the same in tables.
"""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from rmos.decisions.calibration import ColourParts, ComparedTimes, MachineTimes
from rmos.decisions.proportions import Proportion
from rmos.web.formats import sign_of

_WIDTH: Final = 320
_LEFT: Final = 118
_RIGHT: Final = 68
_ROW: Final = 22
_TOP: Final = 20
_GAP: Final = 8
_PARTS: Final = ("good", "rework", "scrap")
_TONES: Final = {"good": "green", "rework": "yellow", "scrap": "red"}
_SHAPES: Final = {
    "good": "M{x} {y}m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
    "rework": "M{x} {y}m-6 4.5h12l-6 -10z",
    "scrap": "M{x} {y}m-4.5 -4.5h9v9h-9z",
}
"""A round, a three-cornered and a square one."""
_MOST_RATIO: Final = 4.0
"""How many times the estimate the drawing reaches; what took longer stands at its end."""
_MANY: Final = 10_000
"""From so many on there is no room for "3 of 40"."""
_LONGEST: Final = 14
"""Signs of the name of a machine that have room."""


def draw_shares(colours: Sequence[ColourParts]) -> Markup:
    """Return the shares of the parts of each colour that somebody has looked at; empty where there are none."""
    shown = [row for row in colours if row.jobs > row.unjudged]
    parts, y = [], float(_TOP)
    for row in shown:
        for part in _PARTS:
            parts.append(_draw_share(f"{sign_of(row.risk_level)} {row.risk_level}", part, getattr(row, part), y))
            y += _ROW
        y += _GAP
    height = round(y)
    scale = [_draw_line(share, f"{share * 100:.0f} %", height) for share in (0.0, 0.5, 1.0)]
    title = "Shares of good, reworked and scrapped parts with their 95 % intervals"
    return _frame(title, height, [*scale, *parts] if shown else [])


def _draw_share(colour: str, part: str, share: Proportion, y: float) -> Markup:
    middle = y + _ROW / 2
    low, at, high = (_place(number or 0.0) for number in (share.low, share.share, share.high))
    mark = _SHAPES[part].format(x=f"{at:.1f}", y=f"{middle:.1f}")
    return Markup(
        '{}<path class="limit-line" d="M{:.1f} {:.1f}v6m0 -3H{:.1f}m0 -3v6"/><path class="limit-line f-{}" d="{}"/>{}'
    ).format(
        _label(f"{colour} {part}", middle, of_row=True),
        *(low, middle - 3, high),
        *(_TONES[part], mark),
        _label(_say_share(share), middle, of_row=False),
    )


def _say_share(share: Proportion) -> str:
    if share.of >= _MANY and share.share is not None:
        return f"{share.share * 100:.1f} %"
    return f"{share.count} of {share.of}"


def draw_times(times: Sequence[MachineTimes]) -> Markup:
    """Return the times of the machines that have enough jobs; empty where there are none."""
    shown = [
        (machine, compared) for machine in times for compared in machine.compared if compared.upper_quartile is not None
    ]
    most = max((compared.upper_quartile or 0.0 for _, compared in shown), default=0.0)
    most = min(max(2.0, most * 1.1), _MOST_RATIO)
    height = _TOP + _ROW * len(shown) + _GAP
    parts = [_draw_line(at / most, f"{at:g} ×", height) for at in (0, 1, 2, 3, 4) if at <= most]
    parts.append(
        Markup('<path class="limit-line" d="M{:.1f} {}V{}"/>').format(_place(1 / most), _TOP - 4, height - _GAP)
    )
    parts += [
        _draw_times(machine.machine_id, compared, _TOP + number * _ROW, most)
        for number, (machine, compared) in enumerate(shown)
    ]
    return _frame("Measured time over the estimate: quartiles and median", height, parts if shown else [])


def _draw_times(machine_id: str | None, compared: ComparedTimes, y: float, most: float) -> Markup:
    numbers = (compared.lower_quartile, compared.median, compared.upper_quartile)
    low, at, high = (_place(min((number or 0.0) / most, 1.0)) for number in numbers)
    name = machine_id or "no machine"
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    box = Markup('<rect class="share" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" rx="2"/>').format(
        low, y + 5, max(high - low, 1.0), _ROW - 10
    )
    return Markup('<g><title>{}</title>{}{}<path class="mark" d="M{:.1f} {:.1f}h4v{}h-4z"/>{}</g>').format(
        name,
        _label(short, y + _ROW / 2, of_row=True),
        box,
        *(at - 2, y + 3, _ROW - 6),
        _label(f"{compared.median:.2f}, n {compared.jobs}", y + _ROW / 2, of_row=False),
    )


def _place(share: float) -> float:
    """Return where a share of the width is drawn."""
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _draw_line(share: float, text: str, height: float) -> Markup:
    x = _place(share)
    return Markup('<path class="rule-line" d="M{:.1f} {}V{}"/><text class="tick" x="{:.1f}" y="12"{}>{}</text>').format(
        *(x, _TOP - 4, height - _GAP, x), Markup(' text-anchor="middle"'), text
    )


def _label(text: str, middle: float, *, of_row: bool) -> Markup:
    x = 0 if of_row else _WIDTH - _RIGHT + 10
    return Markup('<text class="tick" x="{}" y="{:.1f}">{}</text>').format(x, middle + 4, text)


def _frame(title: str, height: float, parts: Sequence[Markup]) -> Markup:
    if not parts:
        return Markup()
    return Markup('<svg class="shares" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, height, title, Markup("").join(parts)
    )
