"""A host whose spool takes no byte: uploads are refused with 507, and everything else goes on."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos.config import Settings
from rmos.errors.store import OutOfSpace
from rmos.objects.s3 import S3Objects
from rmos.store import founding, store, tokens
from tests.api.conftest import RUNS, make_body
from tests.helpers.attachments import DRAWING, SHA256, make_upload
from tests.helpers.buckets import open_bucket
from tests.helpers.s3_server import BUCKET, BucketServer

pytestmark = pytest.mark.parametrize("app", ["local"], indirect=True)


@pytest.fixture
def objects(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Objects]:
    """Let the service find the objects of a bucket, before it is asked for the first time."""
    settings.runs_dir.mkdir()  # for the index
    with BucketServer(tmp_path / "server") as server:
        made = open_bucket(server.url, BUCKET, tmp_path, monkeypatch)
        for module in (store, tokens, founding):
            monkeypatch.setattr(module, "open_objects", lambda *place, **options: made)
        yield made


def test_uploads_alone_are_refused(objects: S3Objects, app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    run = f"{RUNS}/{client.post(RUNS, json=make_body()).json['run_id']}"
    assert client.post(f"{run}/attachments", json=make_upload()).status_code == 201
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("rmos.objects.spool.SpoolFile.write", refuse)
        response = client.post(f"{run}/attachments", json=make_upload(DRAWING + b"\n"))
        assert (response.status_code, response.json["error"]) == (507, "OUT_OF_SPACE")
        shutil.rmtree(tmp_path / "spool")  # and it is lost
        assert client.get(f"{run}/attachments/{SHA256}").data == DRAWING
        assert client.post(RUNS, json=make_body()).status_code == 201
        assert [client.get(path).status_code for path in (run, RUNS)] == [200, 200]
    assert len(client.get(run).json["attachments"]) == 1
    assert client.post(f"{run}/attachments", json=make_upload(DRAWING + b"\n")).status_code == 201


def refuse(file: object, data: bytes) -> None:
    raise OutOfSpace("The spool of this host is full; nothing was recorded.")
