"""`dev.py`, the lock files and `gunicorn.conf.py`: what can be judged without making a virtual environment."""

import argparse
import ast
import configparser
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import dev
from rmos.config import Settings, load_settings

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "dev.py"
URL = re.compile(r"https?://(?!127\.0\.0\.1|\{|\[\{)")


def run_dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Start dev.py as a shell would, with nothing to read from."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=60,
    )


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point dev.py at a folder that has what set-up reads, and no venv."""
    root = tmp_path / "checkout"
    shutil.copytree(ROOT / "requirements", root / "requirements")
    shutil.copy(ROOT / "setup.cfg", root)
    monkeypatch.setattr(dev, "ROOT", root)
    monkeypatch.setattr(dev, "VENV", root / ".venv")
    monkeypatch.setattr(dev, "BIN", root / ".venv" / "bin")
    return root


def make_venv(root: Path) -> Path:
    """Make what looks like a finished venv of `root`."""
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (root / ".venv" / dev.STAMP).write_text(dev.fingerprint(root))
    return root / ".venv"


# Starting it


def test_an_old_python_can_read_the_script_as_far_as_the_line_that_says_so() -> None:
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 6))
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    refusal = next(node for node in tree.body if isinstance(node, ast.If))
    early = [node for node in imports if node.lineno < refusal.lineno]
    assert [ast.unparse(node) for node in early] == ["import sys"]
    assert "RMOS needs Python 3.11 or newer; this is" in ast.unparse(refusal)


def test_it_needs_nothing_but_the_standard_library() -> None:
    names = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    assert names <= sys.stdlib_module_names


@pytest.mark.parametrize("command", ["setup", "serve", "test", "check", "bench", "clean"])
def test_every_command_has_a_help_text(command: str) -> None:
    done = run_dev(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"usage: dev.py {command}" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["serve", "--workers", "0"],
        ["serve", "--bind", "nonsense"],
        ["serve", "--bind", "127.0.0.1:65536"],
        ["check", "--only", "lint,nonsense"],
        ["clean", "--dat"],
    ],
)
def test_a_wrong_command_line_says_what_is_right_and_exits_2(arguments: list[str]) -> None:
    done = run_dev(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(("usage: dev.py", "--bind takes HOST:PORT", "There is no step 'nonsense'; the steps"))
    assert "Traceback" not in done.stderr


def test_serve_on_a_port_in_use_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run_dev("serve", "--bind", f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Address already in use" in done.stderr


def test_an_option_that_serve_has_not_shows_the_usage_of_serve() -> None:
    done = run_dev("serve", "--port", "1")
    assert done.returncode == 2
    assert done.stderr.startswith("usage: dev.py serve ")
    assert "--bind" in done.stderr


def test_a_store_that_a_setting_names_is_somebodys_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RMOS_RUNS_DIR", raising=False)
    (tmp_path / "instance").mkdir()
    config = tmp_path / "instance" / "config.toml"
    assert not dev.has_own_store(tmp_path)
    for text, own in (("log_level = 'INFO'", False), ("runs_dir = /x", False), ("runs_dir = '/x'", True)):
        config.write_text(text)
        assert dev.has_own_store(tmp_path) is own
    config.unlink()
    monkeypatch.setenv("RMOS_RUNS_DIR", "/x")
    assert dev.has_own_store(tmp_path)


@pytest.mark.parametrize(
    ("options", "own", "seeded"), [([], False, True), (["--no-demo"], False, False), ([], True, False)]
)
def test_invented_runs_come_only_into_a_store_that_nobody_named(
    monkeypatch: pytest.MonkeyPatch, options: list[str], own: bool, seeded: bool
) -> None:
    ran: list[list[str]] = []

    def run(command: list[str]) -> int:
        ran.append(command)
        return 0

    monkeypatch.setattr(dev, "set_up", lambda: None)
    monkeypatch.setattr(dev, "has_own_store", lambda root: own)
    monkeypatch.setattr(dev, "run", run)
    monkeypatch.setattr("os.chdir", lambda folder: None)
    monkeypatch.setattr("os.fork", lambda: 1)
    monkeypatch.setattr("os.execve", lambda program, command, environment: sys.exit(0))
    with pytest.raises(SystemExit):
        dev.main(["serve", "--bind", "127.0.0.1:0", *options])
    assert [command[1:] for command in ran] == ([["demo", "--if-empty"]] if seeded else [])


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, b'{"checks":{"store":"ok","space":"ok"}}', []),
        (200, b'{"checks":{"store":"ok","space":"512 MiB free"}}', ["not quite well: space: 512 MiB free"]),
        (503, b'{"checks":{"store":"no writes","index":"ok"}}', ["NOT READY: store: no writes"]),
        (500, b"nonsense", ["NOT READY: /readyz does not answer"]),
    ],
)
def test_what_readyz_finds_is_told(status: int, body: bytes, told: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)

        answering = threading.Thread(target=answer)
        answering.start()
        assert dev.troubles("127.0.0.1", server.getsockname()[1]) == told
        answering.join()


def test_port_0_picks_a_free_port() -> None:
    host, port = dev.free_address("127.0.0.1:0")
    assert host == "127.0.0.1"
    assert port > 0


# Set-up


def test_a_finished_venv_is_not_made_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv = make_venv(checkout)
    stamp = (venv / dev.STAMP).stat()
    monkeypatch.setattr(subprocess, "run", None)  # whoever starts a program fails
    dev.set_up()
    assert (venv / dev.STAMP).stat().st_mtime_ns == stamp.st_mtime_ns


def test_a_half_made_venv_is_made_anew(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv = make_venv(checkout)
    (venv / dev.STAMP).unlink()
    steps = []

    def quietly(what: str, command: list[str]) -> None:
        assert not (venv / dev.STAMP).exists(), "the stamp has to be written last"
        steps.append(command)
        venv.joinpath("bin").mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(dev, "quietly", quietly)
    dev.set_up()
    assert not (venv / "bin" / "python").exists(), "the old folder has to go"
    assert (venv / dev.STAMP).read_text() == dev.fingerprint(checkout)
    assert steps[0][1:] == ["-m", "venv", str(venv)]
    assert "--require-hashes" in steps[1]
    assert {"--no-deps", "--no-build-isolation"} <= set(steps[2])


def test_a_step_of_the_set_up_that_fails_shows_the_end_of_what_it_said(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    talk = "import sys\nfor n in range(99): print('line', n)\nsys.exit(3)"
    with pytest.raises(dev.Failed, match="Set-up failed while installing"):
        dev.quietly("installing", [sys.executable, "-c", talk])
    shown = capfd.readouterr().err.splitlines()
    assert shown[-1] == "line 98"
    assert len(shown) == 25


def test_a_python_without_ensurepip_names_the_debian_package(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(dev.Failed, match=r"install the Debian package python3\.\d+-venv") as failure:
        dev.set_up()
    assert "\n" not in str(failure.value)


def test_the_stamp_depends_on_the_lock_the_metadata_and_the_folder(checkout: Path, tmp_path: Path) -> None:
    before = dev.fingerprint(checkout)
    elsewhere = shutil.copytree(checkout, tmp_path / "moved")
    assert dev.fingerprint(elsewhere) != before
    with (checkout / dev.LOCK).open("a") as lock:
        lock.write("# another\n")
    relocked = dev.fingerprint(checkout)
    assert relocked != before
    text = (checkout / "setup.cfg").read_text()
    (checkout / "setup.cfg").write_text(text.replace("rmos.cli:main", "rmos.cli:other"))
    assert dev.fingerprint(checkout) != relocked


def test_a_changed_lint_setting_does_not_make_the_venv_anew(checkout: Path) -> None:
    before = dev.fingerprint(checkout)
    text = (checkout / "setup.cfg").read_text()
    (checkout / "setup.cfg").write_text(text.replace("strict = True", "strict = False"))
    assert dev.fingerprint(checkout) == before


def test_a_venv_whose_python_is_gone_is_not_ready(checkout: Path) -> None:
    venv = make_venv(checkout)
    assert dev.is_ready(venv, dev.fingerprint(checkout))
    (venv / "bin" / "python").unlink()
    assert not dev.is_ready(venv, dev.fingerprint(checkout))


def test_programs_of_the_venv_keep_what_they_compile_and_take_no_other_python(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "RMOS_LOG_LEVEL"):
        monkeypatch.setenv(name, "1")
    environment = dev.tool_environment()
    assert not environment.keys() & {"PYTHONHOME", "PYTHONDONTWRITEBYTECODE"}
    assert environment["RMOS_LOG_LEVEL"] == "1"
    assert environment["PATH"].split(os.pathsep)[0] == str(dev.BIN)


# test and check


def bare_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pytest that dev.py starts be this one, with no plug-in but the one it needs: each takes its time."""
    monkeypatch.setattr(dev, "python", lambda *arguments: [sys.executable, *arguments])
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p xdist")


