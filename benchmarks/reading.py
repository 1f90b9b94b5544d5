"""Programs: how fast they are read, beside two other readers of the same file, and how much memory a line takes.

All are CPU seconds of one process, so that they can be compared also on a machine that does something else besides.
pygcode is GPL: it is installed for the measure alone, into an environment that is thrown away; without a package index
its figure is left out. LinuxCNC's `rs274` is measured where it is.
"""

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Final

from benchmarks.figures import AtLeast, AtMost, Figure, measured, ratio
from benchmarks.stores import Say
from rmos.cam.gcode.reader import read_program

LINES: Final = 200_000
LINES_PER_S: Final = 150_000.0
BYTES_A_LINE: Final = 120.0
LARGE_MB: Final = 100
LARGE_S: Final = 60.0
TIMES_PYGCODE: Final = 20.0
TIMES_RS274: Final = 1.0
_ROUNDS: Final = 5
_FEW: Final = 4_000
"""Lines that pygcode is given: it reads 5 000 a second."""
_PYGCODE: Final = "pygcode==0.2.1"
_PYGCODE_WORK: Final = """
import json, sys, time
from pygcode import Line, Machine
machine, lines = Machine(), open(sys.argv[1]).read().splitlines()
started = time.process_time()
for text in lines:
    machine.process_block(Line(text).block)
print(json.dumps(len(lines) / (time.process_time() - started)))
"""


def figures(below: Path, say: Say) -> list[Figure]:
    """Measure reading, alone and beside others."""
    say("programs")
    below.mkdir(parents=True, exist_ok=True)
    told = []
    for name, text in (("lines", make_relief(LINES)), ("arcs", make_rings(LINES))):
        told.append(measured(f"program: reading, {name}, CPU", _rates(text), "lines/s", target=AtLeast(LINES_PER_S)))
        told.append(measured(f"program: memory, {name}", [_bytes_a_line(text)], "B/line", target=AtMost(BYTES_A_LINE)))
    told.append(measured(f"program: reading {LARGE_MB} MB, CPU", [_large_s()], "s", target=AtMost(LARGE_S)))
    say("programs: other readers")
    return [*told, *_beside_rs274(below), *_beside_pygcode(below, say)]


def make_relief(lines: int) -> str:
    """Return a program like that of a relief: three of four lines repeat the motion in force."""
    chance = random.Random(lines)
    body = []
    for at in range(lines):
        word = "G1 " if at % 4 == 0 else ""
        x, y, z = chance.uniform(-150, 150), chance.uniform(-150, 150), chance.uniform(-3, 0)
        body.append(f"{word}X{x:.3f} Y{y:.3f} Z{z:.3f}")
    return _with_head(body)


def make_rings(lines: int) -> str:
    """Return a program of half circles, as a rosette's."""
    return _with_head(
        [f"G3 X{(-1) ** at * 47.588:.3f} Y0.000 I{(-1) ** at * 47.588:.3f} J0.000" for at in range(lines)]
    )


def _with_head(body: list[str]) -> str:
    head = ["G21 G90 G17 G94 G91.1", "G0 Z6.000", "M3 S18000", "G4 P3", "G0 X-47.588 Y0.000", "G1 Z-0.750 F600"]
    return "\n".join([*head, *body, "M5", "M30", ""])


def _rates(text: str) -> list[float]:
    data = text.encode()
    samples = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        program = read_program(data)
        samples.append(program.lines / (time.process_time() - started))
        assert not program.findings, program.findings
    return samples


def _bytes_a_line(text: str) -> float:
    """Return the peak of what reading holds, with the bytes of the file, by line."""
    data = text.encode()
    tracemalloc.start()
    lines = read_program(data).lines
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak + len(data)) / lines


def _large_s() -> float:
    """Return the seconds of a file of 100 MB, its lines those of a relief over and over."""
    part = make_relief(LINES)
    head, _, body = part.partition("\nG1 Z-0.750 F600\n")
    lines = body.removesuffix("M5\nM30\n")
    data = f"{head}\nG1 Z-0.750 F600\n{lines * (LARGE_MB * 1_000_000 // len(lines))}M30\n".encode()
    started = time.process_time()
    program = read_program(data)
    taken = time.process_time() - started
    assert not program.findings, program.findings
    return taken


def _beside_rs274(below: Path) -> list[Figure]:
    """Compare with LinuxCNC's interpreter, which also prints what it reads, to nowhere."""
    if shutil.which("rs274") is None:
        return []
    text = make_relief(LINES)
    (below / "relief.ngc").write_text(text)
    (below / "tool.tbl").write_text("T1 P1 D3\n")
    theirs = []
    for _ in range(_ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            ["rs274", "-t", "tool.tbl", "-g", "relief.ngc"],
            cwd=below,
            env={**os.environ, "HOME": str(below)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        theirs.append(text.count("\n") / seconds)
    return [ratio("program: reading / rs274", _rates(text), theirs, target=AtLeast(TIMES_RS274))]


def _beside_pygcode(below: Path, say: Say) -> list[Figure]:
    """Compare with pygcode's Machine, in an environment of its own."""
    folder = below / "pygcode"
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", _PYGCODE]
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
        subprocess.run(install, check=True, capture_output=True, timeout=120)
    except (OSError, subprocess.SubprocessError):
        say("programs: pygcode cannot be installed; its figure is left out")
        return []
    path = below / "few.ngc"
    path.write_text(make_relief(_FEW))
    theirs = []
    for _ in range(_ROUNDS):
        ran = subprocess.run([str(python), "-c", _PYGCODE_WORK, str(path)], check=True, capture_output=True)
        theirs.append(float(json.loads(ran.stdout)))
    ours = _rates(make_relief(LINES))
    return [ratio("program: reading / pygcode", ours, theirs, target=AtLeast(TIMES_PYGCODE))]
