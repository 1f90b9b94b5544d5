"""The processes of a plug-in: when they start, how many there are, how they end, and that none stays."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rmos.engines import plugin as plugin_module
from rmos.engines import process as process_module
from rmos.engines.base import EngineResult
from rmos.engines.plugin import Plugin
from rmos.engines.process import EngineProcess, NotLoaded
from rmos.engines.runner import evaluate
from tests.helpers.processes import Process
from tests.helpers.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
FAULTY = "tests.engines.faulty:Faulty"
PATIENT_MS = 60_000
MakePipe = Callable[[], str]


@pytest.fixture
def make_pipe(tmp_path: Path) -> MakePipe:
    """Make named pipes, by which a test waits for what a process does, and for its end."""

    def make() -> str:
        path = tmp_path / f"pipe_{len(list(tmp_path.glob('pipe_*')))}"
        os.mkfifo(path)
        return str(path)

    return make


def ask(plugin: Plugin, act: str, timeout_ms: float = PATIENT_MS, **spec: str) -> EngineResult:
    return evaluate(plugin, design={"act": act, **spec}, context={}, request_id="r", timeout_ms=timeout_ms)


def pid_of(plugin: Plugin) -> int:
    return int(ask(plugin, "tell_pid").reasons[0])


def is_there(pid: int) -> bool:
    """Tell whether a process is there, be it as a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def open_to_read(path: str) -> int:
    """Open a pipe before there is somebody who writes."""
    pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(pipe, True)
    return pipe


def await_end(pipe: int) -> None:
    """Return when every process that could write to a pipe has ended."""
    while os.read(pipe, 100):
        pass
    os.close(pipe)


# Start and reuse


def test_a_plugin_that_is_loaded_has_no_process_until_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[EngineProcess] = []
    start = EngineProcess._start
    monkeypatch.setattr(EngineProcess, "_start", lambda self, what: (started.append(self), start(self, what))[1])
    plugin = Plugin("faulty", FAULTY)
    assert [is_there(process._process.pid) for process in started] == [False]
    pid = pid_of(plugin)
    assert len(started) == 2
    assert is_there(pid)
    plugin.close()


def test_a_process_answers_one_question_after_the_other_and_ends_when_it_is_closed() -> None:
    plugin = Plugin("faulty", FAULTY)
    pid = pid_of(plugin)
    ask(plugin, "raise_error", error="ValueError")
    ask(plugin, "odd", odd="none")
    assert pid_of(plugin) == pid != os.getpid()
    plugin.close()
    assert not is_there(pid)
    assert pid_of(plugin) != pid
    plugin.close()


@pytest.mark.parametrize(
    ("act", "timeout_ms"), [("sleep", 50), ("crash", PATIENT_MS), ("allocate", PATIENT_MS), ("send_noise", PATIENT_MS)]
)
def test_after_a_failure_of_its_process_another_one_answers(
    act: str, timeout_ms: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = Plugin("faulty", FAULTY)
    pid = pid_of(plugin)
    killed, kill = list[int](), os.killpg
    monkeypatch.setattr(os, "killpg", lambda group, number: (killed.append(group), kill(group, number)))
    assert ask(plugin, act, timeout_ms).status == "ERROR"
    assert not is_there(pid)
    # Once: afterwards the number may be another process's. Where one that crashed is known by reaping it, not at all.
    assert killed == ([] if act == "crash" and not hasattr(os, "waitid") else [pid])
    assert is_there(pid_of(plugin))
    plugin.close()


def test_a_process_that_ended_while_nobody_asked_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    plugin = Plugin("faulty", FAULTY)
    pid = pid_of(plugin)
    os.kill(pid, signal.SIGKILL)
    wait_until(
        lambda: "Z" in subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    )
    assert pid_of(plugin) != pid
    assert not is_there(pid)
    assert "a waiting process of the engine plugin had ended" in caplog.text
    plugin.close()


def test_a_process_whose_files_were_closed_hangs_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "_HANG_UP_S", 0.0)
    plugin = Plugin("faulty", FAULTY)
    pid = pid_of(plugin)
    assert ask(plugin, "hang_up").reasons == ["The engine plugin hung up."]
    assert not is_there(pid)
    plugin.close()


def test_a_plugin_that_nobody_holds_leaves_no_process() -> None:
    plugin = Plugin("faulty", FAULTY)
    pid = pid_of(plugin)
    del plugin
    assert not is_there(pid)


