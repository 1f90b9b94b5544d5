"""Stores in buckets, as tests open them: each below a prefix of its own, with a spool of its own.

objects = open_bucket(server.url, BUCKET, tmp_path, monkeypatch)
"""

import secrets
from pathlib import Path

import pytest

from rmos.objects import s3_probe
from rmos.objects.s3 import S3Objects
from rmos.objects.s3_client import DEFAULT_LIMITS, RequestLimits
from rmos.objects.spool import Spool
from rmos.place import Bucket, S3Options

REGION = "us-east-1"
ACCESS_KEY = "RMOSTESTKEY"
SECRET_KEY = "rmostestsecret"


def set_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment hold the credentials of the test servers, as an operator would."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)


def open_bucket(
    url: str,
    bucket: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    prefix: str | None = None,
    rounds: int = 1,
    limits: RequestLimits = DEFAULT_LIMITS,
) -> S3Objects:
    """Return the objects below a prefix of a bucket; nothing is sent yet.

    Args:
        folder: where the spool is made.
        prefix: None is a new one.
        limits: how long requests may take.
        rounds: how often creates race when the bucket is probed; what a probe finds is tested in `test_s3_probe`.
    """
    set_credentials(monkeypatch)
    monkeypatch.setattr(s3_probe, "ROUNDS", rounds)
    options = S3Options(folder / "spool", endpoint=url, region=REGION, addressing="path")
    made = Bucket(bucket, f"shop/{secrets.token_hex(6)}" if prefix is None else prefix)
    return S3Objects(made, options, Spool(options.spool_dir), limits=limits)
