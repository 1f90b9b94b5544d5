"""The gate that drawings pass: megabytes a second of CPU time on several kinds of drawings, and its memory.

Small tags are the hardest: expat calls Python for each, so beside each figure stands what expat reaches when it calls
functions that do nothing.
"""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from pyexpat import ParserCreate
from typing import Final

from benchmarks.failures import CannotMeasure
from benchmarks.figures import AtLeast, AtMost, Figure, measured
from benchmarks.servers import ROOT
from benchmarks.stores import Say
from rmos.svg import validate_svg

SIZE: Final = 3_000_000
LARGE: Final = 30_000_000
"""Bytes of the drawing whose judging is weighed: nearly the largest that is judged."""
SPEED: Final = 20.0
MEMORY: Final = 50.0
_HEAD: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape">'
)
_TAIL: Final = "</svg>"
_KINDS: Final = {
    "tags without attributes": "<tspan>a</tspan>",
    "tspans": '<tspan x="{0:.3f}" y="{1:.3f}">a</tspan>',
    "circles": '<circle cx="{0:.3f}" cy="{1:.3f}" r="1.5" fill="#aa3300"/>',
    "paths as Inkscape writes them": (
        '<path style="fill:none;stroke:#000000;stroke-width:0.26458332px" d="M {0:.3f},{1:.3f} C {1:.3f},{0:.3f} 4,5 '
        '6.25,{0:.3f}" id="path{2}" inkscape:connector-curvature="0"/>'
    ),
    "references": '<use xlink:href="#m1" x="{0:.3f}" y="{1:.3f}" style="fill: url(#g{2}); stroke: #1f77b4"/>',
    "long paths": '<path d="M {0:.3f} {1:.3f}' + " L 1.25 2.5" * 500 + '"/>',
}
_WEIGH: Final = """
import sys
from pathlib import Path
from rmos.svg import validate_svg
def peak_kib():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
data = Path(sys.argv[1]).read_bytes()
validate_svg(data[:10_000])
before = peak_kib()
validate_svg(data)
print((peak_kib() - before) / 1024)
"""
"""Not by getrusage, which counts also what the parent had before the exec."""


def figures(below: Path, *, rounds: int, say: Say) -> list[Figure]:
    """Measure each kind of drawing."""
    told, grown = [], []
    for kind, tag in _KINDS.items():
        say(f"the gate: {kind}")
        data = _drawing(tag, SIZE)
        speeds = [_mb_s(data, _judge) for _ in range(rounds)]
        besides = {"expat that calls Python, MB/s": max(_mb_s(data, _parse) for _ in range(rounds))}
        told.append(measured(f"the gate: {kind}, CPU", speeds, "MB/s", target=AtLeast(SPEED), besides=besides))
        grown.append(_grown_mib(below, _drawing(tag, LARGE)))
    told.append(measured("the gate: memory beside the drawing", [max(grown)], "MiB", target=AtMost(MEMORY)))
    return told


def _drawing(tag: str, size: int) -> bytes:
    dice = random.Random(1)
    one = len(tag.format(200.0, 200.0, 1))
    count = max(1, size // one)
    body = "".join(tag.format(dice.uniform(0, 400), dice.uniform(0, 400), place % 1000) for place in range(count))
    return (_HEAD + body + _TAIL).encode()


def _mb_s(data: bytes, work: Callable[[bytes], None]) -> float:
    started = time.process_time()
    work(data)
    return len(data) / 1e6 / (time.process_time() - started)


def _judge(data: bytes) -> None:
    verdict = validate_svg(data)
    if not verdict.ok:
        raise CannotMeasure(f"the gate blocks what is measured: {verdict.reason}")


def _parse(data: bytes) -> None:
    parser = ParserCreate(namespace_separator=" ")
    parser.ordered_attributes = True
    parser.StartElementHandler = lambda name, attributes: None
    parser.EndElementHandler = lambda name: None
    parser.Parse(data, True)


def _grown_mib(below: Path, data: bytes) -> float:
    """Return by how much a process of its own grows that judges a drawing, whatever the verdict."""
    path = below / "large.svg"
    path.write_bytes(data)
    ran = subprocess.run([sys.executable, "-c", _WEIGH, path], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(ran.stdout)