def test_what_is_left_out_of_a_test_run_is_counted_out_loud(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "setup.cfg").write_text("[tool:pytest]\nmarkers =\n    long: long\n")
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "def test_a(): pass\n"
        "@pytest.mark.long\n@pytest.mark.parametrize('n', [1, 2, 3])\ndef test_b(n): assert False\n"
    )
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    bare_pytest(monkeypatch)
    assert dev.pytest([], {"long": "too long"}) == 0
    assert capfd.readouterr().err.strip() == "Not run: 3 tests marked 'long' (too long)."


def test_the_exit_status_of_pytest_is_passed_through(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text("def test_a(): pass\n")
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "set_up", lambda: None)
    monkeypatch.setattr(dev, "absent", dict)
    bare_pytest(monkeypatch)
    assert dev.main(["test", "--no-such-option"]) == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(("free", "kept_in_memory"), [(dev.ROOM, True), (dev.ROOM - 1, False)])
def test_a_plain_run_keeps_its_stores_in_memory_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, kept_in_memory: bool
) -> None:
    monkeypatch.delenv("PYTEST_DEBUG_TEMPROOT", raising=False)
    monkeypatch.setattr(dev, "MEMORY", tmp_path)
    monkeypatch.setattr(dev, "free_memory", lambda: free)
    with dev.quick_folder():
        (inside,) = list(tmp_path.iterdir()) or [None]
        assert dev.tool_environment().get("PYTEST_DEBUG_TEMPROOT") == (str(inside) if kept_in_memory else None)
    assert list(tmp_path.iterdir()) == []
    assert "PYTEST_DEBUG_TEMPROOT" not in os.environ