# What it prints


def test_what_a_plugin_prints_goes_to_the_standard_error_and_nowhere_else(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    plugin = Plugin("faulty", FAULTY)  # whose process has the streams that are captured
    assert ask(plugin, "print_noise").status == "RED"
    plugin.close()
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.count("noise") == 4


def test_a_program_that_an_engine_starts_has_no_part_in_the_protocol(faulty: Plugin, tmp_path: Path) -> None:
    assert ask(faulty, "list_files", into=str(tmp_path / "files")).status == "RED"
    assert (tmp_path / "files").read_text().split() == ["0", "1", "2", "3"]  # the streams, and the folder it reads


# Forks and threads of the engine


def test_a_fork_that_comes_back_from_the_engine_answers_nothing(make_pipe: MakePipe, tmp_path: Path) -> None:
    plugin, path, made = Plugin("faulty", FAULTY), make_pipe(), tmp_path / "made"
    pid = pid_of(plugin)
    for _ in range(3):
        pipe = open_to_read(path)
        assert ask(plugin, "fork_twice_back", pipe=path, into=str(made)).status == "RED"
        assert pid_of(plugin) == pid
        await_end(pipe)
        assert not made.exists()
    plugin.close()


def test_a_thread_of_the_engine_keeps_no_process_alive() -> None:
    plugin = Plugin("faulty", FAULTY)
    pid = int(ask(plugin, "leave_a_thread").reasons[0])
    plugin.close()
    assert not is_there(pid)


@pytest.mark.parametrize(
    ("then", "timeout_ms"), [("tell_pid", PATIENT_MS), ("sleep", 500), ("leave", PATIENT_MS), ("crash", PATIENT_MS)]
)
def test_what_an_engine_has_forked_ends_with_its_process(then: str, timeout_ms: float, make_pipe: MakePipe) -> None:
    plugin, path = Plugin("faulty", FAULTY), make_pipe()
    pipe = open_to_read(path)
    ask(plugin, "hold", timeout_ms, pipe=path, then=then)
    plugin.close()
    await_end(pipe)


def test_a_program_that_an_engine_has_started_ends_with_its_process(make_pipe: MakePipe) -> None:
    plugin, path = Plugin("faulty", FAULTY), make_pipe()
    pipe = open_to_read(path)
    assert ask(plugin, "start_program", pipe=path).status == "RED"
    plugin.close()
    await_end(pipe)


# Many at once


def test_several_threads_are_answered_at_once_and_one_too_many_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, make_pipe: MakePipe
) -> None:
    monkeypatch.setattr(plugin_module, "MAX_PROCESSES", 2)
    plugin, said, go = Plugin("faulty", FAULTY), make_pipe(), make_pipe()
    with ThreadPoolExecutor(2) as threads:
        answers = [threads.submit(ask, plugin, "wait", said=said, go=go) for _ in range(2)]
        begun = os.open(said, os.O_RDONLY)
        assert os.read(begun, 1) + os.read(begun, 1) == b".."
        refused = ask(plugin, "tell_pid", timeout_ms=1)
        assert refused.reasons == ["The engine plugin was not asked: all of its 2 processes were busy."]
        with open(go, "wb") as letting_go:
            letting_go.write(b"..")
        pids = {answer.result().reasons[0] for answer in answers}
    assert len(pids) == 2
    assert str(pid_of(plugin)) in pids
    plugin.close()
    assert not any(is_there(int(pid)) for pid in pids)


def test_who_waits_for_a_process_gets_the_one_that_is_free_again(
    monkeypatch: pytest.MonkeyPatch, make_pipe: MakePipe
) -> None:
    monkeypatch.setattr(plugin_module, "MAX_PROCESSES", 1)
    plugin, said, go = Plugin("faulty", FAULTY), make_pipe(), make_pipe()
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(ask, plugin, "wait", said=said, go=go)
        begun = os.open(said, os.O_RDONLY)
        assert os.read(begun, 1) == b"."
        others = [threads.submit(ask, plugin, "tell_pid") for _ in range(2)]
        with open(go, "wb") as letting_go:
            letting_go.write(b".")
        assert {other.result().reasons[0] for other in others} == {first.result().reasons[0]}
    os.close(begun)
    plugin.close()


# The end of the service

