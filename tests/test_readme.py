"""The README's lines are run as they are printed, by a stranger who has installed a wheel, against the real server."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.installed import Installed, installed_once
from tests.helpers.waiting import wait_until

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"
OTHERWISE_TRIED: Final = {
    "pipx install .": "tests/test_wheel.py, as pip does it",
    "python3 dev.py serve": "tests/devtools",
    "python3 dev.py test": "it is running",
    ". .venv/bin/activate": "tests/devtools",
}
"""Lines that are not run here, and where they are."""


def blocks(section: str, language: str) -> list[str]:
    """Return the code blocks of one language in a section of the README."""
    text = README.split(f"## {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    """RMOS from a wheel of this tree, for a stranger in an empty folder."""
    with installed_once() as made:
        yield made


@pytest.fixture(scope="module")
def address(installed: Installed) -> Iterator[str]:
    """Where the service of the stranger is, which has nothing in its record yet."""
    with installed.serve() as said:
        yield said["url"]


def as_pattern(printed: str) -> re.Pattern[str]:
    """Return what an answer must look like where the README prints it with dots."""
    return re.compile(".*".join(re.escape(part) for part in printed.strip().split("…")))


@pytest.mark.long
@pytest.mark.curl
def test_the_curl_lines_give_the_answers_that_are_printed(installed: Installed, address: str) -> None:
    scripts = blocks("Ask for a decision", "sh")
    answers = blocks("Ask for a decision", "json")
    assert len(scripts) == 3
    assert len(answers) == 2
    first, refused = (installed.run(script.replace(ADDRESS, address)) for script in scripts[:2])
    assert as_pattern(answers[0]).search(first), first
    assert as_pattern(answers[1]).search(refused), refused
    found = installed.run(scripts[2].replace(ADDRESS, address))
    assert re.search(r'"total":[1-9]', found)
    assert re.search(r"[0-9a-f]{64}  -$", found)
    again = installed.run(scripts[0].replace(ADDRESS, address))
    assert re.findall(r"run_[0-9a-f]{32}", again) == re.findall(r"run_[0-9a-f]{32}", first)


@pytest.mark.long
@pytest.mark.curl
def test_the_session_of_a_newcomer_shows_its_run_in_the_summary_view(installed: Installed, address: str) -> None:
    (script,) = blocks("Keep the runs of a job together", "sh")
    printed = installed.run(script.replace(ADDRESS, address))
    assert re.search(r'"items":\[\{"run_id":"run_[0-9a-f]{32}"', printed), printed
    assert '"total_runs":1' in printed


@pytest.mark.long
@pytest.mark.curl
def test_a_newcomer_s_program_is_judged_with_the_answer_that_is_printed(installed: Installed, address: str) -> None:
    section = "Check the program that your CAM posted"
    (script, command), (answer,), (table,) = (blocks(section, language) for language in ("sh", "json", "text"))
    printed = installed.run(script.replace(ADDRESS, address))
    assert as_pattern(answer).search(printed), printed
    shown = installed.run(f"{command.strip()} || test $? = 1")
    assert re.search(as_pattern(table).pattern, shown, re.DOTALL), shown


@pytest.mark.long
@pytest.mark.curl
def test_the_python_of_the_readme_lists_what_was_refused(installed: Installed, address: str) -> None:
    installed.run(blocks("Ask for a decision", "sh")[1].replace(ADDRESS, address))
    (script,) = blocks("From Python", "python")
    (installed.home / "listing.py").write_text(script.replace(ADDRESS, address))
    lines = installed.run("python3 listing.py").splitlines()
    assert lines
    assert [line for line in lines if not re.match(r"run_[0-9a-f]{32} [A-Z_]+: ", line)] == []


@pytest.mark.long
@pytest.mark.curl
def test_a_rosette_is_drawn_and_hung_on_a_run_of_a_record_that_is_proved(installed: Installed, address: str) -> None:
    (script,) = blocks("Draw a rosette", "sh")
    installed.run(script)
    installed.run(blocks("Ask for a decision", "sh")[0].replace(ADDRESS, address))
    assert (installed.home / "rope.svg").read_text().startswith("<svg")
    proving, attaching = blocks("Prove the record", "sh")
    assert "Plan: nothing to do." in installed.run(proving)
    assert '"sha256":"' in installed.run(attaching.replace(ADDRESS, address))


@pytest.mark.long
@pytest.mark.curl
def test_a_sentence_becomes_a_pack_for_the_machine(installed: Installed, address: str) -> None:
    (script,) = blocks("From a sentence to the machine", "sh")
    printed = installed.run(script.replace(ADDRESS, address)).splitlines()
    assert printed[:4] == ["context_ready", "feasibility_ready", "approved", "toolpaths_requested"]
    assert "sheet.html: OK" in printed
    assert [line for line in printed[4:] if not line.endswith(": OK")] == []


@pytest.mark.long
@pytest.mark.curl
def test_a_run_is_proved_to_somebody_who_has_nothing_of_rmos(installed: Installed, address: str) -> None:
    installed.run(blocks("Ask for a decision", "sh")[0].replace(ADDRESS, address))
    (script,) = blocks("Prove it to somebody else", "sh")
    said = installed.run(script.replace(ADDRESS, address))
    assert "HOLDS, as it was recorded:" in said
    assert "believed by the key of this installation" in said
    key = json.loads(installed.run("rmos evidence keys --json"))["items"][-1]["verifier_key"]
    checked = f"python3 -I -S rmos_verify.py proof run.proof.zip --key {shlex.quote(key)}"
    assert installed.run(checked)
    bundle = installed.home / "run.proof.zip"
    data = bytearray(bundle.read_bytes())
    data[99] ^= 1
    bundle.write_bytes(data)
    with pytest.raises(AssertionError):
        installed.run(checked)


@pytest.mark.long
@pytest.mark.curl
def test_the_service_is_opened_to_the_workshop(installed: Installed) -> None:
    own = {"RMOS_INSTANCE_DIR": str(installed.home / "workshop")}
    *lines, export, serving = blocks("Open it to the workshop", "sh")[0].splitlines()
    tokens = [re.findall(r"rmos_[0-9a-z]+_[\w-]+", installed.run(line, **own)) for line in lines]
    assert all(len(found) == 1 for found in tokens)
    exported = dict(word.split("=") for word in shlex.split(export, comments=True)[1:])
    with installed.serve(*options_of(serving), **own, **exported) as said:
        url = said["url"]
        refused = f"curl -s -o /dev/null -w '%{{http_code}}' {url}/api/rmos/runs"
        assert installed.run(refused) == "401"
        assert installed.run(f"{refused} -H 'Authorization: Bearer {tokens[0][0]}'") == "200"


@pytest.mark.long
@pytest.mark.curl
def test_the_first_line_for_who_installs_serves_invented_runs_and_opens_a_browser(installed: Installed) -> None:
    first = README.split("\n## ")[0]
    (serving,) = re.findall(r"^rmos serve.*$", first, re.MULTILINE)
    browser, opened = installed.home / "browser", installed.home / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.part && mv {opened}.part {opened}\n')
    browser.chmod(0o755)
    own = {"RMOS_INSTANCE_DIR": str(installed.home / "first"), "BROWSER": f"{browser} %s"}
    with installed.serve(*options_of(serving), **own) as said:
        wait_until(opened.exists, "the browser")
        assert opened.read_text() == f"{said['url']}/\n"
        assert '"total":29' in installed.run(f"curl -s '{said['url']}/api/rmos/runs?limit=1&include_total=true'")


def options_of(line: str) -> list[str]:
    """Return the options in a line that starts the service."""
    program, command, *options = shlex.split(line, comments=True)
    assert (program, command) == ("rmos", "serve")
    return options


def test_no_line_of_the_readme_is_left_out() -> None:
    first, *sections = README.split("\n## ")
    run = {"Ask for a decision", "Keep the runs of a job together", "Draw a rosette", "Prove the record"}
    run |= {"Open it to the workshop", "Check the program that your CAM posted", "Prove it to somebody else"}
    run |= {"From a sentence to the machine"}
    assert {text.partition("\n")[0] for text in sections if "```sh\n" in text} == run
    lines = [
        line.partition("#")[0].strip()
        for block in re.findall(r"```sh\n(.*?)```", first, re.DOTALL)
        for line in block.splitlines()
    ]
    assert [line for line in lines if not line.startswith("rmos serve")] == list(OTHERWISE_TRIED)


def test_the_first_lines_say_where_it_runs_and_how_it_starts() -> None:
    first = README.split("\n## ")[0]
    assert "Linux or macOS; Windows through WSL 2 or a container" in " ".join(first.split())
    assert "python3 dev.py serve" in first
    assert "python3 dev.py test" in first
    assert len(first.splitlines()) < 25


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))])
def test_commands_have_one_spelling_on_every_page(page: str) -> None:
    assert not re.search(r"(flask|bin/flask|bin/rmos) rmos|\.venv/bin/rmos", (ROOT / page).read_text(encoding="utf-8"))
