"""Rosettes: a sentence read, a spec drawn, and twelve variants asked for and recorded, in this process.

Reading and drawing are CPU time of one call, over the prompts below; the twelve variants are wall-clock time of a whole
request through the application, on a new store, durable when it is answered.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import stores
from benchmarks.figures import AtMost, Figure, measured
from benchmarks.operations import answered, environ_of, quiet
from benchmarks.stores import Say
from rmos import create_app
from rmos.rosette.interpret import interpret
from rmos.rosette.svg import render
from rmos.rosette.vary import vary

_PROMPTS: Final = (
    "classical rosette, herringbone in maple and rosewood",
    "Torres style, ears of wheat both edges, Greek key centre, 27 mm wide",
    "D-45 style abalone ring, black/white lines, 4 inch hole",
    "Hauser style mosaic, 19 mm wide",
    "celtic knot, walnut on maple, 1.5 mm strands",
)
_ROUNDS: Final = 40
_REQUESTS: Final = 9
_VARIANTS: Final = 12


def figures(below: Path, say: Say) -> list[Figure]:
    """Measure the steps from a sentence to drawings that are recorded."""
    say("rosettes")
    specs = [interpret(prompt).spec for prompt in _PROMPTS]
    return [
        measured(
            "rosette: interpretation, CPU",
            _cpu_ms(lambda place: interpret(_PROMPTS[place % len(_PROMPTS)])),
            "ms",
            target=AtMost(1),
        ),
        measured(
            "rosette: spec to SVG, CPU",
            # Another seed each time: nothing that was drawn before helps.
            _cpu_ms(lambda place: render(vary(specs[place % len(specs)], place))),
            "ms",
            target=AtMost(10),
        ),
        measured(f"rosette: {_VARIANTS} variants recorded", _recorded_s(below / "drawn"), "s", target=AtMost(0.3)),
    ]


def _cpu_ms(call: Callable[[int], object]) -> list[float]:
    samples = []
    for place in range(_ROUNDS):
        started = time.process_time_ns()
        call(place)
        samples.append((time.process_time_ns() - started) / 1e6)
    return samples


def _recorded_s(folder: Path) -> list[float]:
    samples = []
    with quiet():
        app = create_app(stores.settings_of(folder))
        for place in range(_REQUESTS + 1):
            body = {"prompt": _PROMPTS[place % len(_PROMPTS)], "seed": place * _VARIANTS, "count": _VARIANTS}
            environ = environ_of("POST", "/api/rmos/rosettes", body=json.dumps(body).encode())
            started = time.perf_counter()
            answered(app, environ)
            samples.append(time.perf_counter() - started)
        app.extensions["rmos"].close()
    return samples[1:]  # the first opens the store
