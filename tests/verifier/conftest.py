"""A shop that has a log, and the bundle of one of its runs as RMOS gives it out."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from rmos.services.evidence import append_log, make_proof, start_log
from rmos.services.evidence_pages import publish_log
from rmos.store.evidence.signing import KeyFile
from tests.helpers.bundles import ORIGIN
from tests.makers import ANNA, US, add_event, make_members, open_store


class Shop(NamedTuple):
    """What a stranger may be given."""

    folder: Path
    """The store."""
    public: Path
    """The log as static files."""
    bundle: bytes
    run_id: str
    key: str
    """The verifier key."""


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with 41 runs, one of them with two events."""
    folder = tmp_path_factory.mktemp("shop")
    store, key_file = open_store(folder), KeyFile(folder / "evidence.key")
    for at in range(40):
        store.runs.put(make_members(US + at))
    started = start_log(store, key_file, origin=ORIGIN, actor=ANNA, us=US)
    run_id = store.runs.put(make_members(US)).view.artifact.run_id
    for number in (1, 2):
        add_event(store, run_id, "advisory", {"advisory_id": f"adv_{number}"}, actor=ANNA, us=US)
    append_log(store, key_file, us=US)
    publish_log(store, folder / "public")
    yield Shop(folder / "runs", folder / "public", make_proof(store, run_id), run_id, started.verifier_key.text())
    store.index.close()
