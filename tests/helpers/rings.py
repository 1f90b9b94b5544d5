"""A session whose ring was approved, and the program that cuts it."""

from pathlib import Path
from typing import Any, Final

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

RING: Final = (Path(__file__).parents[1] / "data" / "gcode" / "ring.nc").read_text(encoding="ascii")
"""A ring from 46 to 53 mm, 1.5 mm deep, in two passes with a cutter of 3.175 mm."""


def make_slot(*, rpm: int, feed: int, plunge: int, depths: tuple[float, ...]) -> str:
    """Return the program of a straight slot of 40 mm, one pass to each depth (mm)."""
    cuts = [f"G1 Z-{depth:g} F{plunge}\nG1 X{40 * ((number + 1) % 2)} F{feed}" for number, depth in enumerate(depths)]
    head = ["G21 G90 G17 G94", f"M3 S{rpm}", "G4 P3", "G0 Z6", "G0 X0 Y0"]
    return "\n".join([*head, *cuts, "G0 Z6", "M5", "M30", ""])


SLOT: Final = make_slot(rpm=16000, feed=2600, plunge=900, depths=(0.75, 1.5))
"""What cuts `SLOT_CUT`."""
SLOT_CUT: dict[str, Any] = {
    "operation": "channel",
    "feed_mm_min": 2600,
    "plunge_feed_mm_min": 900,
    "spindle_rpm": 16000,
    "axial_depth_mm": 0.8,
    "radial_engagement_mm": 3.175,
    "total_depth_mm": 1.5,
    "feature_width_mm": 6.0,
    "floor_thickness_mm": 1.5,
}
"""What `SLOT` cuts, GREEN: the design of `tests.api.conftest.make_body`."""
NONSENSE: Final = "M5\nG0 Z-50\nG1 X400 F20000\n"
RING_DESIGN: Final[dict[str, Any]] = {
    "operation": "channel",
    "feed_mm_min": 1800.0,
    "plunge_feed_mm_min": 600.0,
    "spindle_rpm": 18000.0,
    "axial_depth_mm": 0.75,
    "total_depth_mm": 1.5,
    "feature_width_mm": 7.0,
    "floor_thickness_mm": 1.5,
}
RING_CONTEXT: Final[dict[str, Any]] = {"material_id": "sitka_spruce", "stock": {"thickness_mm": 3.0}}
ASK: Final = {"mode": "router", "tool_id": "em-3175-2f"}
SESSIONS: Final = "/api/workflow-sessions"


class Desk:
    """A session over HTTP."""

    def __init__(self, client: FlaskClient, **fields: Any) -> None:
        made = client.post(SESSIONS, json=fields)
        assert made.status_code == 201, made.json
        self._client = client
        self.session_id = made.json["session_id"]

    def act(self, action: str, body: dict[str, Any] | None = None) -> TestResponse:
        """Take an action."""
        return self._client.post(f"{SESSIONS}/{self.session_id}/actions/{action}", json=body or {})

    def done(self, action: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Take an action that must succeed."""
        response = self.act(action, body)
        assert response.status_code == 200, response.json
        answer: dict[str, Any] = response.json
        return answer

    def state(self) -> str:
        """Return where it stands."""
        return str(self._client.get(f"{SESSIONS}/{self.session_id}").json["state"])


def approve_ring(client: FlaskClient, **design: Any) -> Desk:
    """Return a session that waits for the toolpaths of the ring."""
    desk = Desk(client, design={**RING_DESIGN, **design}, context=RING_CONTEXT)
    desk.done("request_feasibility", ASK)
    desk.done("approve")
    desk.done("request_toolpaths")
    return desk
