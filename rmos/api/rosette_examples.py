"""The example of a rosette in the document: what is sent, and what comes of it (the drawing is shown cut)."""

from typing import Any, Final

from rmos.http.openapi_components import RUN_ID

ASKED: Final[dict[str, Any]] = {"prompt": "solid koa ring, 4 mm wide", "seed": 7, "tool": "em-3175-2f"}
_SHA256: Final = "96cc4bfe4b0c1a2d3e4f5061728394a5b6c7d8e9f00112233445566778899aab"
ROSETTE: Final[dict[str, Any]] = {
    "run_id": RUN_ID,
    "run_status": "OK",
    "risk_level": "YELLOW",
    "score": 73.1,
    "block_reason": None,
    "warnings": ["HOLD_DOWN: not judged: context.hold_down.pressure_kpa is missing or cannot be used"],
    "operations": [
        {
            "operation": "channel",
            "ring": None,
            "tool_id": "em-3175-2f",
            "design": {"operation": "channel", "feature_width_mm": 4, "total_depth_mm": 1.1},
            "risk_level": "GREEN",
            "score": 96.8,
            "reason": None,
        }
    ],
    "title": "Rosette: solid koa",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg" width="118mm" height="127mm" viewBox="-59 -59 118 127"></svg>\n',
    "variant_sha256": _SHA256,
    "variant_seed": 7,
    "seed_source": "given",
    "attachment": {
        "sha256": _SHA256,
        "kind": "svg_variant",
        "mime": "image/svg+xml",
        "filename": "rosette_96cc4bfe.svg",
        "size_bytes": 9180,
        "created_at_utc": "2025-12-23T10:30:00.123456Z",
    },
    "spec": {
        "schema": "rmos.rosette/1",
        "instrument": "classical",
        "soundhole_diameter_mm": 86,
        "edge_gap_mm": 3,
        "channel_depth_mm": 1.1,
        "top_thickness_mm": 2.3,
        "top": "spruce",
        "rings": [{"kind": "solid", "width_mm": 4, "materials": ["koa"]}],
        "seed": 7,
    },
    "assumptions": ["instrument: classical (none was named)"],
    "unrecognized": [],
    "changed": [],
    "bom": [
        {
            "ring": 1,
            "what": "board",
            "material": "koa",
            "count": 1,
            "length_mm": 106,
            "width_mm": 106,
            "height_mm": 1.4,
            "used": 0.107,
            "note": "a square board, or joined quarters",
        }
    ],
    "feasibility": {"engine_id": "baseline_v1", "engine_version": "1.0.0", "status": "YELLOW", "overall_score": 73.1},
    "feasibility_sha256": "ae4aa9d5ae9b721021e9afda12f4478bcfc33b7fdb88ac22730f9d73c3b40848",
    "indexed": True,
}
