"""What the author of an engine runs: the contract kit, and what the engine is for."""

import pytest
from rmos_gentle import Gentle

from rmos.engines.testing import check_engine


def test_it_keeps_the_contract() -> None:
    check_engine(Gentle())


@pytest.mark.parametrize(("feed", "risk"), [(800, "GREEN"), (1500, "YELLOW"), (2500, "RED"), ("fast", "UNKNOWN")])
def test_it_judges_the_feed(feed: object, risk: str) -> None:
    assert Gentle().compute(spec={"feed_mm_min": feed}, ctx={}, request_id="r").status == risk
