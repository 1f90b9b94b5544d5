from pathlib import Path

from tests.cli.conftest import command_on, document


def test_all_rules_are_listed_without_a_store(tmp_path: Path) -> None:
    run = command_on(tmp_path / "nowhere")
    listed = run("rules")
    assert listed.exit_code == 0
    assert "HEAT            baseline_v2  heat          0.25  Does the edge rub" in listed.stdout
    assert len(document(run("rules", "--json"))["items"]) == 16 + 18
    assert list(tmp_path.iterdir()) == []


def test_one_rule_is_explained_in_either_spelling(tmp_path: Path) -> None:
    run = command_on(tmp_path)
    shown = run("rules", "chip_rubbing")
    assert shown.exit_code == 0
    for word in ("h_min", "GREEN", "YELLOW", "RED", "Shapeoko CNC A to Z", "inlay_pocket"):
        assert word in shown.stdout
    assert document(run("rules", "CHIP_RUBBING", "--json"))["id"] == "CHIP_RUBBING"


def test_a_rule_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    refused = command_on(tmp_path)("rules", "luck")
    assert refused.exit_code == 1
    assert "There is no rule" in refused.stderr
    assert "CHIP_RUBBING" in refused.stderr
