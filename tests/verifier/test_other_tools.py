"""What people have anyway checks evidence too: coreutils the files, OpenSSL a checkpoint's signature."""

import base64
import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from rmos.tlog.note import parse_verifier_key
from tests.verifier.conftest import Shop

PREFIX = bytes.fromhex("302a300506032b6570032100")
"""What stands before an Ed25519 key in its file (RFC 8410, section 4)."""


def sha256sum(folder: Path, *arguments: str, lines: bytes = b"") -> tuple[int, str]:
    """Run coreutils' sha256sum in a folder; return its exit status and all that it says."""
    if shutil.which("sha256sum") is None:
        pytest.fail("sha256sum is not there: install coreutils", pytrace=False)
    done = subprocess.run(["sha256sum", *arguments], cwd=folder, input=lines, capture_output=True, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.fixture
def unpacked(shop: Shop, tmp_path: Path) -> Path:
    """The bundle, unpacked."""
    with zipfile.ZipFile(io.BytesIO(shop.bundle)) as archive:
        archive.extractall(tmp_path)
    return tmp_path


@pytest.mark.linux
def test_sha256sum_checks_a_bundle(unpacked: Path, shop: Shop) -> None:
    assert sha256sum(unpacked, "-c", "--strict", "--quiet", "SHA256SUMS") == (0, "")
    artifact = next(unpacked.glob(f"*/{shop.run_id}.json"))
    artifact.write_bytes(artifact.read_bytes().replace(b"router", b"rooter"))
    status, told = sha256sum(unpacked, "-c", "--quiet", "SHA256SUMS")
    assert (status, told.splitlines()[0]) == (1, f"{artifact.relative_to(unpacked)}: FAILED")


@pytest.mark.linux
def test_sha256sum_checks_a_whole_store_by_the_batches_of_its_log(shop: Shop) -> None:
    batches = sorted(shop.folder.glob("_evidence/batch/**/*.sha256"))
    assert len(batches) == 2
    assert sha256sum(shop.folder, "-c", "--quiet", lines=b"".join(path.read_bytes() for path in batches)) == (0, "")


@pytest.mark.linux
def test_sha256sum_checks_a_store_by_the_entries_that_are_published(shop: Shop) -> None:
    (path,) = shop.public.glob("tile/entries/000.p/*")
    lines = subprocess.run(["cut", "-b3-", path], capture_output=True, check=True).stdout
    assert len(lines.splitlines()) == 45
    assert sha256sum(shop.folder, "-c", "--quiet", lines=lines) == (0, "")


def test_openssl_verifies_a_checkpoint(unpacked: Path, shop: Shop) -> None:
    if shutil.which("openssl") is None:
        pytest.fail("openssl is not there: install the Debian package openssl", pytrace=False)
    text, _, signed = (unpacked / "checkpoint").read_bytes().partition(b"\n\n")
    (unpacked / "key.der").write_bytes(PREFIX + parse_verifier_key(shop.key).public)
    (unpacked / "signature").write_bytes(base64.b64decode(signed.split()[-1])[4:])
    command = [
        *("openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER"),
        *("-inkey", "key.der", "-sigfile", "signature", "-in", "text"),
    ]
    for message, status in ((text + b"\n", 0), (text, 1), (text.replace(b"45", b"44") + b"\n", 1)):
        (unpacked / "text").write_bytes(message)
        done = subprocess.run(command, cwd=unpacked, capture_output=True, check=False)
        assert done.returncode == status, done.stderr
