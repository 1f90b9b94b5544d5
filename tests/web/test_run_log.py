"""What a run's page says of the log of evidence: in it, not yet, or that it cannot be said; and the proof to take."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import ids
from rmos.context import Rmos
from rmos.services.evidence import append_log, open_key_file, start_log
from rmos.tlog.proof import parse_log_proof
from tests.makers import ANNA
from tests.web.conftest import RUNS, check_page

PROOF = "Proof for others"


@pytest.fixture
def rmos(app: Flask) -> Rmos:
    """Return what the service holds, its upkeep ended: the log grows when a test says so."""
    found: Rmos = app.extensions["rmos"]
    found.store.reconcile()
    assert found._kept is not None
    found._kept.upkeep.stop()
    return found


@pytest.fixture
def logged(rmos: Rmos, record: Any) -> str:
    """Return a run that is in the log, behind another one."""
    record()
    run_id: str = record()
    start_log(rmos.store, open_key_file(rmos.settings), origin="shop.example/log", actor=ANNA, us=ids.now_us())
    return run_id


def test_without_a_log_nothing_is_said_of_one(browse: Any, record: Any, rmos: Rmos) -> None:
    text = check_page(browse(f"/runs/{record()}"))
    assert PROOF not in text
    assert "log" not in text.split("Proof")[-1]


def test_a_run_that_is_logged_says_where_and_offers_its_proof(
    browse: Any, client: FlaskClient, rmos: Rmos, logged: str
) -> None:
    page = browse(f"/runs/{logged}")
    text = check_page(page)
    assert "in the log entry 1 of 3" in text
    assert f'href="/api/rmos/runs/{logged}/proof"' in page.text
    assert PROOF in text
    proof = client.get(f"{RUNS}/{logged}/proof")
    assert proof.status_code == 200
    with zipfile.ZipFile(io.BytesIO(proof.data)) as zipped:
        members = [zipped.read(name) for name in zipped.namelist()]
    proofs = [parse_log_proof(member) for member in members if member.startswith(b"c2sp.org/tlog-proof@v1\n")]
    assert 1 in {found.place for found in proofs}


def test_a_run_that_is_not_logged_yet_says_so_and_offers_no_proof(browse: Any, record: Any, logged: str) -> None:
    text = check_page(browse(f"/runs/{record()}"))
    assert "not yet The service appends" in text
    assert PROOF not in text


def test_what_happened_since_is_not_logged_yet(browse: Any, client: FlaskClient, rmos: Rmos, logged: str) -> None:
    note = {"advisory_id": "note-1", "kind": "note", "title": "first"}
    assert client.post(f"{RUNS}/{logged}/attach-advisory", json=note).status_code < 300
    text = check_page(browse(f"/runs/{logged}"))
    assert "in part entry 1 of 3; what happened since is not in the log yet" in text
    assert PROOF not in text
    append_log(rmos.store, open_key_file(rmos.settings), us=ids.now_us())
    assert "in the log entry 1 of 5" in check_page(browse(f"/runs/{logged}"))


def test_a_log_with_another_digest_is_told(browse: Any, rmos: Rmos, logged: str) -> None:
    batch = Path(rmos.store.objects.root) / "_evidence" / "batch" / "001.sha256"
    lines = batch.read_bytes().splitlines(keepends=True)
    batch.chmod(0o644)
    batch.write_bytes(b"".join(b"0" * 64 + line[64:] if logged.encode() in line else line for line in lines))
    text = check_page(browse(f"/runs/{logged}"))
    assert "✕ not as it was logged" in text
    assert PROOF not in text


@pytest.mark.parametrize("spoil", ["gone", "junk", "another run's"])
def test_a_log_that_cannot_be_read_says_nothing_good(browse: Any, rmos: Rmos, logged: str, spoil: str) -> None:
    batch = Path(rmos.store.objects.root) / "_evidence" / "batch" / "001.sha256"
    data = batch.read_bytes()
    batch.unlink()
    if spoil != "gone":
        other = logged[:-1] + ("0" if logged[-1] != "0" else "1")
        batch.write_bytes(b"junk" if spoil == "junk" else data.replace(logged.encode(), other.encode()))
    text = check_page(browse(f"/runs/{logged}"))
    assert "not known What the log says cannot be read now" in text
    assert PROOF not in text
