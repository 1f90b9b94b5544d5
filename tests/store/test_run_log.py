"""What the run log says of a run, against what stands in its artifact, read here as JSON and as plainly as can be."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmos import digest, ids
from rmos.log_rows import RunLogCells
from rmos.models import Event
from rmos.store.artifacts import decode_sealed
from rmos.store.folding import fold
from rmos.store.outcomes import list_counting
from rmos.store.run_log import dump_run_log, make_run_log_cells, read_run_log
from tests.earlier_system import make_earlier_store
from tests.makers import ANNA, US, make_decision, make_members, open_store
from tests.store.writing import add, put
from tests.trying import tries

RUN: Final = ids.new_run_id(US)
NOTHING: Final = RunLogCells(feasibility_sha256="", override_applied=False)
NUMBERS: Final = st.one_of(
    st.integers(-9, 9999), st.floats(-9, 9999, allow_nan=False), st.sampled_from((2**53, 1e300, -0.0))
)
JUNK: Final = st.sampled_from((None, True, "3.175", "", [], {}, [1], {"a": 1}))
TEXTS: Final = st.sampled_from(("channel", "=1+1", "Ébène, groß", "x" * 300, ""))


def drop_absent(members: Any) -> Any:
    if not isinstance(members, dict):
        return members
    return {name: drop_absent(value) for name, value in members.items() if value != "absent"}


def choose(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, JUNK, st.just("absent"))


DESIGNS: Final = st.fixed_dictionaries(
    {
        name: choose(values)
        for name, values in {
            **dict.fromkeys(("axial_depth_mm", "radial_engagement_mm", "total_depth_mm", "axial_depth"), NUMBERS),
            **dict.fromkeys(("radial_engagement", "total_depth", "loop_count"), NUMBERS),
            **dict.fromkeys(("operation", "strategy"), TEXTS),
        }.items()
    }
).map(drop_absent)
TOOLS: Final = st.fixed_dictionaries({"diameter_mm": choose(NUMBERS), "diameter": choose(NUMBERS)}).map(drop_absent)
CONTEXTS: Final = st.fixed_dictionaries({"tool": choose(TOOLS), "units": choose(st.sampled_from(("mm", "inch")))}).map(
    drop_absent
)
DECIMALS: Final = st.integers(0, 10**6).map(lambda number: str(number / 1000))
CORNERS: Final = st.lists(DECIMALS, min_size=3, max_size=3)
PROGRAMS: Final = st.fixed_dictionaries(
    {
        "lines": choose(st.integers(0, 999)),
        "box_mm": choose(
            st.fixed_dictionaries({"cutting": choose(st.fixed_dictionaries({"min": CORNERS, "max": CORNERS}))})
        ),
        "estimate_s": choose(st.fixed_dictionaries({"planned": choose(DECIMALS), "feed_only": choose(DECIMALS)})),
        "findings": choose(st.just([{"code": "RAPID_IN_STOCK"}])),
    }
).map(drop_absent)
LINES: Final = st.sampled_from(
    ("HEAT: too hot", "RAPID_IN_STOCK: line 3: fast", "NOT_COVERED: deeper", "Nothing named.")
)
FILES: Final = st.sampled_from(("gcode_input", "gcode", "measured", "toolpaths", "svg_variant"))


@st.composite
def artifacts(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the members of an artifact: of one cut or of several programs, with what other hands may have put there."""
    programs = draw(st.lists(PROGRAMS, max_size=2))
    details: dict[str, Any] = {"checks": {"HEAT": "RED"}} | ({"cover": {}} if draw(st.booleans()) else {})
    details |= {"program": programs[0]} if len(programs) == 1 else {"programs": programs} if programs else {}
    members = make_members(
        US,
        RUN,
        design=draw(DESIGNS),
        context=draw(CONTEXTS),
        decision=make_decision(
            risk_level=draw(st.sampled_from(("GREEN", "RED"))),
            block_reason=draw(st.one_of(st.none(), LINES)),
            warnings=draw(st.lists(LINES, max_size=3)),
            details=details,
        ),
        outputs=draw(st.sampled_from(({}, {"gcode_text": "G21\nM2\n"}, {"gcode_text": 5}, {"programs": []}, []))),
        attachments=[
            {"sha256": "a" * 64, "kind": kind, "filename": draw(st.one_of(st.none(), TEXTS))}
            for kind in draw(st.lists(FILES, max_size=3))
        ],
    )
    members["hashes"] |= {"gcode_sha256": "b" * 64} if draw(st.booleans()) else {}
    return members


