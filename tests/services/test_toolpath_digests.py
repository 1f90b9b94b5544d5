"""The programs of ten rosettes for four controllers, to the byte: circles are the same on every machine.

RENEW_GOLDEN=1 .venv/bin/python -m pytest -n0 tests/services/test_toolpath_digests.py
"""

import json
import os
from pathlib import Path
from typing import Final

import pytest

from rmos import digest
from tests.helpers.made_toolpaths import CIRCLES, draw_spec, list_operations, make_design, make_for

GOLDEN: Final = Path(__file__).resolve().parents[1] / "data" / "toolpath_digests.json"
DIALECTS: Final = ("grbl", "linuxcnc", "fanuc", "mach")
ROSETTES: Final = (
    ("classical rosette, herringbone in maple and rosewood", 3),
    ("Torres style, ears of wheat both edges, Greek key centre, 27 mm wide", 1),
    ("Hauser style mosaic, 19 mm wide", 4),
    ("D-45 style abalone ring, black/white lines, 4 inch hole", 2),
    ("three-ring Martin 28 look", 0),
    ("rope pattern, ebony and padauk, 6 mm band", 1),
    ("solid spalted maple ring 8 mm with bwb", 1),
    ("12 spoke wheel, koa and maple", 2),
    ("something Art Deco", 1),
    ("simple bwb ring for a parlor", 1),
)


@pytest.mark.parametrize(("prompt", "seed"), ROSETTES)
def test_the_programs_of_a_rosette_are_the_same_bytes_on_every_machine(prompt: str, seed: int) -> None:
    request = make_design(draw_spec(prompt, seed))
    operations = [name for name in list_operations(request) if name.partition(":")[0] in CIRCLES]
    made = {dialect: make_for(request, dialect, operations=operations) for dialect in DIALECTS}
    told = {"toolpaths": digest.sha256_hex(made["grbl"].toolpaths)}
    told |= {
        f"{dialect} {program.name}": digest.sha256_hex(program.data)
        for dialect, programs in made.items()
        for program in programs.programs
    }
    assert len({programs.toolpaths for programs in made.values()}) == 1
    known = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    if os.environ.get("RENEW_GOLDEN"):
        GOLDEN.write_text(json.dumps({**known, prompt: told}, indent=1, sort_keys=True) + "\n")
    else:
        assert told == known[prompt]
