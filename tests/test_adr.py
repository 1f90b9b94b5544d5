"""Decisions on record are cited by number: each number is that of one decision, and its heading has it too."""

from pathlib import Path

RECORDS = sorted((Path(__file__).parents[1] / "docs" / "adr").glob("*.md"))


def test_each_decision_has_a_number_of_its_own() -> None:
    assert [int(record.name[:4]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))


def test_the_heading_of_a_decision_has_the_number_of_its_file() -> None:
    headings = {record.name: record.read_text(encoding="utf-8").partition(".")[0] for record in RECORDS}
    assert headings == {record.name: f"# {int(record.name[:4])}" for record in RECORDS}