def test_a_place_for_the_stores_that_was_asked_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DEBUG_TEMPROOT", "/elsewhere")
    with dev.quick_folder():
        assert os.environ["PYTEST_DEBUG_TEMPROOT"] == "/elsewhere"


def test_what_is_no_file_system_in_memory_has_no_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dev, "MEMORY", tmp_path)
    assert dev.free_memory() == 0


def test_check_tries_made_up_input_in_full_and_a_plain_run_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    def run(command: list[str]) -> int:
        ran.append(command)
        return 0

    monkeypatch.setattr(dev, "set_up", lambda: None)
    monkeypatch.setattr(dev, "absent", dict)
    monkeypatch.setattr(dev, "run", run)
    assert dev.main(["check", "--only", "tests"]) == dev.main(["test", "tests/api"]) == 0
    assert ["--hypothesis-profile=check" in command for command in ran] == [True, False]
    assert ["not long" in command for command in ran] == [False, True]


def test_check_runs_every_step_also_after_one_has_failed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def step(name: str, status: int) -> Callable[[], int]:
        def work() -> int:
            ran.append(name)
            return status

        return work

    monkeypatch.setattr(dev, "set_up", lambda: None)
    monkeypatch.setattr(dev, "STEPS", {"one": step("one", 0), "two": step("two", 1), "three": step("three", 0)})
    assert dev.main(["check"]) == 1
    assert ran == ["one", "two", "three"]
    assert re.search(r"one +ok .*\ntwo +FAILED \(1\) .*\nthree +ok ", capfd.readouterr().err)


def test_every_marker_that_may_be_left_out_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(ROOT / "setup.cfg")
    registered = {line.partition(":")[0] for line in settings["tool:pytest"]["markers"].split("\n")}
    assert {"long", *dev.absent()} <= registered
    assert set(dev.absent()) == {"strace", "curl", "nginx", "chromium", "root"}


# clean


def test_clean_keeps_the_recorded_runs(checkout: Path) -> None:
    make_venv(checkout)
    run = checkout / "instance" / "runs" / "2025-12-23" / "run_1.json"
    run.parent.mkdir(parents=True)
    run.write_text("{}")
    (checkout / "rmos" / "__pycache__").mkdir(parents=True)
    assert dev.clean(argparse.Namespace(data=False)) == 0
    assert run.exists()
    assert not (checkout / ".venv").exists()
    assert not (checkout / "rmos" / "__pycache__").exists()


@pytest.mark.parametrize(("answer", "erased"), [("erase\n", True), ("yes\n", False), ("", False)])
def test_clean_erases_runs_only_when_asked_to_and_confirmed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, answer: str, erased: bool
) -> None:
    runs = checkout / "instance" / "runs"
    runs.mkdir(parents=True)
    given = checkout / "answer"
    given.write_text(answer)
    with given.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert dev.main(["clean", "--data"]) == int(not erased)
    assert runs.exists() is not erased


