"""The folded fields of the form of an outcome: tools, times, photos.

    rows = list_tool_rows(known, form)                   # what the form shows, one row more than there are tools
    read_tools(form, known)                              # as the HTTP interface takes it; [] where nothing was said
    list_photos(view)

The tools of the run stand in the form already. As long as nobody says more of them nothing is sent, and the server
goes by the program, as it does for three taps.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from rmos.errors.request import ValidationFailed
from rmos.models import RunView
from rmos.store.tool_work import read_extent
from rmos.web.form import read_decimal_field

MOST_TOOLS: Final = 8
TOOL_FIELDS: Final = tuple(
    f"{name}_{place}" for place in range(1, MOST_TOOLS + 1) for name in ("tool", "serial", "tool_minutes", "broke")
)
TIME_FIELDS: Final = ("started_at_utc", "ended_at_utc")
_MINUTE: Final = len("2025-12-23T10:05")


class ToolRow(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as the form shows it."""

    place: int
    tool_id: str
    serial: str
    minutes: str
    broke: bool


class PhotoChoice(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment of the run that may be a photo of what became of it."""

    sha256: str
    name: str
    is_chosen: bool


def list_known_tools(view: RunView) -> list[str]:
    """Return the tools of a run's programs, else that of the run."""
    run = view.artifact
    named = [use.tool_id for use in read_extent(run.decision.list_programs()).uses] or [run.tool_id]
    return list(dict.fromkeys(named))[: MOST_TOOLS - 1]


def list_tool_rows(known: Sequence[str], form: Mapping[str, str]) -> list[ToolRow]:
    """Return the rows of tools: of a form that was refused as they were sent, else the known ones, and an empty one."""
    sent = any(name in form for name in TOOL_FIELDS)
    last = max((place for place in range(1, MOST_TOOLS + 1) if f"tool_{place}" in form), default=0)
    count = min(max(last, len(known)) + 1, MOST_TOOLS)
    return [
        ToolRow(
            place=place,
            tool_id=form.get(f"tool_{place}", "") if sent else dict(enumerate(known, 1)).get(place, ""),
            serial=form.get(f"serial_{place}", ""),
            minutes=form.get(f"tool_minutes_{place}", ""),
            broke=f"broke_{place}" in form,
        )
        for place in range(1, count + 1)
    ]


def read_tools(form: Mapping[str, str], known: Sequence[str]) -> list[dict[str, Any]]:
    """Return the tools that a form names; none where it says no more of them than the page did.

    Raises:
        ValidationFailed: minutes are no number, or something is said of a tool that is not named.
    """
    wrong: dict[str, list[str]] = {}
    found: list[dict[str, Any]] = []
    for place in range(1, MOST_TOOLS + 1):
        tool_id, serial = form.get(f"tool_{place}"), form.get(f"serial_{place}")
        minutes, broke = form.get(f"tool_minutes_{place}"), f"broke_{place}" in form
        if tool_id is None:
            if serial or minutes or broke:
                wrong[f"tool_{place}"] = ["Name the tool."]
            continue
        tool: dict[str, Any] = {"tool_id": tool_id}
        if serial is not None:
            tool["serial"] = serial
        if minutes is not None:
            tool["minutes"] = read_decimal_field(minutes)
            if tool["minutes"] is None:
                wrong[f"tool_minutes_{place}"] = ["Must be a number of minutes."]
        if broke:
            tool["broke"] = True
        found.append(tool)
    if wrong:
        raise ValidationFailed.of_request(wrong)
    return [] if found == [{"tool_id": tool_id} for tool_id in known] else found


def read_times(form: Mapping[str, str]) -> dict[str, str]:
    """Return the times of a form as RFC 3339; a browser sends a moment without offset, mostly without seconds."""
    times = {name: form[name] for name in TIME_FIELDS if name in form}
    return {name: f"{text}:00Z" if len(text) == _MINUTE else f"{text}Z" for name, text in times.items()}


def list_photos(view: RunView, chosen: Sequence[str] = ()) -> list[PhotoChoice]:
    """Return the attachments of a run that may be photos, each once."""
    found: dict[str, PhotoChoice] = {}
    for attachment in view.attachments:
        sha256, mime = attachment.get("sha256"), attachment.get("mime")
        is_photo = attachment.get("kind") == "photo" or (isinstance(mime, str) and mime.startswith("image/"))
        if isinstance(sha256, str) and is_photo:
            name = attachment.get("filename")
            shown = name if isinstance(name, str) else sha256[:12]
            found.setdefault(sha256, PhotoChoice(sha256=sha256, name=shown, is_chosen=sha256 in chosen))
    return list(found.values())
