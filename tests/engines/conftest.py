"""A plug-in that does what a design says, loaded once for each module."""

from collections.abc import Iterator

import pytest

from rmos.engines.plugin import Plugin


@pytest.fixture(scope="module")
def faulty() -> Iterator[Plugin]:
    """`tests.engines.faulty`, as a plug-in of the service."""
    plugin = Plugin("faulty", "tests.engines.faulty:Faulty")
    yield plugin
    plugin.close()
