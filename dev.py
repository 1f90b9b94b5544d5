#!/usr/bin/env python3
"""Everything a developer or a first-time user does with this repository; `python3 dev.py --help` lists it.

Standard library only: it runs on a machine that has Python and git and nothing else. It makes `.venv/` from the
hash-locked `requirements/dev.txt` with pip's own settings, so an index, a proxy or a certificate that pip is configured
with is honoured and none is named here. The syntax stays readable to Python 3.6, so that an old Python gets as far as
the one line that says so.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts it with an older one gets here)
    sys.exit("RMOS needs Python 3.11 or newer; this is Python {}.{}.{}.".format(*sys.version_info[:3]))

import argparse
import configparser
import contextlib
import fcntl
import hashlib
import http.client
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PROGRAMS = {"strace": "strace", "curl": "curl", "nginx": "nginx-light", "chromium": "chromium"}
"""Programs that some tests need, which bear their name as a marker, and the Debian packages that bring them."""
LOCK = Path("requirements") / "dev.txt"
STAMP = "rmos-setup"
"""A file in the venv, written last: what the venv was made from. Without it a venv is half-made."""
DEBRIS = (".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", "build", "dist")
CAP_SYS_ADMIN = 21
MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of one's own is made in it)
ROOM = 2 << 30
"""Bytes that must be free in `MEMORY` before a plain test run works there; it needs a quarter of them."""


class Failed(Exception):
    """A command cannot go on; the text is one line for whoever typed it, `status` the exit status."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status


def say(text: str) -> None:
    """Print one line on stderr, at once: stdout belongs to the tools."""
    print(text, file=sys.stderr, flush=True)


# ---------------------------------------------------------------------------------------------------------- setup


