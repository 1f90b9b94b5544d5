"""The tables of a shop: what an instance folder adds, what is refused, and that a changed table shows in the record."""

from pathlib import Path
from typing import Any

import pytest

from rmos.engines.base import EngineResult
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.engines.shop import SHIPPED, load_shop
from rmos.errors.installation import ConfigError
from rmos.services.artifact import RunRequest
from rmos.services.runs import complete_context
from tests.engines.cuts import check_of, make_context, make_design

PEAR = """
[pear]
janka_lbf = 1660
energy_j_mm3 = 0.26
source = "our own Janka test"
energy_source = "hardwood, RMOS policy"
"""


def write(folder: Path, **tables: str) -> Path:
    for name, text in tables.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def judged(engines: Registry, material: str) -> EngineResult:
    return evaluate(
        engines.get("baseline_v1"),
        design=make_design(),
        context=make_context(material),
        request_id="r",
        timeout_ms=1000,
    )


def test_every_shipped_entry_names_its_source() -> None:
    assert all(material.source and material.energy_source for material in SHIPPED.materials.values())
    assert {"sitka_spruce", "ebony", "bone", "mother_of_pearl", "brass"} <= set(SHIPPED.materials)
    assert len(SHIPPED.materials) == 24
    assert set(SHIPPED.machines) == {"light_desktop", "light_fast_spindle", "rigid_router", "table_saw"}


@pytest.mark.parametrize(
    ("material", "energy"),
    [
        ("sitka_spruce", 0.113), ("mahogany", 0.156), ("koa", 0.273), ("abalone", 0.273), ("birch_plywood", 0.289),
        ("mdf", 0.078), ("acrylic", 0.20), ("aluminium_6061", 0.816), ("brass", 0.82),
    ],
)  # fmt: skip
def test_the_specific_energies_are_those_of_the_workbook(material: str, energy: float) -> None:
    assert SHIPPED.materials[material].energy_j_mm3 == energy


def test_a_shop_adds_its_own_material_tool_and_machine(tmp_path: Path) -> None:
    tool = '[mill]\nkind = "end_mill"\ndiameter_mm = 3\nflutes = 1\nmaterial = "hss"\nsource = "drawer 4"\n'
    machine = '[old_iron]\nclass = "rigid"\nmax_force_n = 900\nsource = "measured"\n'
    shop = load_shop(write(tmp_path, materials=PEAR, tools=tool, machines=machine))
    assert shop.materials["pear"].chart == shop.materials["pear"].saw == "hardwood"
    request = RunRequest(
        mode="router", tool_id="mill", machine_id="old_iron", material_id="pear", design={}, context={}
    )
    assert complete_context(request, shop) == {
        "tool": {"kind": "end_mill", "diameter_mm": 3.0, "flutes": 1, "material": "hss"},
        "machine": {"class": "rigid", "max_force_n": 900.0},
        "material": {"id": "pear"},
    }
    result = judged(Registry(shop=shop), "pear")
    assert (result.status, check_of(result, "CHIP_OVERLOAD").limit) == ("YELLOW", pytest.approx(0.127))
    assert "pear: hardwood, RMOS policy" in result.assumptions
    assert judged(Registry(), "pear").status == "RED"


@pytest.mark.parametrize("machine", [{}, None, {"class": "rigid"}, "light_desktop"])
def test_a_machine_that_was_sent_is_never_overridden(machine: object) -> None:
    context = {"machine": machine, "tool": {}}
    assert SHIPPED.complete(context, tool_id="em-3175-2f", machine_id="light_desktop") is context


def test_a_changed_table_cannot_pass_for_the_one_before(tmp_path: Path) -> None:
    before = judged(Registry(), "sitka_spruce")
    stated = 'janka_lbf = 510\nheat = 0.9\nsource = "s"\nenergy_source = "e"\n'
    softer = f"[sitka_spruce]\nenergy_j_mm3 = 0.1130001\n{stated}"
    after = judged(Registry(shop=load_shop(write(tmp_path, materials=softer))), "sitka_spruce")
    assert after.assessments[0] == before.assessments[0]
    assert len(after.data_sha256) == 64
    assert after.data_sha256 != before.data_sha256
    assert after.record()["data_sha256"] == after.data_sha256


def test_another_material_in_the_table_leaves_what_was_judged_by_as_it_was(tmp_path: Path) -> None:
    with_pear = Registry(shop=load_shop(write(tmp_path, materials=PEAR)))
    assert judged(with_pear, "ebony").record() == judged(Registry(), "ebony").record()
    assert judged(Registry(), "ebony").data_sha256 != judged(Registry(), "koa").data_sha256


