"""A rosette that is cut in seconds, and a session that waits for its toolpaths."""

from typing import Any, Final

from flask.testing import FlaskClient

from tests.helpers.rings import Desk

SMALL: Final[dict[str, Any]] = {
    "soundhole_diameter_mm": 20,
    "edge_gap_mm": 3,
    "channel_depth_mm": 1.1,
    "top_thickness_mm": 2.3,
    "rings": [{"kind": "band", "width_mm": 4.2, "materials": ["koa"]}],
}
HELD: Final = {"pressure_kpa": 60, "area_mm2": 20_000, "friction": 0.4}


def record_small(client: FlaskClient, **members: Any) -> str:
    """Record the rosette and return its run."""
    asked = {"spec": SMALL, "machine": "light_desktop", "cut_soundhole": True, **members}
    made = client.post("/api/rmos/rosettes", json=asked)
    assert made.status_code == 201, made.json
    return str(made.json["run_id"])


def approve_small(client: FlaskClient, context: dict[str, Any] | None = None, **members: Any) -> Desk:
    """Return a session that waits for the toolpaths of the rosette."""
    desk = Desk(client)
    taken = desk.done("set_design", {"from_run_id": record_small(client, **members)})
    desk.done("set_context", {"context": {**taken["context"], "hold_down": HELD, **(context or {})}})
    assert desk.done("request_feasibility", {"mode": "art_studio"})["state"] == "feasibility_ready"
    desk.done("approve")
    desk.done("request_toolpaths")
    return desk
