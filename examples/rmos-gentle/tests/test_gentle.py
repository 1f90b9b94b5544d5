"""What the author of an engine runs: the contract kit, and what the engine is for."""

import pytest
from rmos_gentle import Gentle

from rmos.engines.testing import check_engine


@pytest.mark.parametrize("engine", [Gentle(), "rmos_gentle:Gentle"], ids=["here", "in a process of its own"])
def test_it_keeps_the_contract(engine: Gentle | str) -> None:
    check_engine(engine)


@pytest.mark.parametrize(("feed", "risk"), [(800, "GREEN"), (1500, "YELLOW"), (2500, "RED"), ("fast", "UNKNOWN")])
def test_it_judges_the_feed(feed: object, risk: str) -> None:
    assert Gentle().compute(spec={"feed_mm_min": feed}, ctx={}, request_id="r").status == risk
