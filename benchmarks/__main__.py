"""The command line of the benchmarks: `python3 dev.py bench [--quick] [--large] [--only NAME] [--json FILE]`."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import (
    buckets,
    bulk,
    cluster,
    databases,
    drawings,
    evidence,
    files,
    floor,
    gate,
    judging,
    machine,
    operations,
    outcomes,
    packs,
    pages,
    postgres,
    programs,
    reading,
    run_log,
    sessions,
    small_files,
    starts,
    stores,
    web,
    whole_store,
)
from benchmarks.failures import CannotMeasure
from benchmarks.figures import Figure, document, table, verdict
from benchmarks.load import require_wrk

RESULTS: Final = Path(__file__).resolve().parent / "results" / "latest.json"
LARGE: Final = 1_000_000
PARTS: Final = (
    "http",
    "databases",
    "starts",
    "verify",
    "rebuild",
    "operations",
    "floor",
    "rosettes",
    "files",
    "gate",
    "sessions",
    "engine",
    "pages",
    "programs",
    "packs",
    "outcomes",
    "run_log",
    "reading",
    "evidence",
    "bulk",
    "buckets",
    "postgres",
    "cluster",
)
USAGE: Final = 2
INTERRUPTED: Final = 130


def command_line() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    parser = argparse.ArgumentParser(
        prog="dev.py bench", description="Measure RMOS: print a table and write it as JSON.", allow_abbrev=False
    )
    parser.add_argument("--quick", action="store_true", help="few and short samples, to see that everything runs")
    parser.add_argument("--large", action="store_true", help="also on a store of 1 000 000 runs (8 GB, half an hour)")
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE", help="where the JSON goes (%(default)s)")
    parser.add_argument(
        "--only",
        action="append",
        choices=PARTS,
        metavar="NAME",
        help=f"just this part, once or more often: {', '.join(PARTS)}",
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the stores here and use them again")
    return parser


def main(arguments: list[str]) -> int:
    """Measure, print and write; a missed target is no failure."""
    asked = command_line().parse_args(arguments)
    started = time.monotonic()
    figures: list[Figure] = []
    status = 0

    def say(what: str) -> None:
        print(f"[{time.monotonic() - started:5.0f} s] {what}", file=sys.stderr, flush=True)

    try:
        with tempfile.TemporaryDirectory(prefix="rmos-bench-", dir=asked.keep and _made(asked.keep)) as temporary:
            below = Path(temporary)
            for folder in {below, asked.keep or below}:
                stores.spread(folder)
            about = machine.describe(below)
            measure(asked, below, asked.keep or below, say, figures)
    except CannotMeasure as failure:
        print(failure, file=sys.stderr)
        status = USAGE
        if not figures:
            return status
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    told = document(figures, about, {"quick": asked.quick, "large": asked.large, "only": asked.only})
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(told, indent=1) + "\n")
    print(table(figures))
    print(f"\n{verdict(figures)}")
    return status


def measure(
    asked: argparse.Namespace, below: Path, kept: Path, say: Callable[[str], None], figures: list[Figure]
) -> None:
    """Add the figures of each part that was asked for; those of the parts before one that fails are there then.

    Raises:
        CannotMeasure: wrk is not there, or something did not work.
    """
    parts = asked.only or PARTS
    if not {"http", "databases", "sessions", "files", "cluster"}.isdisjoint(parts):
        require_wrk()
    full = 10_000 if asked.quick else web.FLAT_AT
    sizes = [web.SMALL, full, *([LARGE] if asked.large else [])]
    repeats = 2 if asked.quick else 5
    if "http" in parts:
        figures += web.figures(below, kept, sizes, starts=repeats, seconds=1 if asked.quick else 3, say=say)
    if "databases" in parts:
        seconds = 1 if asked.quick else 4
        figures += databases.figures(below / "databases", kept, starts=repeats, seconds=seconds, say=say)
    if "starts" in parts:
        figures += starts.figures(below / "starts", repeats, say)
    for size in sizes[1:]:
        if "verify" in parts:
            figures += whole_store.verify_figures(kept, size, repeats=repeats, say=say)
        if "rebuild" in parts:
            figures += whole_store.rebuild_figures(below, kept, size, repeats=min(repeats, 3), say=say)
        if "sessions" in parts:
            seconds = 1 if asked.quick else 3
            figures += sessions.figures(below, kept, size, rounds=repeats, seconds=seconds, say=say)
        if "pages" in parts:
            large = size == LARGE  # what reads the index alone needs no files of a million runs
            figures += pages.index_figures(below, size, say) if large else pages.figures(below, kept, size, say)
        if "engine" in parts:
            figures += judging.figures(kept, size, rounds=min(repeats, 3), below=below, say=say)
    if "operations" in parts:
        figures += operations.figures(below, kept, web.SMALL, say)
    if "floor" in parts:
        figures += floor.figures(below, kept, web.SMALL, repeats, say)
    if "rosettes" in parts:
        figures += drawings.figures(below, say)
    if "files" in parts:
        figures += files.figures(below, rounds=repeats, say=say)
        figures += small_files.figures(below, kept, starts=repeats, seconds=1 if asked.quick else 3, say=say)
    if "evidence" in parts:
        figures += evidence.figures(below, rounds=min(repeats, 3), crowd=full, large=asked.large, say=say)
    if "gate" in parts:
        figures += gate.figures(below, rounds=repeats, say=say)
    if "programs" in parts:
        figures += programs.figures(repeats, say)
    if "packs" in parts:
        figures += packs.figures(below, repeats, say)
    if "outcomes" in parts:
        figures += outcomes.figures(below, repeats, say)
    if "run_log" in parts:
        figures += run_log.figures(below, repeats, say)
    if "bulk" in parts:
        figures += bulk.figures(below, repeats, say)
    if "buckets" in parts:
        figures += buckets.figures(below / "buckets", rounds=repeats, say=say)
    if "postgres" in parts:
        figures += postgres.figures(below / "postgres", repeats, say)
    if "cluster" in parts:
        keys, seconds = (1000, 1) if asked.quick else (4000, 5)
        figures += cluster.figures(below / "cluster", rounds=repeats, keys=keys, seconds=seconds, say=say)
    if "reading" in parts:
        figures += reading.figures(below / "read", say)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
