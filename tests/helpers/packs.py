"""Packs for tests: a run that may be taken to a machine, and what is in the zip.

quicken(monkeypatch)                     # programs are measured in this process
run_id = store_ring(client)
open_pack(client.get(pack_url(run_id)).data)["record.json"]
"""

import io
import zipfile
from functools import lru_cache
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient

from rmos.cam.child import measure_bytes
from rmos.cam.process import MeasuredProgram, MeasureRequest
from rmos.services.programs import reading
from tests.helpers.rings import SLOT, SLOT_CUT, Desk

SLOT_CONTEXT: dict[str, Any] = {"material_id": "sitka_spruce", "stock": {"thickness_mm": 3.0}}
ASK = {"mode": "router", "tool_id": "em-3175-2f"}


def quicken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure programs in this process, through the same bytes: a process of its own takes 0.3 s."""
    monkeypatch.setattr(reading, "_run_child", lambda question, limit_s: _read_measured(_measure(question)))


def _read_measured(answer: bytes) -> reading.MeasureReply:
    return reading.MeasureReply(msgspec.json.decode(answer, type=MeasuredProgram), None)


@lru_cache(maxsize=100)
def _measure(question: bytes) -> bytes:
    """Return the answer of the process, which is the same for the same bytes; most tests send the same ring."""
    line, _, data = question.partition(b"\n")
    return msgspec.json.encode(measure_bytes(data, msgspec.json.decode(line, type=MeasureRequest)))


def approve_slot(client: FlaskClient, *, design: dict[str, Any] | None = None, **fields: Any) -> Desk:
    """Return a session that waits for the toolpaths of a slot."""
    context = {**SLOT_CONTEXT, **fields.pop("context", {})}
    desk = Desk(client, design={**SLOT_CUT, **(design or {})}, context=context, **fields)
    desk.done("request_feasibility", ASK)
    desk.done("approve", {"reason": "Looked at twice."})
    desk.done("request_toolpaths")
    return desk


def store_slot(client: FlaskClient, **fields: Any) -> str:
    """Return the run of a slot that may be taken to a machine."""
    stored = approve_slot(client, **fields).done("store_toolpaths", {"outputs": {"gcode_text": SLOT}})
    return str(stored["run_id"])


def pack_url(run_id: str) -> str:
    """Return the address of a run's pack."""
    return f"/api/rmos/runs/{run_id}/operator-pack"


def open_pack(data: bytes) -> dict[str, bytes]:
    """Return the members of a pack by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