SERVICE = """
import sys
from rmos.engines.plugin import Plugin
from rmos.engines.runner import evaluate

plugin = Plugin("faulty", "tests.engines.faulty:Faulty")
design = {"act": "hold", "pipe": sys.argv[1], "then": sys.argv[2], "deaf": True}
evaluate(plugin, design=design, context={}, request_id="r", timeout_ms=1e9)
print("answered", flush=True)
sys.stdin.read()
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("then", "end"),
    [
        *(("tell_pid", end) for end in ("SIGKILL", "SIGTERM", "SIGINT", "exit")),
        ("read_input", "exit"),
        *((then, end) for then in ("spin_in_c", "sleep") for end in ("SIGKILL", "SIGINT")),
    ],
)
def test_a_service_that_ends_leaves_no_process(then: str, end: str, make_pipe: MakePipe) -> None:
    path = make_pipe()
    command = [sys.executable, "-c", SERVICE, path, then]
    with Process(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as service:
        assert service.stdin is not None
        assert service.stdout is not None
        pipe = os.open(path, os.O_RDONLY)
        assert os.read(pipe, 1) == b"."
        if then in ("tell_pid", "read_input"):
            assert service.stdout.readline() == b"answered\n"
        if end == "exit":
            service.stdin.close()
        else:
            service.send_signal(signal.Signals[end])
        await_end(pipe)


FORKING = """
import os
from rmos.engines.plugin import Plugin
from rmos.engines.runner import evaluate

def pid():
    result = evaluate(plugin, design={"act": "tell_pid"}, context={}, request_id="r", timeout_ms=60_000)
    return int(result.reasons[0])

plugin = Plugin("faulty", "tests.engines.faulty:Faulty")
ours = pid()
if (forked := os.fork()) == 0:
    theirs = pid()
    plugin.close()
    os._exit(0 if theirs != ours and pid() not in (ours, theirs) else 1)
assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == 0
assert pid() == ours
"""


def test_a_fork_of_the_service_has_processes_of_its_own() -> None:
    subprocess.run([sys.executable, "-c", FORKING], cwd=ROOT, check=True, timeout=120)


# What cannot be loaded


@pytest.fixture
def write_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Write the module `acme`, which is found from then on."""
    monkeypatch.syspath_prepend(tmp_path)
    return lambda text: (tmp_path / "acme.py").write_text(textwrap.dedent(text)) and None


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("import os; os._exit(5)", r" exited with status 5 while it was loaded"),
        ("import os; os.abort()", r" was killed by SIGABRT while it was loaded"),
        ("import sys; sys.exit('bye')", r" cannot be imported: SystemExit: bye"),
        ("1 / 0", r" cannot be imported: ZeroDivisionError: division by zero"),
        ("from tests.engines.faulty import send_noise\nsend_noise()", r" broke the protocol while it was loaded"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_says_why(write_engine: Callable[[str], None], module: str, told: str) -> None:
    write_engine(module)
    with pytest.raises(NotLoaded, match=told):
        Plugin("acme", "acme:Good")


def test_a_plugin_that_is_never_loaded_is_given_up(
    write_engine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "LOAD_TIMEOUT_S", 0.2)
    write_engine("import time; time.sleep(100_000)")
    with pytest.raises(NotLoaded, match=r" was not loaded within 0.2 s"):
        Plugin("acme", "acme:Good")


def test_without_processes_left_a_plugin_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    files = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(process_module.subprocess, "Popen", refuse)
    with pytest.raises(NotLoaded, match="cannot be given a process"):
        Plugin("faulty", FAULTY)
    assert len(os.listdir("/proc/self/fd")) == files


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("raise RuntimeError('/etc/secret')", "its process could not be started"),
        (
            "from tests.engines.plugins import *\nGood = FunctionEngine(refuse, version='2.0.0')",
            "another version was installed since the service started",
        ),
    ],
)
def test_a_plugin_that_was_changed_under_the_service_is_not_asked(
    write_engine: Callable[[str], None], now: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_engine("from tests.engines.plugins import Good")
    plugin = Plugin("acme", "acme:Good")
    write_engine(now)
    result = evaluate(plugin, design={}, context={}, request_id="r", timeout_ms=PATIENT_MS)
    assert result.reasons == [f"The engine plugin was not asked: {told}."]
    assert ("/etc/secret" in caplog.text) == ("secret" in now)
