"""Files that were made to harm: a clear answer, never a 5xx, never GREEN beside what nobody knows."""

import io
import json
import random
from typing import Final

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from rmos.cam.child import measure_bytes
from rmos.cam.cover import ProgramColour
from rmos.engines.registry import Registry
from rmos.services.programs.checking import CheckedProgram, ProgramRequest, check_program
from rmos.services.programs.reading import MeasureReply, MeasureRequest
from tests.helpers.rings import RING
from tests.trying import tries_at_night

PROGRAMS = "/api/rmos/programs"
ENGINES: Final = Registry()
CONTEXT: Final = {
    "tool": dict(ENGINES.shop.tools["em-3175-2f"]),
    "material": {"id": "sitka_spruce"},
    "stock": {"thickness_mm": 3.0},
}
HEAD = "G21 G90\nM3 S18000\nG4 P3\nG0 Z6\n"
HOSTILE: Final = {
    "binary": bytes(range(256)) * 40,
    "UTF-16": RING.encode("utf-16"),
    "NUL": RING.replace("G1", "G\x001").encode(),
    "PNG": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    "gzip": b"\x1f\x8b" + b"\1" * 100,
    "one line": b"G1 X1 " * 60_000,
    "one comment": b"(" + b"a" * 400_000,
    "recursion": (HEAD + "O100\nM98 P100\nM99\nM98 P100\nM30\n").encode(),
    "calls": (HEAD + "M98 P100 L999999999\nM30\nO100\nG91 G1 X1 F600\nM99\n").encode(),
    "repeats": (HEAD + "G91 G81 X1 Z-1 R-1 F100 L1000000000\nM30\n").encode(),
    "turns": (HEAD + "G0 X5\nG3 X5 Y0 I-5 P1000000000 F600\nM30\n").encode(),
    "far": (HEAD + "G1 X1e308 Y-1e308 Z-1 F600\nM30\n").encode(),
    "digits": (HEAD + f"G1 X{'9' * 5000} F600\nM30\n").encode(),
    "fast": (HEAD + "G1 X9 Z-1 F1e308\nM30\n").encode(),
    "infinite": (HEAD + "G1 Xinf Znan F600\nM30\n").encode(),
    "still": (HEAD + "G1 Z-1 F0\nM30\n").encode(),
    "backwards": (HEAD + "G1 Z-1 F-600\nM3 S-18000\nM30\n").encode(),
    "tools": (HEAD + "T2147483648 M6\nM3 S9000\nG1 Z-1 F600\nM30\n").encode(),
    "lines": (HEAD + "N99999999999999999999 G1 Z-1 F600\nM30\n").encode(),
    "percent": b"%" * 100_000,
    "slashes": b"/" * 100_000,
    "ends": b"\r" * 100_000,
    "surrogates": b"\xed\xa0\x80G1 X1\n",
    "script": b"<script>alert(1)</script>\nG1 X1 F1\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_answered_and_is_not_green(client: FlaskClient, name: str) -> None:
    form = {
        "tools": '{"1": "em-3175-2f"}',
        "material_id": "sitka_spruce",
        "stock": '{"thickness_mm": 3}',
        "file": (io.BytesIO(HOSTILE[name]), "evil.nc"),
    }
    answer = client.post(PROGRAMS, data=form)
    assert answer.status_code in (201, 422), answer.json
    if answer.status_code == 201:
        assert answer.json["risk_level"] != "GREEN"
        assert answer.json["findings"]
        assert all(item["text"].isprintable() for item in answer.json["findings"])
        json.dumps(answer.json, allow_nan=False)


def check(data: bytes) -> CheckedProgram:
    """Return what comes of a program, read in this process."""
    asked = ProgramRequest(context=CONTEXT, tool_id="em-3175-2f", machine_id="light_desktop")

    def measure(content: bytes, request: MeasureRequest) -> MeasureReply:
        return MeasureReply(measure_bytes(content, request), None)

    return check_program(
        ENGINES.shop,
        data,
        asked,
        lambda design, context: ENGINES.baseline_v2.compute(spec=design, ctx=context, request_id="r"),
        measure=measure,
    )


def is_honest(checked: CheckedProgram) -> bool:
    """Tell whether the whole is no better than each of its parts."""
    order: tuple[ProgramColour, ...] = ("GREEN", "YELLOW", "UNKNOWN", "RED", "ERROR")
    parts = [item.level for item in checked.findings if item.level != "NOTE"] + [item.colour for item in checked.cuts]
    return all(order.index(checked.colour) >= order.index(part) for part in parts) and (
        bool(checked.cuts) or checked.colour != "GREEN"
    )


WORDS = st.sampled_from(
    [
        *("G0", "G1", "G2", "G3", "G4", "G17", "G18", "G20", "G21", "G28", "G53", "G80", "G81", "G90", "G91"),
        *("G93", "G94", "M3", "M5", "M6", "M30", "M98", "M99", "T1", "T2", "S18000", "F600", "F1800", "P1", "L2"),
        *("(a)", "%", "O1", "#1"),
    ]
)
AXES = st.builds("{}{}".format, st.sampled_from("XYZIJKR"), st.integers(-40, 40).map(lambda number: number / 8))


@given(st.lists(st.lists(st.one_of(WORDS, AXES), max_size=5).map(" ".join), max_size=12).map("\n".join))
def test_no_program_is_better_than_its_findings_and_its_cuts(text: str) -> None:
    assert is_honest(check((HEAD + text).encode()))


@pytest.mark.long
@pytest.mark.timeout(1200)  # one of them takes half a minute on a slow machine
@pytest.mark.parametrize("seed", range(40))
def test_no_damaged_program_is_better_than_its_findings_and_its_cuts(seed: int) -> None:
    generator = random.Random(seed)
    for _ in range(tries_at_night(25, 4)):
        data = bytearray(RING.encode())
        for _ in range(generator.randint(1, 6)):
            at = generator.randrange(len(data))
            data[at : at + generator.randint(0, 4)] = generator.randbytes(generator.randint(0, 4))
        assert is_honest(check(bytes(data)))
