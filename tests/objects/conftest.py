"""The backends that the contract suite runs over: a second backend joins with one line in `BACKENDS`."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rmos.objects.base import Objects
from rmos.objects.local import LocalObjects
from tests.helpers.buckets import open_bucket
from tests.helpers.ceph import share_ceph
from tests.helpers.memory_objects import MemoryObjects
from tests.helpers.s3_proxy import S3Proxy
from tests.helpers.s3_requests import make_bucket
from tests.helpers.s3_server import BUCKET, BucketServer
from tests.objects.calls import Recorder, refuse_tmpfile


def local(folder: Path, request: pytest.FixtureRequest) -> Objects:
    """Open a local folder."""
    return LocalObjects(folder / "runs")


def local_without_tmpfile(folder: Path, request: pytest.FixtureRequest) -> Objects:
    """Open a local folder of a filesystem that knows no nameless files."""
    refuse_tmpfile(request.getfixturevalue("monkeypatch"))
    return LocalObjects(folder / "runs")


def local_with_blobs_elsewhere(folder: Path, request: pytest.FixtureRequest) -> Objects:
    """Open a local folder whose attachments live in another one."""
    return LocalObjects(folder / "runs", attachments=folder / "elsewhere" / "blobs")


def memory(folder: Path, request: pytest.FixtureRequest) -> Objects:
    """Open a dictionary, which has no folders, times or files."""
    return MemoryObjects()


def bucket(folder: Path, request: pytest.FixtureRequest) -> Objects:
    """Open a bucket of the small server in this process."""
    server: BucketServer = request.getfixturevalue("bucket_server")
    return open_bucket(server.url, BUCKET, folder, request.getfixturevalue("monkeypatch"))


def bucket_of_ceph(folder: Path, request: pytest.FixtureRequest) -> Objects:
    """Open a bucket of a real object storage."""
    return open_bucket(request.getfixturevalue("ceph_url"), BUCKET, folder, request.getfixturevalue("monkeypatch"))


BACKENDS = [
    *(local, local_without_tmpfile, local_with_blobs_elsewhere, memory, bucket),
    pytest.param(bucket_of_ceph, marks=[pytest.mark.ceph, pytest.mark.long]),
]


@pytest.fixture(scope="session")
def bucket_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketServer]:
    """The small S3 server, for all tests of a session."""
    with BucketServer(tmp_path_factory.mktemp("buckets")) as server:
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BucketServer]:
    """A server of the test's own, whose handler and objects it may spoil."""
    with BucketServer(tmp_path / "server") as made:
        yield made


@pytest.fixture
def proxy(server: BucketServer) -> Iterator[S3Proxy]:
    """A proxy before it, which passes on what it is not told to spoil."""
    with S3Proxy(server.address) as made:
        yield made


@pytest.fixture(scope="session")
def ceph_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The gateway of a Ceph that all processes of this run of the tests share, with a bucket."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared-ceph"
    with contextlib.ExitStack() as shared:
        try:
            url = shared.enter_context(share_ceph(folder))
        except RuntimeError as error:
            pytest.fail(str(error), pytrace=False)
        make_bucket(url, BUCKET)
        yield url


@pytest.fixture(params=BACKENDS, ids=lambda make: make.__name__)
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """A prepared, empty backend."""
    made: Objects = request.param(tmp_path, request)
    made.prepare()
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def store(root: Path) -> LocalObjects:
    made = LocalObjects(root)
    made.prepare()
    return made


@pytest.fixture(params=[True, False], ids=["nameless", "named"])
def either(request: pytest.FixtureRequest, root: Path, monkeypatch: pytest.MonkeyPatch) -> LocalObjects:
    """A prepared store, on a filesystem with nameless files and on one without."""
    if not request.param:
        refuse_tmpfile(monkeypatch)
    made = LocalObjects(root)
    made.prepare()
    return made


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, root: Path) -> Recorder:
    return Recorder(monkeypatch, root)
