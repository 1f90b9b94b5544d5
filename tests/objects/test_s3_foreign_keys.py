"""Keys that others put into the bucket: one that cannot be listed hides its own folder only, and is named."""

from pathlib import Path

import pytest

from rmos.errors.store import ObjectUnreadable, StorageFailed
from rmos.objects.s3 import S3Objects
from tests.helpers.buckets import open_bucket
from tests.helpers.s3_requests import send
from tests.helpers.s3_server import BUCKET

pytestmark = [pytest.mark.ceph, pytest.mark.long]  # the small server keeps keys as files, which these cannot be

DAY = "2025-12-23"


@pytest.fixture
def objects(ceph_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3Objects:
    made = open_bucket(ceph_url, BUCKET, tmp_path, monkeypatch)
    made.create(f"{DAY}/run_00.json", b"one")
    made.create("2025-12-24/run_01.json", b"two")
    return made


def put(objects: S3Objects, key: str) -> None:
    send(objects._client.options.endpoint or "", "PUT", f"/{BUCKET}/{objects._client.path(DAY)}/{key}", body=b"foreign")


@pytest.mark.parametrize("key", ["..", "../up", "new\nline", ".", "ctl\x7f"])
def test_a_key_that_cannot_be_listed_hides_its_folder_and_is_named_and_others_go_on(
    objects: S3Objects, key: str
) -> None:
    put(objects, key)
    for ask in (lambda: objects.names(DAY), lambda: list(objects.entries(DAY)), lambda: objects.names(DAY, ".")):
        with pytest.raises(ObjectUnreadable) as refusal:
            ask()
        assert not isinstance(refusal.value, StorageFailed)
        assert DAY in refusal.value.detail
        assert key.replace("\n", "\\n").replace("\x7f", "\\x7f").partition("/")[0] in refusal.value.detail
    assert objects.names("2025-12-24") == ["run_01.json"]
    assert objects.read(f"{DAY}/run_00.json") == b"one"
    assert sorted(objects.names("")) == [DAY, "2025-12-24"]
    send(objects._client.options.endpoint or "", "DELETE", f"/{BUCKET}/{objects._client.path(DAY)}/{key}")
    assert objects.names(DAY) == ["run_00.json"]


@pytest.mark.parametrize("key", ["", "folder/", "a//b"])
def test_what_programs_leave_for_folders_is_no_object_of_the_folder(objects: S3Objects, key: str) -> None:
    """Consoles of S3 stand an empty object with a slash at its end where they show a folder."""
    put(objects, key)
    assert set(objects.names(DAY)) == {"run_00.json"} | ({key.partition("/")[0]} - {""})
    assert "2025-12-23" in objects.names("")


@pytest.mark.parametrize("name", ["#", "?q=1", "%", "%2F", "a%2Fb", "sp ace", "+", "tilde~", "x\\y", "<&>", "é"])
def test_names_that_have_to_be_escaped_are_listed_as_they_are(objects: S3Objects, name: str) -> None:
    put(objects, name)
    assert set(objects.names(DAY)) == {"run_00.json", name}
    assert objects.names(DAY, name) == [name]
    assert objects.read(f"{DAY}/{name}") == b"foreign"
