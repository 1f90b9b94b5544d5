"""What the tests of the reader need: the referee."""

import shutil

import pytest


@pytest.fixture(scope="session")
def rs274() -> None:
    """Demand LinuxCNC's interpreter."""
    if shutil.which("rs274") is None:
        pytest.fail("rs274 is not there: .ci/run takes it out of the Debian package linuxcnc-uspace", pytrace=False)
