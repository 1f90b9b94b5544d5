import re

from rmos.engines.shop import SHIPPED
from rmos.rosette.materials import MATERIALS
from rmos.rosette.prompt_words import tokens


def test_every_material_has_colours_and_a_name_that_a_prompt_may_use() -> None:
    for name, material in MATERIALS.items():
        assert all(re.fullmatch("#[0-9a-f]{6}", shade) for shade in material.shades), name
        assert all(streak.length[0] < streak.length[1] for streak in material.streaks), name
        found = [token.meaning for token in tokens(material.name)]
        assert found[0] in (name, name.replace("fibre", "veneer")), name


def test_what_it_is_to_a_cutter_is_known_to_the_engine() -> None:
    named = {material.engine_id for material in MATERIALS.values() if material.engine_id}
    assert named <= set(SHIPPED.materials)
    assert len(named) >= 15
