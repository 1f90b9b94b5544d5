"""The same inputs give the same digest in every process and under every Python that can run the engine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rmos.digest import canonical_sha256
from tests.engines import cuts, sound
from tests.engines.cuts import make_context, make_cut, make_design

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import json, sys
from rmos.digest import canonical_sha256
from rmos.engines.registry import Registry

cuts = json.load(sys.stdin)
engine = Registry().get(sys.argv[1])
results = [engine.compute(spec=design, ctx=context, request_id="r").record() for design, context in cuts]
print(sys.version_info[1], *map(canonical_sha256, results))
"""
JUDGES = {"baseline_v1": cuts.judge, "baseline_v2": sound.judge}
_CUTS = [
    *(make_cut(operation) for operation in ("channel", "inlay_pocket", "ring_cutout", "saw_slice")),
    (make_design(feed_mm_min=200, spindle_rpm=24000), make_context("hard_maple", diameter_mm=6.35)),
    (make_design(feed_mm_min=-1, zebra=1, aardvark=2), make_context("pine")),
    ({"operation": "channel"}, {}),
]
CUTS = {
    "baseline_v1": _CUTS,
    "baseline_v2": [
        *_CUTS,
        (sound.make_design(), sound.make_context("ebony", kind="v_bit", angle_deg=60.0)),
        (sound.make_design(operation="drill_hole", radial_engagement_mm=...), sound.make_context(kind="drill")),
        (sound.make_design(total_depth_mm=2.9, feed_mm_min=9000.0), sound.make_context("abalone", flutes=3)),
    ],
}


def ask(python: str, seed: str, engine_id: str, *paths: Path) -> list[str]:
    """Return what another process says: its minor version and the digests."""
    environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    asked = subprocess.run(
        [python, "-c", ASK, engine_id],
        input=json.dumps(CUTS[engine_id]),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert asked.returncode == 0, asked.stderr
    return asked.stdout.split()


def digests(engine_id: str) -> list[str]:
    judge = JUDGES[engine_id]
    return [canonical_sha256(judge(design, context).record()) for design, context in CUTS[engine_id]]


PINNED = {
    "baseline_v1": "f0fc508d9c5170af49a5c1466bf78c824cbdc896457cb7f7b0f0d851854cda60",
    "baseline_v2": "3cdf8c60d6fd7b2485138c4a393598ada5942b0eb5f6cc57f66a8c7ed1b153cf",
}
"""Engine → the digest of all the digests; it is the same under every Python that runs these tests."""


@pytest.mark.parametrize("engine_id", PINNED)
def test_the_digests_are_pinned_so_that_other_bytes_need_another_engine_version(engine_id: str) -> None:
    # When this fails, old runs no longer replay: raise the version of the engine, then pin again.
    assert canonical_sha256(digests(engine_id)) == PINNED[engine_id]


@pytest.mark.parametrize("engine_id", PINNED)
@pytest.mark.parametrize(
    "seed", ["0", pytest.param("1", marks=pytest.mark.long), pytest.param("4242", marks=pytest.mark.long), "random"]
)
def test_the_order_in_which_python_hashes_changes_no_digest(seed: str, engine_id: str) -> None:
    assert ask(sys.executable, seed, engine_id, ROOT)[1:] == digests(engine_id)
