"""The script as a stranger runs it: exit statuses, messages, and that it needs nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from rmos import digest
from rmos.services.zip_files import make_zip
from rmos.verifier import rmos_verify
from tests.helpers.bundles import KEY, ORIGIN, OTHER_KEY, START, add_file, make_members_of, make_run_files

SCRIPT = Path(rmos_verify.__file__)


def run_script(*arguments: object) -> tuple[int, str]:
    """Run the script as a stranger does, without RMOS and in no environment; return exit status and output."""
    command = [sys.executable, "-I", "-S", SCRIPT, *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env={})
    return done.returncode, done.stdout + done.stderr


def test_the_script_tells_a_stranger_what_holds_and_what_does_not(tmp_path: Path) -> None:
    members, bundle, saved = make_members_of(make_run_files(1)), tmp_path / "run.zip", tmp_path / "saved"
    bundle.write_bytes(make_zip(members))
    saved.write_bytes(members["checkpoint"])
    key = KEY.verifier_key.text()
    status, told = run_script("proof", bundle, "--key", key, "--checkpoint", saved)
    assert (status, told.splitlines()[0]) == (0, "HOLDS, as it was recorded:")
    assert f"log {ORIGIN}, 37 entries, root " in told
    status, told = run_script("proof", bundle, "--key", OTHER_KEY.verifier_key.text())
    assert (status, told.splitlines()[0]) == (1, "DOES NOT HOLD (1):")
    bundle.write_bytes(make_zip(make_members_of({START: digest.encode_record({"data": ["\x1b[2J"]})})))
    status, told = run_script("proof", bundle, "--key", key)
    assert status == 1
    assert "Traceback" not in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["proof"],
        ["proof", "x.zip"],
        ["proof", "missing.zip", "--key", KEY.verifier_key.text()],
        ["proof", SCRIPT, "--key", "shop.example/evidence"],
        ["proof", SCRIPT, "--key", KEY.verifier_key.text(), "--checkpoint", SCRIPT],
        ["prove", SCRIPT, "--key", KEY.verifier_key.text()],
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[object]) -> None:
    status, told = run_script(*arguments)
    assert status == 2
    assert "usage:" in told


def test_terminal_signs_in_what_was_recorded_are_not_printed(tmp_path: Path) -> None:
    files = make_run_files(0)
    add_file(files, actor="\x1b]0;HOLDS\x07é")
    bundle = tmp_path / "run.zip"
    bundle.write_bytes(make_zip(make_members_of(files)))
    status, told = run_script("proof", bundle, "--key", KEY.verifier_key.text())
    assert status == 0
    assert "by ?]0;HOLDS??" in told


def test_the_script_is_one_page_that_needs_nothing() -> None:
    lines = SCRIPT.read_text("utf-8").splitlines()
    assert len(lines) < 280
    imported = {line.split()[1].partition(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)
    ast.parse("\n".join(lines), feature_version=(3, 8))
