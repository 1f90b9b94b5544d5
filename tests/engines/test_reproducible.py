"""The same inputs give the same digest in every process and under every Python that can run the engine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rmos.digest import canonical_sha256
from tests.engines.cuts import judge, make_context, make_cut, make_design

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import json, sys
from rmos.digest import canonical_sha256
from rmos.engines.baseline.engine import BaselineV1

cuts = json.load(sys.stdin)
engine = BaselineV1()
results = [engine.compute(spec=design, ctx=context, request_id="r").record() for design, context in cuts]
print(sys.version_info[1], *map(canonical_sha256, results))
"""
CUTS = [
    *(make_cut(operation) for operation in ("channel", "inlay_pocket", "ring_cutout", "saw_slice")),
    (make_design(feed_mm_min=200, spindle_rpm=24000), make_context("hard_maple", diameter_mm=6.35)),
    (make_design(feed_mm_min=-1, zebra=1, aardvark=2), make_context("pine")),
    ({"operation": "channel"}, {}),
]


def ask(python: str, seed: str, *paths: Path) -> list[str]:
    """Return what another process says: its minor version and the digests."""
    environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    asked = subprocess.run(
        [python, "-c", ASK], input=json.dumps(CUTS), env=environment, capture_output=True, text=True, timeout=60
    )
    assert asked.returncode == 0, asked.stderr
    return asked.stdout.split()


def digests() -> list[str]:
    return [canonical_sha256(judge(design, context).record()) for design, context in CUTS]


PINNED = "f0fc508d9c5170af49a5c1466bf78c824cbdc896457cb7f7b0f0d851854cda60"
"""Of all the digests; it is the same under every Python that runs these tests."""


def test_the_digests_are_pinned_so_that_other_bytes_need_another_engine_version() -> None:
    # When this fails, old runs no longer replay: raise the version of the engine, then pin again.
    assert canonical_sha256(digests()) == PINNED


@pytest.mark.parametrize("seed", ["0", "1", "4242", "random"])
def test_the_order_in_which_python_hashes_changes_no_digest(seed: str) -> None:
    assert ask(sys.executable, seed, ROOT)[1:] == digests()
