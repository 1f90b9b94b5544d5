"""`docs/programs.md` tells what is measured as it is: every finding with an example that gives it, every dialect."""

import re
from pathlib import Path

import msgspec
import pytest

from rmos.cam.dialects import load_dialects
from rmos.cam.gcode.reader import read_program
from rmos.cam.measure import measure_program
from rmos.cam.measure.setup import MachineAxes, ProgramSetup, Stock

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
TABLE = PAGE.split("## Findings of the measures")[1].split("\n## ")[0]
ROWS = re.findall(r"^\| `(\w+)` \| ([A-Z, ]+) \| `([^`]+)`([^|]*) \| (.+) \|$", TABLE, re.MULTILINE)
CODES = {
    code
    for path in (ROOT / "rmos" / "cam" / "measure").glob("*.py")
    for code in re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', path.read_text(encoding="utf-8"))
}


def test_every_finding_of_the_measures_is_on_the_page() -> None:
    assert {code for code, *_ in ROWS} == CODES


@pytest.mark.parametrize(("code", "levels", "example", "besides", "mend"), ROWS, ids=[row[0] for row in ROWS])
def test_an_example_gives_its_finding(
    code: str, levels: str, example: str, besides: str, mend: str, setup: ProgramSetup
) -> None:
    said = re.search(r"whose head is `([^`]+)`", besides)
    head = said[1] if said else "G21 G90 G17 G94" + ("" if "without G91.1" in besides else " G91.1")
    dialects = [dialect.id for dialect in load_dialects().values() if dialect.name in besides]
    text = "\n".join([head, *example.split(" ⏎ ")]) + "\n"
    asked = msgspec.structs.replace(
        setup,
        stock=Stock(thickness_mm=3.0, width_mm=100.0, height_mm=100.0),
        machine=MachineAxes(travel_mm=(800.0, 800.0, 80.0)),
        dialect=dialects[0] if dialects else "grbl",
    )
    found = measure_program(read_program(text.encode()), asked).findings
    assert [finding.level for finding in found if finding.code == code] == [levels.split(", ")[0]]
    assert mend


def test_every_dialect_is_on_the_page_as_the_table_has_it() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| (yes|no) \|$", PAGE, re.MULTILINE))
    assert rows == {name: "yes" if dialect.checked else "no" for name, dialect in load_dialects().items()}
    for dialect in load_dialects().values():
        assert f"| {dialect.machines} |" in PAGE
