"""What materials cost: stated by a shop, read by no engine."""

from pathlib import Path
from typing import Any

import pytest

from rmos.engines.registry import Registry
from rmos.engines.shop import SHIPPED, load_shop
from rmos.engines.shop.prices import MaterialPrice, split_prices
from rmos.errors.installation import ConfigError
from rmos.services.feasibility import DryRun, evaluate_cuts
from tests.web.conftest import CUT

OWN = """
[ebony]
price = 95
price_unit = "EUR/dm3"

[black_fibre]
price = 0.8
price_unit = "€/m"

[pear]
price = 30.5
price_unit = "USD/piece"
janka_lbf = 1660
energy_j_mm3 = 0.27
source = "our own test"
energy_source = "hardwood in general"
"""


def digest_tables(folder: Path | None) -> str | None:
    """Return the digest of the tables that a cut in ebony is evaluated by."""
    engines, cut = Registry.load(load_shop(folder)), {**CUT, "material_id": "ebony"}
    (result,) = evaluate_cuts(engines, DryRun(items=[cut]), request_id="r", engine_timeout_ms=60_000)
    return result.found.data_sha256


def test_a_price_alone_leaves_the_figures_and_digests_of_a_material_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "materials.toml").write_text(OWN, encoding="utf-8")
    shop = load_shop(tmp_path)
    assert dict(shop.prices) == {
        "ebony": MaterialPrice(95.0, "EUR", "dm3"),
        "black_fibre": MaterialPrice(0.8, "€", "m"),
        "pear": MaterialPrice(30.5, "USD", "piece"),
    }
    assert set(shop.materials) - set(SHIPPED.materials) == {"pear"}
    assert shop.materials["ebony"] == SHIPPED.materials["ebony"]
    (tmp_path / "materials.toml").write_text(OWN.partition("[pear]")[0], encoding="utf-8")
    assert digest_tables(tmp_path) == digest_tables(None)
    assert SHIPPED.prices == {}


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"price": 5}, "`price_unit` must be a currency and a measure, as EUR/dm3"),
        ({"price_unit": "EUR/m"}, "`price` must be a number above zero"),
        ({"price": 0, "price_unit": "EUR/m"}, "`price` must be a number above zero"),
        ({"price": "5", "price_unit": "EUR/m"}, "`price` must be a number above zero"),
        ({"price": 5, "price_unit": "EUR"}, "there are m3, dm3, cm3, m2, dm2, m, piece"),
        ({"price": 5, "price_unit": "EUR/litre"}, "`price_unit`"),
        ({"price": 5, "price_unit": "<b>/m"}, "`price_unit`"),
        ({"price": 5, "price_unit": 3}, "`price_unit`"),
    ],
)
def test_a_price_that_is_none_stops_the_start_and_names_the_entry(members: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as stopped:
        split_prices({"ebony": members}, "instance/materials.toml")
    assert "instance/materials.toml, entry [ebony]: " in stopped.value.detail
    assert said in stopped.value.detail
