"""`dev.py serve`: a first start for whoever wants to see RMOS run.

It sets up what serving takes and becomes `rmos serve`, which gets the arguments. A store that nobody named is filled
with invented runs while it is empty.
"""

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path

from devtools import venv
from devtools.telling import say


def serve(arguments: Sequence[str]) -> int:
    """Set up, and become the service: signals, exit status and a kill reach it with nobody in between."""
    venv.set_up(venv.BASE)
    demo = [] if {"--demo", "--no-demo"} & set(arguments) or has_own_store(venv.ROOT) else ["--demo"]
    say("Starting RMOS ...")
    command = [str(venv.BIN / "rmos"), "serve", *demo, *arguments]
    # The search path is the user's, so that what it says of commands holds in the shell that this was typed in.
    environment = {**venv.tool_environment(), "PATH": os.environ.get("PATH", os.defpath)}
    os.execve(command[0], command, environment)  # noqa: S606


def has_own_store(root: Path) -> bool:
    """Tell whether a setting names the store: then it is somebody's own, and nothing invented belongs into it."""
    if "RMOS_RUNS_DIR" in os.environ or "RMOS_INSTANCE_DIR" in os.environ:
        return True
    try:
        return "runs_dir" in tomllib.loads((root / "instance" / "config.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none, or one that RMOS itself will complain of
        return False