def fingerprint(root: Path) -> str:
    """Return the digest of all that a venv of `root` depends on: lock, metadata, Python, and the folder itself.

    Of `setup.cfg` only what is installed counts, so that a new lint setting does not remake the venv. The folder
    counts because scripts in a venv carry its absolute path: a checkout that was moved or copied needs its own.
    """
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(root / "setup.cfg", encoding="utf-8")
    parts = [sys.version, sys.base_prefix, str(root), (root / LOCK).read_text(encoding="utf-8")]
    parts += [
        f"{section}.{key}={value}"
        for section in sorted(metadata.sections())
        if section == "metadata" or section.startswith("options")
        for key, value in sorted(metadata.items(section))
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def is_ready(venv: Path, wanted: str) -> bool:
    """Tell whether `venv` was completely made from what `wanted` is the fingerprint of."""
    try:
        stamp = (venv / STAMP).read_text(encoding="ascii")
    except (OSError, ValueError):
        return False
    return stamp == wanted and os.access(venv / "bin" / "python", os.X_OK)


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder`, so that two terminals do not make one venv at the same time."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def set_up() -> None:
    """Make `.venv/` unless it is there, whole and made from the present lock."""
    wanted = fingerprint(ROOT)
    if is_ready(VENV, wanted):
        return
    with only_one(ROOT):
        if is_ready(VENV, wanted):
            return
        if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
            raise Failed(
                "This Python cannot make virtual environments: install the Debian package "
                f"python{sys.version_info[0]}.{sys.version_info[1]}-venv (or python3-venv), then run this again."
            )
        started = time.monotonic()
        say("Making .venv from requirements/dev.txt (once, well under a minute) ...")
        if VENV.is_symlink() or VENV.is_file():
            VENV.unlink()
        elif VENV.exists():
            shutil.rmtree(VENV)
        # Started from inside the venv that is being remade, the interpreter outside it has to do the work.
        base = str(getattr(sys, "_base_executable", "") or sys.executable)
        pip = [str(BIN / "python"), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
        quietly("making the virtual environment", [base, "-m", "venv", str(VENV)])
        quietly("installing the locked packages", [*pip, "--require-hashes", "-r", str(ROOT / LOCK)])
        quietly("installing rmos", [*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)])
        (VENV / STAMP).write_text(wanted, encoding="ascii")
        say(f"Made .venv in {time.monotonic() - started:.0f} s.")


def quietly(what: str, command: Sequence[str]) -> None:
    """Run one step of the set-up without a word, unless it fails: then show the end of what it said."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        say("\n".join(done.stdout.decode(errors="replace").splitlines()[-25:]))
        raise Failed(f"Set-up failed while {what} (above: the end of what it said).")


def tool_environment() -> dict[str, str]:
    """Return the environment for programs of the venv, as if it had been activated.

    Modules are compiled once, also for who sets PYTHONDONTWRITEBYTECODE: else each of the many processes of a test run
    compiles the whole service for itself, which takes longer than most tests. `clean` removes what is kept.
    """
    unwanted = ("PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    environment["VIRTUAL_ENV"] = str(VENV)
    environment["PATH"] = f"{BIN}{os.pathsep}{environment.get('PATH', os.defpath)}"
    return environment


def run(command: Sequence[str], environment: dict[str, str] | None = None) -> int:
    """Run a program of the venv in the repository's folder and return its exit status."""
    return subprocess.run(command, cwd=ROOT, env=environment or tool_environment(), check=False).returncode


def python(*arguments: str) -> list[str]:
    """Return the command line that hands `arguments` to the venv's Python."""
    return [str(BIN / "python"), *arguments]


# ---------------------------------------------------------------------------------------------------------- serve


def free_address(bind: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`, made sure that nothing listens there yet; port 0 picks a free one."""
    host, colon, digits = bind.rpartition(":")
    host = host.strip("[]")
    if not colon or not host or not digits.isdecimal() or int(digits) > 65535:
        raise Failed(f"--bind takes HOST:PORT, such as 127.0.0.1:8000, and not {bind!r}.", status=2)
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, int(digits), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return host, int(probe.getsockname()[1])
    except OSError as error:
        raise Failed(f"Cannot listen on {bind}: {error.strerror}. Choose another with --bind 127.0.0.1:PORT.") from None


def announce(server: int, host: str, port: int) -> None:
    """Say where RMOS runs as soon as it answers, and what to try; give up when the process `server` is gone."""
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    while os.getppid() == server:
        connection = http.client.HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            answered = connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            answered = False
        finally:
            connection.close()
        if answered:
            print(f"RMOS is running at {url}  (Ctrl-C stops it)", flush=True)
            for trouble in troubles(host, port):
                print(f"  {trouble}", flush=True)
            print(f"  the newest runs:   curl '{url}/api/rmos/runs?limit=5'", flush=True)
            print("  prove the record:  .venv/bin/rmos verify", flush=True)
            print("  post a cut:        the curl lines in README.md", flush=True)
            return
        time.sleep(0.1)


def troubles(host: str, port: int) -> list[str]:
    """Return what `/readyz` finds wrong, a line each; an answer that does not come is one too."""
    # Longer than a first look at the index may take.
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        checks = json.loads(answer.read())["checks"]
        word = "not quite well" if answer.status == 200 else "NOT READY"
        return [f"{word}: {name}: {found}" for name, found in checks.items() if found != "ok"]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return ["NOT READY: /readyz does not answer"]
    finally:
        connection.close()


def has_own_store(root: Path) -> bool:
    """Tell whether a setting names the store: then it is somebody's own, and nothing invented belongs into it."""
    if "RMOS_RUNS_DIR" in os.environ:
        return True
    try:
        return "runs_dir" in tomllib.loads((root / "instance" / "config.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none, or one that RMOS itself will complain of
        return False


def serve(options: argparse.Namespace) -> int:
    """Set up, fill an empty store unless it is somebody's own, become gunicorn."""
    host, port = free_address(options.bind)
    set_up()
    wanted = options.demo and not has_own_store(ROOT)
    status = run([str(BIN / "rmos"), "demo", "--if-empty"]) if wanted else 0
    if status:
        raise Failed(f"RMOS is not started: `rmos demo --if-empty` ended with exit status {status}.", status=status)
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = python("-m", "gunicorn", "--config", "gunicorn.conf.py", "--bind", where, "--log-level", "warning")
    if options.workers:
        command += ["--workers", str(options.workers)]
    os.chdir(ROOT)
    server = os.getpid()
    if os.fork() == 0:
        with contextlib.suppress(KeyboardInterrupt):
            announce(server, host, port)
        os._exit(0)
    # This process becomes gunicorn: signals, exit status and a kill reach it with nobody in between.
    os.execve(command[0], [*command, "wsgi:app"], tool_environment())  # noqa: S606


# ----------------------------------------------------------------------------------------------------------- test


def absent() -> dict[str, str]:
    """Return the pytest markers whose tests cannot run on this machine, each with what it would take."""
    sbin = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    lacking = {}
    for program, package in PROGRAMS.items():
        if shutil.which(program, path=sbin) is None:
            lacking[program] = f"install the Debian package {package}"
    if not may_mount():
        lacking["root"] = "run as root on a machine with loop devices"
    elif shutil.which("mkfs.ext4", path=sbin) is None:
        lacking["root"] = "install the Debian package e2fsprogs"
    return lacking


def may_mount() -> bool:
    """Tell whether this process may mount a loop device: root in a container often may not."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    rights = [line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")]
    return bool(rights) and int(rights[0], 16) >> CAP_SYS_ADMIN & 1 == 1 and Path("/dev/loop-control").exists()


def pytest(arguments: Sequence[str], left_out: dict[str, str], *options: str) -> int:
    """Run pytest on two processes without the markers `left_out`, then say how many tests that left out.

    Args:
        arguments: what the user typed; where there is something, it chooses, and nothing is counted.
        options: what this script adds.
    """
    if "-m" in arguments:
        left_out = {}
    # On several processes pytest does not say what it deselected, so each marker is collected once more, meanwhile.
    counters = {marker: count(marker) for marker in left_out} if not arguments else {}
    wanted = ["-m", " and ".join(f"not {marker}" for marker in left_out)] if left_out else []
    status = run(python("-m", "pytest", "-n", "2", *wanted, *options, *arguments))
    for marker, remedy in left_out.items():
        number = ""
        if marker in counters:
            lines = counters[marker].communicate()[0].splitlines()
            number = f"{sum('::' in line for line in lines)} "
        say(f"Not run: {number}tests marked {marker!r} ({remedy}).")
    return status


def count(marker: str) -> "subprocess.Popen[str]":
    """Start listing the tests that have `marker`, one a line."""
    return subprocess.Popen(
        python("-m", "pytest", "--collect-only", "-q", "-m", marker),
        cwd=ROOT,
        env=tool_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def test(arguments: Sequence[str]) -> int:
    """Run the tests, all but the long ones; further arguments go to pytest, and its exit status comes back."""
    set_up()
    with quick_folder():
        return pytest(arguments, {"long": "`python3 dev.py check` runs them", **absent()})


@contextlib.contextmanager
def quick_folder() -> Iterator[None]:
    """Let a plain run keep its stores in memory where there is room: most of its time went into waiting for the disk.

    `check` works on the disk, as a shop does, and so does whoever says by PYTEST_DEBUG_TEMPROOT where to.
    """
    if "PYTEST_DEBUG_TEMPROOT" in os.environ or free_memory() < ROOM:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="rmos-tests-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        try:
            yield
        finally:
            del os.environ["PYTEST_DEBUG_TEMPROOT"]


def free_memory() -> int:
    """Return how many bytes fit into `MEMORY`, 0 where it is no file system in memory."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
        known = dict(line.split(":") for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
        available = int(known["MemAvailable"].split()[0]) * 1024
        in_memory = any(line.split()[1:3] == [str(MEMORY), "tmpfs"] for line in mounts)
        return min(shutil.disk_usage(MEMORY).free, available) if in_memory and os.access(MEMORY, os.W_OK) else 0
    except (OSError, KeyError, ValueError):
        return 0


# ---------------------------------------------------------------------------------------------------------- check


def gate() -> int:
    """Verify a freshly seeded store, then a copy with one flipped bit, which has to be found out."""
    with tempfile.TemporaryDirectory(prefix="rmos-gate-") as folder:
        good, bad = Path(folder, "rmos_runs"), Path(folder, "damaged")
        seeded = rmos(good, "demo") or rmos(good, "verify", "--min-runs", "1", "--report", f"{folder}/report.json")
        if seeded:
            say(f"The gate failed: a freshly seeded store does not verify (exit status {seeded}).")
            return 1
        shutil.copytree(good, bad)
        victim = min(path for path in bad.glob("2*/run_*.json") if path.name.count(".") == 1)
        damaged = bytearray(victim.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        victim.chmod(0o644)
        victim.write_bytes(damaged)
        status = rmos(bad, "verify", "--min-runs", "1", "--report", f"{folder}/damaged.json")
        if status != 1:
            say(f"The gate failed: verify ended with exit status {status}, and not 1, on a store with a flipped bit.")
            return 1
        say("The gate held: the seeded store verifies, and the flipped bit was found.")
        return 0


def rmos(store: Path, *arguments: str) -> int:
    """Run one `rmos` command on `store` and nothing else, whatever the machine's own settings are."""
    environment = {name: value for name, value in tool_environment().items() if not name.startswith("RMOS_")}
    environment["RMOS_RUNS_DIR"] = str(store)
    environment["RMOS_RUN_ATTACHMENTS_DIR"] = str(store / "_attachments")
    environment["RMOS_DATABASE_URL"] = f"sqlite:///{store / '_index.sqlite'}"
    return run([str(BIN / "rmos"), *arguments], environment)


STEPS: dict[str, Callable[[], int]] = {
    "lint": lambda: run(python("-m", "ruff", "check", ".")),
    "format": lambda: run(python("-m", "ruff", "format", "--check", ".")),
    "types": lambda: run(python("-m", "mypy")),
    "layers": lambda: run([str(BIN / "lint-imports"), "--no-logo"]),
    "tests": lambda: pytest([], absent(), "--hypothesis-profile=check"),
    "gate": gate,
}


def check(options: argparse.Namespace) -> int:
    """Run every step, also after one has failed, and sum up."""
    chosen = options.only.split(",") if options.only else list(STEPS)
    unknown = [name for name in chosen if name not in STEPS]
    if unknown:
        raise Failed(f"There is no step {unknown[0]!r}; the steps are {', '.join(STEPS)}.", status=2)
    set_up()
    rows = []
    for name in chosen:
        say(f"==> {name}")
        started = time.monotonic()
        status = STEPS[name]()
        rows.append((name, "ok" if status == 0 else f"FAILED ({status})", time.monotonic() - started))
    say(f"\n{'step':<8} {'result':<12} {'seconds':>7}")
    for name, result, seconds in rows:
        say(f"{name:<8} {result:<12} {seconds:>7.1f}")
    return 0 if all(result == "ok" for _, result, _ in rows) else 1


# ----------------------------------------------------------------------------------------------- setup, bench, clean


def setup(options: argparse.Namespace) -> int:
    """Make the venv and say so, also when there was nothing to do."""
    set_up()
    say("Ready: .venv is made from requirements/dev.txt.")
    return 0


def bench(arguments: Sequence[str]) -> int:
    """Run the benchmarks; the arguments are theirs."""
    set_up()
    return run(python("-m", "benchmarks", *arguments))


def clean(options: argparse.Namespace) -> int:
    """Remove what this script and the tools made; the recorded runs only when asked to, and confirmed."""
    runs = ROOT / "instance" / "runs"
    if options.data and runs.exists():
        say(f"This erases every run that is recorded in {runs}, for ever. Type 'erase' to do so:")
        if sys.stdin.readline().strip() != "erase":
            raise Failed("Nothing was removed.")
        shutil.rmtree(runs)
    with only_one(ROOT):
        sources = [ROOT / name for name in ("rmos", "tests", "benchmarks")]
        caches = [cache for source in sources for cache in source.rglob("__pycache__")]
        for path in [VENV, ROOT / "__pycache__", *ROOT.glob("*.egg-info"), *(ROOT / name for name in DEBRIS), *caches]:
            shutil.rmtree(path, ignore_errors=True)
    return 0


# ---------------------------------------------------------------------------------------------------- command line


def command_line() -> argparse.ArgumentParser:
    """Return the parser of everything but the arguments that `test` and `bench` pass on."""
    parser = argparse.ArgumentParser(prog="dev.py", description="Set up, run, test and check RMOS.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, text: str, usage: "str | None" = None) -> argparse.ArgumentParser:
        made = commands.add_parser(name, usage=usage, help=text, description=f"{text}.", allow_abbrev=False)
        made.set_defaults(parser=made)
        return made

    one = command("setup", "make .venv from the locked requirements, as every command does by itself")
    one.set_defaults(work=setup)
    one = command("serve", "start the service, with invented runs unless a store is set or has runs")
    one.add_argument("--bind", default="127.0.0.1:8000", metavar="HOST:PORT", help="where to listen (%(default)s)")
    one.add_argument("--workers", type=whole, metavar="N", help="processes (as in gunicorn.conf.py)")
    one.add_argument("--no-demo", dest="demo", action="store_false", help="leave an empty store empty")
    one.set_defaults(work=serve)
    command("test", "run the tests, all but the long ones", "dev.py test [pytest arguments]")
    one = command("check", "lint, types, layers, all tests and the verify gate: what CI runs")
    one.add_argument("--only", metavar="STEP,STEP", help=f"just these of {', '.join(STEPS)}")
    one.set_defaults(work=check)
    command("bench", "measure: print a table and write it as JSON", "dev.py bench [arguments of the benchmarks]")
    one = command("clean", "remove .venv, caches and build debris; recorded runs are kept")
    one.add_argument("--data", action="store_true", help="also erase instance/runs, after asking")
    one.set_defaults(work=clean)
    return parser


def whole(text: str) -> int:
    """Return a count of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit status; pytest and the benchmarks get their arguments untouched."""
    try:
        if arguments[:1] in (["test"], ["bench"]) and arguments[1:2] not in (["-h"], ["--help"]):
            return (test if arguments[0] == "test" else bench)(arguments[1:])
        options, unknown = command_line().parse_known_args(arguments)
        if unknown:
            options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
        return int(options.work(options))
    except Failed as failure:
        say(str(failure))
        return failure.status
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
