"""The index of a log, which nobody believes: whatever is done to it, a proof is the same, or none is given out."""

import pytest

from rmos.errors.base import RmosError
from rmos.errors.evidence import NotLoggedYet
from rmos.errors.store import IndexBroken
from rmos.services.evidence import make_proof
from rmos.store.records import Damage
from tests.checks.logged import LoggedShop
from tests.checks.shops import Shop

ATTACKS: dict[str, type[Exception] | None] = {
    "DELETE FROM entries": NotLoggedYet,
    "DELETE FROM batches": NotLoggedYet,
    "DELETE FROM facts WHERE name = 'log_edge'": NotLoggedYet,
    "UPDATE facts SET value = '2 AAAA' WHERE name = 'log_edge'": None,
    "UPDATE entries SET number = 1": Damage,
    "UPDATE batches SET first = 0": Damage,
    "UPDATE batches SET size = size + 1": Damage,
    "UPDATE batches SET number = number + 7": NotLoggedYet,
    "DROP TABLE entries": IndexBroken,
    "DROP TABLE batches": IndexBroken,
}
"""What is done to the index, and what comes instead of a proof; None where the proof is the same."""


@pytest.fixture
def logged(shop: Shop) -> LoggedShop:
    """Return a shop whose record is logged."""
    return LoggedShop(shop)


def prove(logged: LoggedShop, run_id: str) -> bytes | type[Exception]:
    """Return the bundle of a run, or what came instead."""
    try:
        return make_proof(logged.shop.store, run_id)
    except (Damage, RmosError) as error:
        return type(error)


@pytest.mark.parametrize("statement", ATTACKS)
def test_a_changed_index_changes_no_proof_that_is_given_out(logged: LoggedShop, statement: str) -> None:
    run_id = logged.put()
    whole = make_proof(logged.shop.store, run_id)
    logged.shop.sql(statement)
    assert prove(logged, run_id) == (ATTACKS[statement] or whole)
    logged.append()
    assert logged.faults() == set()


def test_without_the_index_a_proof_comes_back_with_the_next_append(logged: LoggedShop) -> None:
    run_id = logged.put()
    whole = make_proof(logged.shop.store, run_id)
    logged.shop.store.index.close()
    for path in logged.root.glob("_index.sqlite*"):
        path.unlink()
    assert prove(logged, run_id) is IndexBroken
    logged.append()
    assert prove(logged, run_id) == whole


def test_a_log_whose_rows_are_lost_goes_on_where_it_was(logged: LoggedShop) -> None:
    logged.put()
    size = logged.append().checkpoint.size
    logged.shop.store.index.log.clear()
    assert logged.append().checkpoint.size == size
    assert logged.put()
    assert logged.faults() == set()
