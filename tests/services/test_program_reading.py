"""Programs are read in a process of their own, which can neither hang nor take the service's memory."""

import signal
import subprocess
from typing import Any

import pytest

from rmos.cam.child import measure_bytes
from rmos.cam.measure.setup import ProgramSetup, Stock, ToolShape
from rmos.services.programs import reading
from rmos.services.programs.reading import MeasureRequest, measure_in_child
from tests.helpers.rings import RING

SETUP = ProgramSetup(tools={1: ToolShape(diameter_mm=3.175)}, stock=Stock(thickness_mm=3.0))
REQUEST = MeasureRequest(setup=SETUP)
MIB = 1024 * 1024


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every process that is started to read."""
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(reading.subprocess, "Popen", Watched)
    return started


def test_what_the_process_says_is_what_reading_here_gives(processes: list[subprocess.Popen[bytes]]) -> None:
    reply = measure_in_child(RING.encode(), REQUEST)
    assert reply.failure is None
    assert reply.program == measure_bytes(RING.encode(), REQUEST)
    assert [process.returncode for process in processes] == [0]


def test_a_process_that_takes_too_long_is_killed_and_reaped(processes: list[subprocess.Popen[bytes]]) -> None:
    reply = measure_in_child(RING.encode(), REQUEST, limit_s=0.0)
    assert reply.program is None
    assert reply.failure is not None
    assert (reply.failure.code, reply.failure.level) == ("NOT_MEASURED", "UNKNOWN")
    assert [process.returncode for process in processes] == [-signal.SIGKILL]


def test_what_takes_too_much_memory_is_a_finding_and_no_crash(processes: list[subprocess.Popen[bytes]]) -> None:
    reply = measure_in_child(b" " * (288 * MIB), MeasureRequest(setup=SETUP, memory_bytes=256 * MIB))
    assert reply.failure is not None
    assert "memory" in reply.failure.text
    assert [process.returncode for process in processes] == [reading.OUT_OF_MEMORY]


def test_a_process_that_breaks_down_is_a_finding(
    processes: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reading, "_BOOT", "raise SystemExit(9)")
    reply = measure_in_child(b"", REQUEST)
    assert reply.failure is not None
    assert "tell whoever looks after the server" in reply.failure.text
    monkeypatch.setattr(reading, "_BOOT", "print('no measure')")
    assert measure_in_child(b"", REQUEST).program is None
    monkeypatch.setattr(reading.sys, "executable", "/nowhere/python")
    assert measure_in_child(b"", REQUEST).failure is not None
    assert capfd.readouterr().out == ""


def test_no_more_are_read_at_once_than_there_is_memory_for(processes: list[subprocess.Popen[bytes]]) -> None:
    turns = [reading._turn.acquire(timeout=0) for _ in range(2)]
    try:
        reply = measure_in_child(RING.encode(), REQUEST, limit_s=0.0)
    finally:
        for _ in turns:
            reading._turn.release()
    assert turns == [True, True]
    assert reply.failure is not None
    assert "Other programs" in reply.failure.text
    assert processes == []
    assert measure_in_child(RING.encode(), REQUEST).failure is None


def test_a_command_waits_longer_than_the_service_does(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, float]] = []

    def measure(data: bytes, request: MeasureRequest, *, limit_s: float) -> reading.MeasureReply:
        asked.append((request.cpu_s, limit_s))
        return reading.MeasureReply(None, None)

    monkeypatch.setattr(reading, "measure_in_child", measure)
    reading.measure_patiently(RING.encode(), REQUEST)
    assert asked == [(600, 600.0)]
    assert reading.PATIENT_S > reading.LIMIT_S
