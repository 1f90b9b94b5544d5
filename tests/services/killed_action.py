"""Approve a session and be killed the moment the run is durable: `killed_action.py FOLDER SESSION_ID ACTION`."""

import os
import signal
import sys
from pathlib import Path

from rmos import ids
from rmos.engines.registry import Registry
from rmos.models import Actor
from rmos.services.action_inputs import ActionRequest
from rmos.services.actions import perform_action
from rmos.services.gates import GatePolicy
from rmos.workflow import ACTIONS
from tests.helpers.rings import SLOT
from tests.makers import open_store

SAID = {
    "request_feasibility": {"mode": "router", "tool_id": "em-3175-2f"},
    "store_toolpaths": {"outputs": {"gcode_text": SLOT}},
    "reject": {"reason": "Because."},
}


def main() -> None:
    """Act, and end by SIGKILL between the run and the event that would name it."""
    folder, session_id, wanted = sys.argv[1:]
    store = open_store(Path(folder))
    store.runs.on_put = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    action = next(name for name in ACTIONS if name == wanted)
    request = ActionRequest(session_id=session_id, action=action, fields=SAID.get(action, {}))
    rules = GatePolicy(engine_timeout_ms=2000, allow_red_override=False)
    perform_action(store, Registry(), request, rules, actor=Actor(name="anna", role="operator"), us=ids.now_us())


if __name__ == "__main__":
    main()
