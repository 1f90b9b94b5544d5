"""`rmos rosette`: what it writes, what it says, what it refuses."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import Result

from rmos.digest import sha256_hex
from rmos.rosette.interpret import NOTHING
from rmos.rosette.seeded import derive_seed
from tests.cli.conftest import Command, command_on

ROPE = "rope pattern, ebony and padauk, 6 mm band"


def document(result: Result) -> dict[str, object]:
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_it_writes_the_files_that_are_named_and_says_their_digest(run: Command, tmp_path: Path) -> None:
    out, png, dxf = tmp_path / "r.svg", tmp_path / "r.png", tmp_path / "r.dxf"
    result: Result = run("rosette", ROPE, "--seed", "7", "--out", str(out), "--png", str(png), "--dxf", str(dxf))
    assert result.exit_code == 0
    assert "Rosette: rope in" in result.stdout
    assert "seed         7 (given)" in result.stdout
    assert sha256_hex(out.read_bytes()) in result.stdout
    assert png.read_bytes().startswith(b"\x89PNG")
    assert dxf.read_text().endswith("EOF\n")
    assert {path.name for path in tmp_path.iterdir()} >= {"r.svg", "r.png", "r.dxf"}


def test_trap_35_the_digest_is_that_of_the_finished_drawing(run: Command, tmp_path: Path) -> None:
    """Nothing in the drawing needs the digest that is computed from it; it names seed, spec and prompt instead."""
    out = tmp_path / "r.svg"
    said = document(run("rosette", ROPE, "--seed", "7", "--out", str(out), "--json"))
    assert said["variant_sha256"] == sha256_hex(out.read_bytes())
    assert str(said["variant_sha256"]) not in out.read_text(encoding="utf-8")
    assert (said["variant_seed"], said["seed_source"]) == (7, "given")
    again = document(run("rosette", ROPE, "--seed", "7", "--json"))
    assert again == said
    other = document(run("rosette", ROPE, "--seed", "8", "--json"))
    assert other["variant_sha256"] != said["variant_sha256"]


def test_without_a_seed_the_prompt_has_its_own(run: Command) -> None:
    said = document(run("rosette", ROPE, "--json"))
    assert (said["variant_seed"], said["seed_source"]) == (derive_seed({"prompt": ROPE}), "derived")
    assert said["variant_sha256"] == document(run("rosette", ROPE, "--json"))["variant_sha256"]
    assert set(said) == {
        *("variant_sha256", "variant_seed", "seed_source", "spec", "assumptions", "unrecognized"),
        *("bom", "operations", "warnings"),
    }


def test_it_says_what_it_assumed_what_it_did_not_take_and_what_to_mind(run: Command) -> None:
    result: Result = run("rosette", "abalone hearts, 0.2 mm lines")
    assert "assumed      hearts cannot be drawn yet; the nearest is dots" in result.stdout
    assert "not taken    hearts" in result.stdout
    assert "impossible   ring 1: lines of 0.2 mm" in result.stdout


def test_the_profile_for_cutting(run: Command, tmp_path: Path) -> None:
    out = tmp_path / "cam.svg"
    assert run("rosette", ROPE, "--profile", "cam", "--out", str(out)).exit_code == 0
    assert 'id="CHANNEL"' in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "begins"), [("p.svg", "<svg "), ("p.html", "<!doctype html>"), ("p.HTM", "<!doc")])
def test_the_glue_up_plan_is_an_svg_or_a_page(run: Command, tmp_path: Path, name: str, begins: str) -> None:
    plan, dxf = tmp_path / name, tmp_path / "r.dxf"
    result: Result = run("rosette", "classical rosette", "--plan", str(plan), "--dxf", str(dxf))
    assert result.exit_code == 0
    assert plan.read_text(encoding="utf-8").startswith(begins)
    assert "Cutting list" in plan.read_text(encoding="utf-8")
    assert dxf.read_text(encoding="ascii").startswith("  0\nSECTION")
    assert f"written      {plan} (" in result.stdout


def test_a_prompt_of_which_nothing_was_understood_says_so_before_anything_else(run: Command) -> None:
    result: Result = run("rosette", "herringbon unicorn")
    assert result.stdout.splitlines()[:3] == [
        f"  assumed      {NOTHING}",
        "  not taken    herringbon (did you mean herringbone?)",
        "  not taken    unicorn",
    ]
    assert result.stdout.count(NOTHING) == 1


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("86 mm hole, 2 inch hole", "given twice"),
        ("1e9 spokes", "whole number from 1 to 2000"),
        ("...", "for example"),
        ("", "for example"),
    ],
)
def test_a_prompt_that_cannot_be_followed_is_one_line(run: Command, tmp_path: Path, prompt: str, said: str) -> None:
    out = tmp_path / "r.svg"
    result: Result = run("rosette", prompt, "--out", str(out))
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize("seed", ["-1", str(2**53), "x"])
def test_a_wrong_seed_is_a_usage_error(run: Command, seed: str) -> None:
    assert run("rosette", ROPE, "--seed", seed).exit_code == 2


def test_a_missing_extra_is_one_line_and_nothing_is_written(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    out, other = tmp_path / "r.svg", tmp_path / "other"
    result: Result = run("rosette", ROPE, "--out", str(out), "--png", str(other))
    assert result.exit_code == 2
    assert "pip install 'rmos[" in result.stderr
    assert not out.exists()
    assert not other.exists()


def test_a_file_that_cannot_be_written_is_one_line_without_its_folder(run: Command, tmp_path: Path) -> None:
    result: Result = run("rosette", ROPE, "--out", str(tmp_path / "absent" / "r.svg"))
    assert result.exit_code == 1
    assert "r.svg could not be written" in result.stderr
    assert "absent" not in result.stderr


def test_it_needs_no_store(run: Command, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert run("rosette", ROPE).exit_code == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_it_records_when_it_is_told_to(run: Command, tmp_path: Path) -> None:
    plain = document(run("rosette", ROPE, "--seed", "7", "--json"))
    said = document(run("rosette", ROPE, "--seed", "7", "--record", "--json"))
    assert set(said) - set(plain) == {"run_id", "run_status", "risk_level", "score", "block_reason", "indexed"}
    assert {name: said[name] for name in plain} == plain
    shown = document(run("show", str(said["run_id"]), "--json"))
    assert shown["event_type"] == "rosette"
    [attachment] = shown["attachments"]
    assert attachment["sha256"] == said["variant_sha256"]
    result: Result = run("rosette", "0.2 mm lines please", "--record")
    assert result.exit_code == 0
    assert " BLOCKED RED: LINE_TOO_THIN: " in result.stdout


def test_a_spec_in_a_file_is_drawn_as_it_stands_or_changed(run: Command, tmp_path: Path) -> None:
    first = document(run("rosette", ROPE, "--seed", "7", "--json"))
    file = tmp_path / "rope.json"
    file.write_text(json.dumps(first))
    again = document(run("rosette", "--spec", str(file), "--json"))
    assert (again["spec"], again["variant_seed"]) == (first["spec"], 7)
    file.write_text(json.dumps(first["spec"]))
    result: Result = run("rosette", "the same but wider", "--spec", str(file))
    assert result.exit_code == 0
    assert "changed      ring" in result.stdout
    for text in ("no JSON", "[]", '{"rings": []}'):
        file.write_text(text)
        result = run("rosette", "--spec", str(file))
        assert result.exit_code == 2
        assert "rope.json holds no " in result.stderr
        assert str(tmp_path) not in result.stderr


def test_without_a_prompt_and_a_spec_it_says_what_to_say(run: Command) -> None:
    result: Result = run("rosette")
    assert result.exit_code == 2
    assert "for example" in result.stderr


def test_there_is_nowhere_to_record_without_a_store(tmp_path: Path) -> None:
    result = command_on(tmp_path / "nowhere")("rosette", ROPE, "--record")
    assert result.exit_code == 10
    assert not (tmp_path / "nowhere").exists()
