"""The command line of `dev.py`, and the commands that need no module of their own."""

import argparse
import shutil
import sys
from collections.abc import Sequence
from typing import Final

from devtools import venv
from devtools.checking import STEPS, check
from devtools.serving import serve
from devtools.telling import Failed, say
from devtools.testing import test

SOURCES: Final = ("rmos", "devtools", "tests", "benchmarks")
DEBRIS: Final = (".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", "build", "dist")


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit status; the service, pytest and the benchmarks get their own arguments."""
    try:
        if arguments[:1] in (["serve"], ["test"], ["bench"]) and arguments[1:2] not in (["-h"], ["--help"]):
            return {"serve": serve, "test": test, "bench": bench}[arguments[0]](arguments[1:])
        options, unknown = make_parser().parse_known_args(arguments)
        if unknown:
            options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
        return int(options.work(options))
    except Failed as failure:
        say(str(failure))
        return failure.status
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of everything but the arguments that `serve`, `test` and `bench` pass on."""
    parser = argparse.ArgumentParser(prog="dev.py", description="Set up, run, test and check RMOS.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add_command(name: str, text: str, usage: str | None = None) -> argparse.ArgumentParser:
        made = commands.add_parser(name, usage=usage, help=text, description=f"{text}.", allow_abbrev=False)
        made.set_defaults(parser=made)
        return made

    one = add_command("setup", "make .venv from the locked requirements, as every command does by itself")
    one.add_argument("--base", action="store_true", help="only what serving needs, as for a service")
    one.set_defaults(work=setup)
    add_command(
        "serve",
        "start the service, with invented runs unless a store is set, has runs, or --no-demo",
        "dev.py serve [--bind HOST:PORT] [--port N] [--workers N] [--open] [--no-demo] [--json]",
    )
    add_command("test", "run the tests, all but the long ones", "dev.py test [pytest arguments]")
    one = add_command("check", "lint, types, layers, all tests and the verify gate: what CI runs")
    one.add_argument("--only", metavar="STEP,STEP", help=f"just these of {', '.join(STEPS)}")
    one.add_argument("--deep", action="store_true", help="try all made-up input, and other input than the last time")
    one.set_defaults(work=check)
    add_command("bench", "measure: print a table and write it as JSON", "dev.py bench [arguments of the benchmarks]")
    one = add_command("clean", "remove .venv, caches and build debris; recorded runs are kept")
    one.add_argument("--data", action="store_true", help="also erase instance/runs, after asking")
    one.set_defaults(work=clean)
    return parser


def setup(options: argparse.Namespace) -> int:
    """Make the venv and say so, also when it was ready; a service may not write there, so it finds it compiled."""
    level = venv.BASE if options.base else venv.DEV
    venv.set_up(level)
    if options.base:
        venv.run(venv.python("-m", "compileall", "-q", str(venv.VENV / "lib"), "rmos"))
    say(f"Ready: .venv has the packages of requirements/{level.locks[0]}.")
    return 0


def bench(arguments: Sequence[str]) -> int:
    """Run the benchmarks; the arguments are theirs."""
    venv.set_up(venv.DEV)
    return venv.run(venv.python("-m", "benchmarks", *arguments))


def clean(options: argparse.Namespace) -> int:
    """Remove what this script and the tools made; the recorded runs only when asked to, and confirmed."""
    root = venv.ROOT
    runs = root / "instance" / "runs"
    if options.data and runs.exists():
        say(f"This erases every run that is recorded in {runs}, for ever. Type 'erase' to do so:")
        if sys.stdin.readline().strip() != "erase":
            raise Failed("Nothing was removed.")
        shutil.rmtree(runs)
    with venv.only_one(root):
        caches = [cache for source in SOURCES for cache in (root / source).rglob("__pycache__")]
        debris = [root / name for name in DEBRIS]
        for path in [venv.VENV, root / "__pycache__", *root.glob("*.egg-info"), *debris, *caches]:
            shutil.rmtree(path, ignore_errors=True)
    return 0