EVENTS: Final = st.lists(
    st.sampled_from(
        (
            ("override", {"scope": "RED", "effective": True, "expires_at_utc": None}),
            ("override", {"scope": "RED", "effective": False, "expires_at_utc": None}),
            ("released", {"pack_sha256": "c" * 64}),
            ("outcome", {"ended": "completed", "part": "good", "outcome": "done", "measured_s": 12.5, "quantity": 2}),
            ("outcome", {"ended": "failed", "part": "scrap", "outcome": "scrapped", "corrects": 1}),
            ("outcome", {"ended": "nothing that there is"}),
        )
    ),
    max_size=4,
)


def make_event(number: int, kind: str, data: dict[str, Any]) -> Event:
    at_utc = ids.utc_text(US + number)
    made = {"schema": "rmos.event/1", "event_id": f"evt_{number:032x}", "number": number, "kind": kind}
    return Event(
        **made,
        record_id=RUN,
        previous_sha256=None,
        created_at_utc=at_utc,
        actor=f"by_{number}",
        role="operator",
        data=data,
    )


def is_number(value: object) -> bool:
    return type(value) in (int, float) and abs(value) < 2**53  # type: ignore[arg-type]


def expect(run: dict[str, Any], events: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Say what the log says of a run: the members of its artifact, and what its events come to."""
    design, context = run["inputs"]["design"], run["inputs"]["context"]
    tool = context.get("tool")
    is_sound = isinstance(tool, dict) or tool is None
    tool, inch = (tool or {}) if is_sound else {}, is_sound and context.get("units") == "inch"
    unit = "" if inch else "_mm"

    def length(members: dict[str, Any], name: str) -> float | None:
        value = members.get(f"{name}{unit}")
        return None if not is_number(value) else float(f"{value * 25.4:.12g}") if inch else value

    diameter, engaged, depth = (
        length(tool, "diameter"),
        length(design, "radial_engagement"),
        length(design, "total_depth"),
    )
    words = [design[name] for name in ("strategy", "operation") if isinstance(design.get(name), str) and design[name]]
    decision = run["decision"]
    details = decision["details"]
    programs = details.get("programs") or ([details["program"]] if "program" in details else [])
    codes = {"HEAT"} | ({"NOT_COVERED"} if "cover" in details else set())
    codes |= {"RAPID_IN_STOCK"} if any(program.get("findings") for program in programs) else set()
    said = [line.split(": ")[0] for line in (decision["block_reason"], *decision["warnings"]) if line]
    inline = isinstance(run["outputs"], dict) and isinstance(run["outputs"].get("gcode_text"), str)
    lines = [program.get("lines") for program in programs] or ([3] if inline else [])
    lines = [line if type(line) is int else None for line in lines]
    times = [program.get("estimate_s") for program in programs]
    times = [expect_time(time) if isinstance(time, dict) else None for time in times]
    kinds = [file["kind"] for file in run["attachments"]]
    sent = [file["filename"] for file in run["attachments"] if file["kind"] in ("gcode", "gcode_input")]
    box = expect_box([program.get("box_mm") for program in programs])
    loops = design.get("loop_count")
    return {
        "feasibility_sha256": run["hashes"]["feasibility_sha256"],
        "gcode_sha256": run["hashes"].get("gcode_sha256"),
        "rules_triggered": tuple(dict.fromkeys(name for name in said if name in codes)),
        "input_filename": sent[0][:200] or None if sent and sent[0] and "toolpaths" not in kinds else None,
        "loop_count": loops if type(loops) is int and is_number(loops) and loops >= 0 else None,
        "bbox_width_mm": box[0],
        "bbox_height_mm": box[1],
        "tool_d_mm": diameter,
        "stepover": float(f"{engaged / diameter:.12g}") if diameter and engaged is not None else None,
        "stepdown_mm": length(design, "axial_depth"),
        "z_rough_mm": None if depth is None else 0 - depth,
        "strategy": words[0][:200] if words else None,
        "gcode_lines": sum(lines) if lines and None not in lines else None,
        "gcode_inline": inline if inline or programs or "gcode_sha256" in run["hashes"] else None,
        "estimate_s": sum(times) if times and None not in times else None,
        **expect_events(events, decision["risk_level"]),
    }


def expect_time(estimate: dict[str, Any]) -> float | None:
    known = [estimate.get(name) for name in ("planned", "feed_only")]
    return next((float(text) for text in known if isinstance(text, str) and text), None)


def expect_box(boxes: list[Any]) -> tuple[float | None, float | None]:
    cut = [box.get("cutting") if isinstance(box, dict) else None for box in boxes]
    if not cut or not all(isinstance(box, dict) and "min" in box for box in cut):
        return None, None
    ends = [
        max(float(box["max"][axis]) for box in cut) - min(float(box["min"][axis]) for box in cut) for axis in (0, 1)
    ]
    return float(f"{ends[0]:.12g}"), float(f"{ends[1]:.12g}")


def expect_events(events: list[tuple[str, dict[str, Any]]], risk: str) -> dict[str, Any]:
    numbered = [(number, kind, data) for number, (kind, data) in enumerate(events, 1)]
    jobs = [(number, data) for number, kind, data in numbered if kind == "outcome" and "part" in data]
    corrected = {1} if any(number > 1 and data.get("corrects") == 1 for number, data in jobs) else set()
    jobs = [(number, data) for number, data in jobs if number not in corrected]
    taken = next((number for number, kind, _ in numbered if kind == "released"), None)
    last: tuple[int, dict[str, Any]] = jobs[-1] if jobs else (0, {})
    return {
        "override_applied": any(kind == "override" and data["effective"] for _, kind, data in numbered),
        "ended": last[1].get("ended"),
        "part": last[1].get("part"),
        "measured_s": last[1].get("measured_s"),
        "operator": f"by_{last[0]}" if jobs else None if taken is None else f"by_{taken}",
        "released_at_utc": None if taken is None else ids.utc_text(US + taken),
        "released_by": None if taken is None else f"by_{taken}",
        "good_parts": sum(data.get("quantity", 1) for _, data in jobs if data["part"] == "good"),
        "scrap_parts": sum(data.get("quantity", 1) for _, data in jobs if data["part"] == "scrap"),
    }


@settings(max_examples=tries(150))
@given(members=artifacts(), happened=EVENTS)
def test_the_log_says_what_the_artifact_and_its_events_say(
    members: dict[str, Any], happened: list[tuple[str, dict[str, Any]]]
) -> None:
    data = digest.encode_record(members)
    artifact = decode_sealed(data, RUN, ids.partition_of(US))
    view = fold(artifact, [make_event(number, *event) for number, event in enumerate(happened, 1)])
    jobs = list_counting(view.outcomes)
    cells = make_run_log_cells(view, jobs)
    expected = expect(json.loads(data), happened)
    assert {name: getattr(cells, name) for name in cells.__struct_fields__} == expected
    assert read_run_log(dump_run_log(view, jobs)) == cells


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ({"filename": "body.dxf", "loop_count": 3}, {"input_filename": "body.dxf", "loop_count": 3}),
        (
            {"geometry": {"filename": "a.dxf"}, "bbox": [-10, 0, 30.5, 20]},
            {"input_filename": "a.dxf", "bbox_width_mm": 40.5, "bbox_height_mm": 20},
        ),
        ({"bounds": {"x_min": 0, "y_min": 5, "x_max": 7, "y_max": 1}}, {"bbox_width_mm": 7, "bbox_height_mm": 4}),
        (
            {"cam": {"tool_d_mm": 6, "stepover": 0.45, "stepdown_mm": 1.5, "z_rough": -3, "strategy": "Spiral"}},
            {"tool_d_mm": 6, "stepover": 0.45, "stepdown_mm": 1.5, "z_rough_mm": -3, "strategy": "Spiral"},
        ),
        (
            {"cam_params": {"tool_diameter_mm": 3, "woc": 0.3, "depth_of_cut": 2, "toolpath_strategy": "Lanes"}},
            {"tool_d_mm": 3, "stepover": 0.3, "stepdown_mm": 2, "strategy": "Lanes"},
        ),
        ({"cam": "none", "bbox": [1, 2], "filename": 5, "loop_count": "3", "geometry": []}, {}),
    ],
)
def test_of_a_legacy_run_the_summary_of_its_request_says_it(summary: dict[str, Any], expected: dict[str, Any]) -> None:
    members = make_members(US, RUN, inputs=None, request_summary=summary)
    view = fold(decode_sealed(digest.encode_record(members), RUN, ids.partition_of(US)), [])
    cells = make_run_log_cells(view, [])
    for name in (
        "input_filename",
        "loop_count",
        "bbox_width_mm",
        "bbox_height_mm",
        "tool_d_mm",
        "stepover",
        "stepdown_mm",
        "z_rough_mm",
        "strategy",
    ):
        assert getattr(cells, name) == expected.get(name), name


def test_a_rebuild_finds_the_same_cells(tmp_path: Path) -> None:
    make_earlier_store(tmp_path, runs=20)
    store = open_store(tmp_path)
    run_id = put(store, design={"operation": "channel", "total_depth_mm": 1.5})
    add(store, run_id, "released", pack_sha256="c" * 64)
    add(store, run_id, "outcome", ended="completed", part="good", outcome="done")

    def read_cells() -> dict[str, RunLogCells | None]:
        rows = [row for day in store.index.runs.partitions() for row, holds in store.index.runs.rows(day) if holds]
        return {row.run_id: read_run_log(row.run_log) for row in rows if row.state == "live"}

    before = read_cells()
    store.reconcile(full=True)
    assert read_cells() == before
    cells = before[run_id]
    assert cells is not None
    assert (cells.z_rough_mm, cells.part, cells.operator, cells.released_by) == (-1.5, "good", ANNA.name, ANNA.name)
    store.index.close()