TOOL: dict[str, Any] = {"kind": '"drill"', "diameter_mm": 3, "flutes": 2, "material": '"hss"', "source": '"s"'}


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"kind": '"spoon"'}, "Invalid enum value 'spoon' for `kind`"),
        ({"diameter_mm": "nan"}, "for `diameter_mm`"),
        ({"diameter_mm": "inf"}, "for `diameter_mm`"),
        ({"diameter_mm": -1}, "for `diameter_mm`"),
        ({"diameter_mm": '"3 mm"'}, "Expected `float`, got `str` for `diameter_mm`"),
        ({"flutes": 0}, "for `flutes`"),
        ({"flutes": 2.5}, "for `flutes`"),
        ({"diametre_mm": 3}, "it has unknown field `diametre_mm`"),
        ({"source": '""'}, "for `source`"),
        ({"life_minutes": 0}, "for `life_minutes`"),
        ({"life_minutes": '"long"'}, "for `life_minutes`"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named_with_its_file(
    tmp_path: Path, members: dict[str, Any], says: str
) -> None:
    lines = [f"{name} = {value}" for name, value in (TOOL | members).items()]
    with pytest.raises(ConfigError) as refused:
        load_shop(write(tmp_path, tools="\n".join(["[mine]", *lines])))
    assert refused.value.detail.startswith("instance/tools.toml, entry [mine]: ")
    assert says in refused.value.detail
    assert str(tmp_path) not in refused.value.detail


def test_how_long_a_tool_lasts_is_said_of_it_and_is_no_part_of_a_cut(tmp_path: Path) -> None:
    entry = "\n".join(f"{name} = {value}" for name, value in TOOL.items())
    text = f"[em-3175-2f]\nlife_minutes = 120\n[mine]\n{entry}\nlife_minutes = 7.5\n[other]\n{entry}\n"
    shop = load_shop(write(tmp_path, tools=text))
    assert shop.tool_lives == {"em-3175-2f": 120.0, "mine": 7.5}
    assert SHIPPED.tool_lives == {}
    assert shop.tools["em-3175-2f"] == SHIPPED.tools["em-3175-2f"]
    assert shop.tools["mine"] == shop.tools["other"]
    (shown,) = (entry for entry in shop.tables["tools"] if entry.id == "em-3175-2f")
    assert (shown.is_own, shown.members["life_minutes"], shown.members["flutes"]) == (True, 120.0, 2)
    with pytest.raises(ConfigError, match=r"entry \[nobody\]: it lacks the required field `kind`"):
        load_shop(write(tmp_path, tools="[nobody]\nlife_minutes = 1\n"))


@pytest.mark.parametrize(
    ("table", "text", "says"),
    [
        ("materials", "[pear\n", "instance/materials.toml cannot be read: "),
        ("materials", "pear = 3\n", "instance/materials.toml, entry [pear]: it must be a table"),
        ("materials", '["../pear"]\nsource = "s"\n', "a name is 1 to 64 of the characters"),
        ("materials", '["a\\u0007"]\nsource = "s"\n', "entry 'a\\x07'"),
        ("materials", '[pear]\nsource = "s"\nenergy_source = "e"\nenergy_j_mm3 = 1\n', "it needs `janka_lbf`"),
        ("machines", '[iron]\nclass = "heavy"\nsource = "s"\n', "instance/machines.toml, entry [iron]: "),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path: Path, table: str, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_shop(write(tmp_path, **{table: text}))
    assert says in refused.value.detail


def test_a_table_that_is_a_folder_is_refused_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "tools.toml").mkdir()
    with pytest.raises(ConfigError, match=r"^instance/tools\.toml cannot be read: Is a directory\.$"):
        load_shop(tmp_path)


def test_an_instance_folder_without_tables_is_the_shipped_shop(tmp_path: Path) -> None:
    assert load_shop(tmp_path / "nowhere") == SHIPPED == load_shop()


def test_what_a_machine_states_of_its_axes_is_in_no_context(tmp_path: Path) -> None:
    stated = 'dialect = "linuxcnc"\ntravel_mm = [600, 400, 90]\nmax_rate_mm_min = [5000, 5000, 3000]\nhoming = true\n'
    shop = load_shop(write(tmp_path, machines=f'[mill]\nclass = "rigid"\nsource = "own"\n{stated}'))
    assert shop.machines["mill"] == {"class": "rigid"}
    assert shop.axes["mill"] == {
        "dialect": "linuxcnc",
        "travel_mm": (600, 400, 90),
        "max_rate_mm_min": (5000, 5000, 3000),
        "homing": True,
    }
    assert shop.axes["table_saw"] == {}
    assert "acceleration_mm_s2" not in shop.machines["light_desktop"]


@pytest.mark.parametrize("line", ["travel_mm = [600, 400]", "acceleration_mm_s2 = [250, 250, 0]", "homing = 1"])
def test_axes_that_cannot_be_are_refused(line: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mill"):
        load_shop(write(tmp_path, machines=f'[mill]\nclass = "rigid"\nsource = "own"\n{line}\n'))
