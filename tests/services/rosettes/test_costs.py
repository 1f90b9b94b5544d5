"""What the materials of a rosette cost, about."""

import pytest

from rmos.engines.shop.prices import MaterialPrice, PriceMeasure
from rmos.rosette.bom import BillItem, What
from rmos.services.rosettes.costs import estimate_costs


def item(material: str, what: What = "strip", count: int = 3) -> BillItem:
    """Return three strips of 200 × 4 × 0.5 mm."""
    return BillItem(
        ring=1, what=what, material=material, count=count, length_mm=200.0, width_mm=0.5, height_mm=4.0, used=0.9
    )


@pytest.mark.parametrize(
    ("per", "cost"),
    [
        ("m3", 1.2e-6 * 10),
        ("dm3", 1.2e-3 * 10),
        ("cm3", 1.2 * 10),
        ("m2", 0.0024 * 10),
        ("dm2", 0.24 * 10),
        ("m", 0.6 * 10),
        ("piece", 30),
    ],
)
def test_a_line_costs_its_blanks_by_whatever_its_material_is_sold_by(per: PriceMeasure, cost: float) -> None:
    costs = estimate_costs([item("ebony")], {"ebony": MaterialPrice(10, "EUR", per)})
    assert costs.lines == ((pytest.approx(cost), "EUR"),)
    assert costs.totals == {"EUR": pytest.approx(cost)}


def test_what_is_made_of_other_lines_is_not_bought_again_and_what_has_no_price_is_named() -> None:
    prices = {"ebony": MaterialPrice(1, "€", "piece"), "hard_maple": MaterialPrice(2, "USD", "piece")}
    bill = [item("ebony"), item("ebony", "stack"), item("ebony", "slice"), item("black_fibre"), item("maple", "board")]
    costs = estimate_costs([*bill, item("black_fibre"), item("ebony", "veneer", 1)], prices)
    assert costs.lines == ((3, "€"), None, None, None, (6, "USD"), None, (1, "€"))
    assert costs.totals == {"€": 4, "USD": 6}
    assert costs.unpriced == ("black fibre",)
    assert estimate_costs([item("ebony", "log")], {}).unpriced == ()
