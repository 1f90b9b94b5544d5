"""The checks of a run as lessons: what was asked, what came out, how it is reckoned with the numbers of this cut.

    lessons = make_lessons(feasibility, inputs, rules)
    lessons[0].question, lessons[0].numbers

A record may come from the legacy system, from a plug-in that is gone, or hold anything where checks should be; what is
no check is left out, and what a rule cannot be found for is shown without it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from rmos.engines.registry import Registry
from rmos.engines.rules import Rule
from rmos.models import RISK_LEVELS
from rmos.services.design_cuts import CUTS, WORST_CUT, read_design_cuts
from rmos.units import split_unit
from rmos.web.formats import format_number
from rmos.web.limits import CheckLimits, make_limits
from rmos.web.ways import AdvisedWay, read_ways

_SEVERITY: Final = {"ERROR": 0, "RED": 1, "UNKNOWN": 2, "YELLOW": 3, "GREEN": 4}
_LONGEST: Final = 200
"""Characters of an input that are shown beside a formula."""


class LessonNumber(msgspec.Struct, frozen=True):
    """An input that a check has read."""

    name: str
    value: str
    unit: str
    number: float | None = None
    """The value, where it is a number."""


class Lesson(msgspec.Struct, frozen=True):
    """One check of one cut."""

    rule_id: str
    risk: str
    message: str
    suggestion: str
    score: float | None
    source: str
    limits: CheckLimits | None
    numbers: list[LessonNumber]
    rule: Rule | None

    @property
    def finding(self) -> str:
        """What came out, without what to do about it."""
        return self.message.removesuffix(f": {self.suggestion}") if self.suggestion else self.message

    @property
    def ways(self) -> list[AdvisedWay]:
        """What can be tried at once, of what to do about it."""
        return read_ways(self.suggestion)

    @property
    def is_fine(self) -> bool:
        """Whether there is nothing to change."""
        return self.risk == "GREEN"


def make_lessons(feasibility: Mapping[str, Any], inputs: Mapping[str, Any], rules: Mapping[str, Rule]) -> list[Lesson]:
    """Return the checks of a run, the gravest first."""
    assessments = feasibility.get("assessments")
    found = [entry for entry in assessments if isinstance(entry, dict)] if isinstance(assessments, list) else []
    lessons = [_make_lesson(entry, inputs, rules) for entry in found if entry.get("risk") in RISK_LEVELS]
    return sorted(lessons, key=lambda lesson: (_SEVERITY[lesson.risk], lesson.score if lesson.score is not None else 0))


def find_rules(engines: Registry, engine_id: object) -> dict[str, Rule]:
    """Return the rules of an engine by their ids; of one that is not there any more, those that bear the same ids."""
    rules = engines.rules()
    own = {rule.id: rule for owner, rule in rules if owner == engine_id}
    return own or {rule.id: rule for _, rule in reversed(rules)}


def _make_lesson(entry: Mapping[str, Any], inputs: Mapping[str, Any], rules: Mapping[str, Rule]) -> Lesson:
    rule_id, score = _text(entry, "id"), entry.get("score")
    return Lesson(
        rule_id=rule_id,
        risk=entry["risk"],
        message=_text(entry, "message"),
        suggestion=_text(entry, "suggestion"),
        score=float(score) if isinstance(score, (int, float)) and not isinstance(score, bool) else None,
        source=_text(entry, "source"),
        limits=make_limits(entry),
        numbers=list(_read_numbers(entry.get("inputs_used"), inputs)),
        rule=rules.get(rule_id),
    )


def _read_numbers(paths: object, inputs: Mapping[str, Any]) -> Iterable[LessonNumber]:
    for path in paths if isinstance(paths, list) else []:
        if isinstance(path, str) and (value := _look_up(inputs, path)) is not None:
            yield name_number(path.rpartition(".")[2], value)


def _look_up(inputs: Mapping[str, Any], path: str) -> Any:
    found: Any = inputs
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def name_number(name: str, value: Any) -> LessonNumber:
    """Return an input with its name and unit as people say them: `feed_mm_min` is the feed, in mm/min."""
    stem, unit = split_unit(name)
    return LessonNumber(_spell(stem), _show(value), unit, _find_number(value) if unit else None)


def _find_number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _spell(name: str) -> str:
    return re.sub("_+", " ", name).strip()


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return format_number(value)
    return (value if isinstance(value, str) else msgspec.json.encode(value).decode())[:_LONGEST]


def list_inputs(value: Mapping[str, Any]) -> list[LessonNumber]:
    """Return the members of a design or a context, one line each; members of members by their dotted names.

    What a design keeps of a rosette is told in a line, and so is each of its cuts: the record has them whole.
    """
    lines: list[LessonNumber] = []

    def collect(prefix: str, members: Mapping[str, Any]) -> None:
        for name, inner in members.items():
            if isinstance(inner, dict) and inner and prefix.count(".") < _DEEPEST:
                collect(f"{prefix}{name}.", inner)
            elif len(lines) < _MOST_LINES:
                line = name_number(name, inner)
                whole_name = _spell(f"{prefix.replace('.', ' ')} {line.name}")
                lines.append(msgspec.structs.replace(line, name=whole_name))

    collect("", _shorten_rosette(value))
    return lines


def _shorten_rosette(design: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(design)
    if isinstance(rosette := shown.get("rosette"), dict):
        asked = rosette.get("request")
        prompt = asked.get("prompt") if isinstance(asked, dict) else None
        shown["rosette"] = prompt if isinstance(prompt, str) else "as its spec says"
    found = read_design_cuts(design)
    if found is not None:
        del shown[CUTS], shown[WORST_CUT]
        shown |= {cut.name: f"with {cut.tool_id}" for cut in found.cuts}
    return shown


_DEEPEST: Final = 3
_MOST_LINES: Final = 200
"""Lines that a page shows of the inputs; the record has them all."""


def _text(entry: Mapping[str, Any], member: str) -> str:
    value = entry.get(member)
    return value if isinstance(value, str) else ""
