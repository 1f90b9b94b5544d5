"""A large blob takes no memory of a process, however it is sent, brought again or read; measured in one of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.buckets import ACCESS_KEY, REGION, SECRET_KEY
from tests.helpers.s3_server import BUCKET, BucketServer

MEBIBYTE: Final = 1024 * 1024
SIZE: Final = 256 * MEBIBYTE
MOST: Final = 16 * MEBIBYTE

PROGRAM: Final = """
import json, sys
from pathlib import Path
from rmos.objects.base import key_of_digest
from rmos.objects.s3 import S3Objects
from rmos.objects.spool import Spool
from rmos.place import Bucket, S3Options

url, bucket, region, folder, size = sys.argv[1:]
options = S3Options(Path(folder), endpoint=url, region=region, addressing="path")
objects = S3Objects(Bucket(bucket, "large"), options, Spool(options.spool_dir))
block = bytes(range(256)) * 4096

def anonymous():

    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) * 1024

class Peak:
    def __init__(self):
        import threading
        self.most, self.over = 0, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
    def watch(self):
        while not self.over.wait(0.005):
            self.most = max(self.most, anonymous())

def chunks():
    for _ in range(int(size) // len(block)):
        yield block

objects.create_blob([block], max_bytes=len(block))         # whatever is loaded at the first use
objects.open(key_of_digest(objects.create_blob([block], max_bytes=len(block)).sha256)).close()
before, peak = anonymous(), Peak()
made = objects.create_blob(chunks(), max_bytes=int(size))
again = objects.create_blob(chunks(), max_bytes=int(size))
key = key_of_digest(made.sha256)
opened = objects.open(key)
assert (made.created, again.created, opened.size) == (True, False, int(size))
assert opened.read_at(int(size) - 5, 100) == block[-5:]
assert objects.digest(key) == (made.sha256, int(size))
aside = objects.quarantine(key)
peak.over.set()
print(json.dumps({"before": before, "peak": peak.most, "aside": aside}))
"""


@pytest.mark.long
@pytest.mark.linux
def test_a_large_blob_is_sent_brought_again_read_hashed_and_moved_aside_in_little_memory(
    server: BucketServer, tmp_path: Path
) -> None:
    arguments = [server.url, BUCKET, REGION, tmp_path / "spool", f"{SIZE}"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["peak"] - measured["before"] <= MOST, measured
