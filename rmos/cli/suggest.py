"""`rmos suggest`: feed, speed and passes for a cut, how far each may move, and a map of feed against speed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Final

import click
from flask.cli import with_appcontext
from marshmallow import ValidationError

from rmos.cli.exits import DONE, FINDINGS
from rmos.cli.output import COLOURS, emit, json_option, say, say_table, write_file
from rmos.cli.tables import Column
from rmos.context import current_rmos
from rmos.engines.baseline_v2.fields import OPERATION_NAMES
from rmos.engines.decision import decide
from rmos.engines.suggest.best import SettingSuggestion
from rmos.engines.suggest.drawing import draw_map
from rmos.engines.suggest.windows import SettingWindow
from rmos.errors.request import ValidationFailed
from rmos.http.json_body import parse_object
from rmos.http.problems import flatten_errors
from rmos.schemas.cut_settings import load_setting, setting_members
from rmos.services.cut_settings import suggest_setting

_COLUMNS: Final = (
    Column("SETTING"),
    Column("VALUE", number=True),
    Column("FROM", number=True),
    Column("TO", number=True),
    Column("ENDED BY"),
)
_IDS: Final = {"tool": "tool_id", "material": "material_id", "machine": "machine_id"}
_DESIGN: Final = {
    "operation": "operation",
    "depth": "total_depth_mm",
    "width": "feature_width_mm",
    "floor": "floor_thickness_mm",
    "feed": "feed_mm_min",
    "plunge": "plunge_feed_mm_min",
    "rpm": "spindle_rpm",
    "pass_depth": "axial_depth_mm",
    "engagement": "radial_engagement_mm",
}
_SETTINGS: Final = (
    "feed_mm_min",
    "plunge_feed_mm_min",
    "spindle_rpm",
    "axial_depth_mm",
    "radial_engagement_mm",
)
_NUMBERS: Final = (
    ("--depth", "How deep the whole cut is, in mm."),
    ("--width", "How wide the channel or pocket is, in mm."),
    ("--floor", "What is to stay below it, in mm; 0 cuts through."),
    ("--stock", "How thick the stock is, in mm."),
    ("--feed", "Fix the feed, in mm/min."),
    ("--plunge", "Fix the feed of the plunge, in mm/min."),
    ("--rpm", "Fix the speed, in turns a minute."),
    ("--pass-depth", "Fix the depth of a pass, in mm."),
    ("--engagement", "Fix how much of the tool is in the wood sideways, in mm."),
)


def _number_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, what in reversed(_NUMBERS):
        command = click.option(name, type=float, metavar="N", help=what)(command)
    return command


@click.command("suggest")
@click.argument("file", type=click.File("rb"), metavar="[FILE]", required=False)
@click.option("--tool", metavar="ID", help="A tool of the shop, such as em-3175-2f.")
@click.option("--material", metavar="ID", help="A material of the shop, such as ebony.")
@click.option("--machine", metavar="ID", help="A machine of the shop, such as light_desktop.")
@click.option(
    "--operation",
    type=click.Choice(OPERATION_NAMES, case_sensitive=False),
    metavar="NAME",
    help=f"What is cut: {', '.join(OPERATION_NAMES)}.",
)
@_number_options
@click.option(
    "--svg", "svg_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the map as SVG."
)
@json_option
@with_appcontext
def suggest(file: IO[bytes] | None, svg_file: Path | None, as_json: bool, **options: Any) -> int:
    """Suggest feed, speed and passes for a cut; nothing is recorded.

    FILE is the JSON that `POST /api/rmos/feasibility/suggest` takes, - the
    standard input; options win over it. What is not fixed is found. With it
    come the range in which each setting stays GREEN, the checks that end it,
    and a map of feed against speed.

    \b
    Exit codes: 0 a GREEN setting, 1 none is GREEN, or the map could not be
    written; 2 usage, or too little is known of the cut; 130 interrupted.
    """
    body = {} if file is None else parse_object(file.read())
    try:
        asked = load_setting(_merge(body, {name: value for name, value in options.items() if value is not None}))
    except ValidationError as error:
        raise ValidationFailed("The file is no cut.", errors=flatten_errors(error)) from None
    suggestion = suggest_setting(current_rmos().engines, asked)
    if svg_file is not None:
        write_file(svg_file, draw_map(suggestion.feed_map))
    if as_json:
        emit(setting_members(suggestion))
    else:
        _say_suggestion(suggestion)
    return DONE if suggestion.is_green else FINDINGS


def _merge(body: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return the body with what the options say; what is no object in it is left for the schema to refuse."""
    merged = {**body, **{_IDS[name]: value for name, value in options.items() if name in _IDS}}
    design = {_DESIGN[name]: value for name, value in options.items() if name in _DESIGN}
    if design and isinstance(merged.get("design", {}), dict):
        merged["design"] = {**merged.get("design", {}), **design}
    context = merged.get("context", {})
    if "stock" in options and isinstance(context, dict):
        stock = context.get("stock")
        merged["context"] = {**context, "stock": {**(stock if isinstance(stock, dict) else {}), **_stock(options)}}
    return merged


def _stock(options: dict[str, Any]) -> dict[str, Any]:
    return {"thickness_mm": options["stock"]}


def _say_suggestion(suggestion: SettingSuggestion) -> None:
    decision, settings = decide(suggestion.result), suggestion.settings
    score = "" if decision.score is None else f" {decision.score:.1f}"
    say(f"{decision.risk_level}{score}", colour=COLOURS.get(decision.risk_level))
    for reason in suggestion.why:
        say(f"  {reason}")
    windows = {window.name: window for window in suggestion.windows}
    say_table(_COLUMNS, [_row(name, value, windows.get(name), settings.fixed) for name, value in _numbers(suggestion)])
    if suggestion.passes is not None:
        say(f"passes  {suggestion.passes}")
    _say_map(suggestion)


def _numbers(suggestion: SettingSuggestion) -> list[tuple[str, float]]:
    """Return the settings that the cut has, and the stick-out, which can be changed as well."""
    values = [(name, getattr(suggestion.settings, name)) for name in _SETTINGS]
    values += [(window.name, window.value) for window in suggestion.windows if window.name not in _SETTINGS]
    return [(name, value) for name, value in values if value is not None]


def _row(name: str, value: float, window: SettingWindow | None, fixed: Sequence[str]) -> list[str]:
    ends = ("", "") if window is None or window.low is None or window.high is None else (window.low, window.high)
    by = [] if window is None else [window.low_by, window.high_by]
    notes = filter(None, ["fixed" if name in fixed else "", *dict.fromkeys(by)])
    return [name, f"{value:.6g}", *(end if isinstance(end, str) else f"{end:.6g}" for end in ends), ", ".join(notes)]


def _say_map(suggestion: SettingSuggestion) -> None:
    feed_map = suggestion.feed_map
    say(f"Speed in rpm against feeds from {feed_map.feeds_mm_min[0]:g} to {feed_map.feeds_mm_min[-1]:g} mm/min:")
    for rpm, letters in zip(reversed(feed_map.speeds_rpm), reversed(feed_map.rows), strict=True):
        say(f"{rpm:>8g}  {letters}")