# The lock files


def pins(path: Path) -> dict[str, str]:
    """Return the pinned version of each package of a lock file."""
    found = re.findall(r"^([\w.-]+)==([\w.]+)", path.read_text(), re.MULTILINE)
    return {name.lower(): version for name, version in found}


def test_every_locked_package_has_a_hash_and_no_index_is_named() -> None:
    for path in (ROOT / "requirements").iterdir():
        text = path.read_text()
        assert not URL.search(text), path
        assert not re.search(r"^\s*(-i|--(extra-)?index-url|--find-links|--trusted-host)\b", text, re.MULTILINE), path
        if path.suffix == ".txt":
            blocks = re.split(r"\n(?=\S)", text)
            for block in blocks:
                assert block.startswith("#") or "--hash=sha256:" in block, block


def test_set_up_names_no_index() -> None:
    for path in (SCRIPT, ROOT / ".ci" / "run"):
        text = path.read_text()
        assert not URL.search(text), path
        assert not re.search(r"index-url|find-links|trusted-host|PIP_", text), path


def test_the_locks_hold_everything_that_is_asked_for_and_agree() -> None:
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(ROOT / "setup.cfg")
    base, whole = pins(ROOT / "requirements" / "base.txt"), pins(ROOT / "requirements" / "dev.txt")
    needed = {re.split(r"[ <>=]", line)[0].lower() for line in settings["options"]["install_requires"].split("\n")[1:]}
    tools = {re.split(r"[<>=]", line)[0] for line in (ROOT / "requirements" / "dev.in").read_text().splitlines()[1:]}
    assert needed <= set(base)
    assert tools <= set(whole)
    assert base.items() <= whole.items()


# instance/


def test_the_example_names_every_setting_with_its_default(tmp_path: Path) -> None:
    text = (ROOT / "instance" / "config.example.toml").read_text()
    assert tomllib.loads(text) == {}, "everything in the example is commented out"
    (tmp_path / "config.toml").write_text(re.sub(r"(?m)^# (\w+ = )", r"\1", text))
    shown = tomllib.loads((tmp_path / "config.toml").read_text())
    settings, defaults = load_settings({}, tmp_path), Settings(instance_path=tmp_path, runs_dir=tmp_path / "runs")
    assert {*shown, "instance_path"} == set(Settings.__struct_fields__)
    unset = {"rosette_provider_url", "rosette_provider_key", "rosette_model", "rosette_replay_dir"}
    unset |= {"explanation_url", "explanation_api_key"}
    for name in set(shown) - {"runs_dir", "run_attachments_dir", "database_url", "run_store_path", *unset}:
        assert getattr(settings, name) == getattr(defaults, name), name


def test_git_keeps_instance_data_out_and_its_two_pages_in() -> None:
    lines = (ROOT / ".gitignore").read_text().splitlines()
    start = lines.index("/instance/*")
    assert lines[start : start + 3] == [
        "/instance/*",
        "!/instance/README.md",
        "!/instance/config.example.toml",
    ]


# gunicorn.conf.py


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0:0",
        "no.such.host.invalid:80",
        *(pytest.param(address, marks=pytest.mark.long) for address in (":0", "[::]:0", "192.0.2.1:80")),
    ],
)
def test_gunicorn_refuses_an_address_that_other_machines_can_reach(address: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--log-level", "warning", "--bind", address, "wsgi:app"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("RMOS does not listen on ")
    assert done.stderr.count("\n") == 1


def test_gunicorn_listens_on_loopback_with_our_settings(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(
        "class App:\n"
        "    extensions = {}\n"
        "    def __call__(self, environ, start_response):\n"
        "        start_response('200 OK', [])\n"
        "        return [environ['wsgi.url_scheme'].encode()]\n"
        "class Upkeep:\n"
        "    def start_upkeep(self, wait_s):\n"
        "        print('upkeep', wait_s, flush=True)\n"
        "app = App()\n"
        "app.extensions['rmos'] = Upkeep()\n"
    )
    options = ["--config", str(ROOT / "gunicorn.conf.py"), "--bind", "localhost:0", "--workers", "1"]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *options, "--chdir", str(tmp_path), "tiny:app"],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with server:
        assert server.stdout is not None
        assert server.stdout.readline() == "upkeep 5\n"
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=20) == 0
    assert {path.name for path in tmp_path.iterdir()} <= {"tiny.py", "__pycache__"}
