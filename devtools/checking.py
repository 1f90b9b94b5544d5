"""`dev.py check`: all that CI demands, step by step, and the gate which proves that `rmos verify` finds damage."""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from devtools import venv
from devtools.telling import Failed, say
from devtools.testing import find_absent, run_pytest


def check(options: argparse.Namespace) -> int:
    """Run every step, also after one has failed, and sum up."""
    chosen = options.only.split(",") if options.only else list(STEPS)
    unknown = [name for name in chosen if name not in STEPS]
    if unknown:
        raise Failed(f"There is no step {unknown[0]!r}; the steps are {', '.join(STEPS)}.", status=2)
    venv.set_up(venv.DEV)
    steps = dict(STEPS)
    if options.deep:
        steps["tests"] = partial(run_tests, "deep")
    rows = []
    for name in chosen:
        say(f"==> {name}")
        started = time.monotonic()
        status = steps[name]()
        rows.append((name, "ok" if status == 0 else f"FAILED ({status})", time.monotonic() - started))
    say(f"\n{'step':<8} {'result':<12} {'seconds':>7}")
    for name, result, seconds in rows:
        say(f"{name:<8} {result:<12} {seconds:>7.1f}")
    return 0 if all(result == "ok" for _, result, _ in rows) else 1


def hold_gate() -> int:
    """Verify a freshly seeded store, then a copy with one flipped bit, which has to be found out."""
    with tempfile.TemporaryDirectory(prefix="rmos-gate-") as folder:
        good, bad = Path(folder, "rmos_runs"), Path(folder, "damaged")
        seeded = run_rmos(good, "demo") or run_rmos(good, "verify", "--min-runs", "1", "--report", f"{folder}/ok.json")
        if seeded:
            say(f"The gate failed: a freshly seeded store does not verify (exit status {seeded}).")
            return 1
        shutil.copytree(good, bad)
        victim = min(path for path in bad.glob("2*/run_*.json") if path.name.count(".") == 1)
        damaged = bytearray(victim.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        victim.chmod(0o644)
        victim.write_bytes(damaged)
        status = run_rmos(bad, "verify", "--min-runs", "1", "--report", f"{folder}/damaged.json")
        if status != 1:
            say(f"The gate failed: verify ended with exit status {status}, and not 1, on a store with a flipped bit.")
            return 1
        say("The gate held: the seeded store verifies, and the flipped bit was found.")
        return 0


def run_rmos(store: Path, *arguments: str) -> int:
    """Run one `rmos` command on `store` and nothing else, whatever the machine's own settings are."""
    environment = {name: value for name, value in venv.tool_environment().items() if not name.startswith("RMOS_")}
    environment["RMOS_RUNS_DIR"] = str(store)
    environment["RMOS_RUN_ATTACHMENTS_DIR"] = str(store / "_attachments")
    environment["RMOS_DATABASE_URL"] = f"sqlite:///{store / '_index.sqlite'}"
    return venv.run([str(venv.BIN / "rmos"), *arguments], environment)


TOUCHING_THE_SYSTEM: Final = (
    *("tests/objects", "tests/index", "tests/engines/test_child.py", "tests/engines/test_plugin.py"),
    *("tests/engines/test_example_plugin.py", "tests/store", "tests/test_systems.py", "tests/test_gunicorn_conf.py"),
    *("tests/test_worker.py", "tests/cli/test_attachments.py", "tests/cli/test_serve.py", "tests/cli/test_verify.py"),
)
"""What is run as on macOS here; the job of that name (.github/workflows/rmos_systems.yml) runs everything so."""

ELSEWHERE: Final = ("s3", "bucket", "postgres", "memory")
"""What has one of these in its name or in that of its file works on another host, or on none: no system is touched."""


def run_tests(profile: str = "check") -> int:
    """Run every test; the profile says how much made-up input is tried."""
    return run_pytest([], find_absent(), f"--hypothesis-profile={profile}", "--durations=20")


def run_as_on_macos() -> int:
    """Run the tests of all that touches the system without what Python on macOS does not have."""
    left_out = {"long": "they were run with all there is", **find_absent()}
    here = " and ".join(f"not {word}" for word in ELSEWHERE)
    return run_pytest([], left_out, "--as-on-macos", "-rs", "-k", here, *TOUCHING_THE_SYSTEM)


STEPS: Final[dict[str, Callable[[], int]]] = {
    "lint": lambda: venv.run(venv.python("-m", "ruff", "check", ".")),
    "format": lambda: venv.run(venv.python("-m", "ruff", "format", "--check", ".")),
    "types": lambda: venv.run(venv.python("-m", "mypy")),
    "layers": lambda: venv.run([str(venv.BIN / "lint-imports"), "--no-logo"]),
    "tests": run_tests,
    "macos": run_as_on_macos,
    "gate": hold_gate,
}
