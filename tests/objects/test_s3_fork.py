"""Object storage and forks: a child of a process that has used it is told so and does not hang."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.buckets import open_bucket, set_credentials
from tests.helpers.s3_server import BUCKET, BucketServer

PROGRAM = """
import os, sys
from pathlib import Path
from rmos.errors.installation import StoreUnusable
from rmos.objects import open_objects
from rmos.place import Bucket, S3Options

url, spool, used = sys.argv[1:]
options = S3Options(Path(spool), endpoint=url, addressing="path")
objects = open_objects(Bucket("rmos-tests", "fork"), s3=options)
if used == "used":
    objects.read("a")
child = os.fork()
if child == 0:
    told = []
    for opened in (objects, open_objects(Bucket("rmos-tests", "fork"), s3=options)):
        try:
            told.append(opened.read("a").decode())
            told.append(opened.read_all(["a", "a"])[1].decode())
        except StoreUnusable as error:
            told.append(error.detail)
    print(told, flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(objects.read("a"))
"""


@pytest.mark.parametrize("used", ["used", "only opened"])
def test_a_child_works_where_its_parent_has_only_opened_the_store_and_is_refused_otherwise(
    bucket_server: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: str
) -> None:
    set_credentials(monkeypatch)
    open_bucket(bucket_server.url, BUCKET, tmp_path, monkeypatch, prefix="fork").create("a", b"one")
    program = [sys.executable, "-c", PROGRAM, bucket_server.url, tmp_path / "spool", used]
    done = subprocess.run(program, capture_output=True, text=True, env=dict(os.environ), timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    child, parent = done.stdout.splitlines()
    assert parent == "b'one'"
    if used == "used":
        assert child.count("used before a fork") == 2
    else:
        assert child == str(["one"] * 4)
