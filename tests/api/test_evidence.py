"""The log over HTTP: proofs, checkpoints and tiles, for those who may and as other people's software expects them."""

import base64
import io
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import ids
from rmos.context import Rmos
from rmos.digest import hash_leaf
from rmos.services.evidence import append_log, open_key_file, start_log
from rmos.tlog.keys import is_signed
from rmos.tlog.note import parse_checkpoint, parse_note, parse_verifier_key
from rmos.tlog.proof import parse_log_proof
from rmos.tlog.tiles import Edge
from rmos.tlog.tree import verify_inclusion
from tests.api.conftest import Post
from tests.makers import ANNA

RUNS = "/api/rmos/runs"


@pytest.fixture
def rmos(app: Flask) -> Rmos:
    """Return what the service holds; its upkeep has ended, so the log grows when a test says so and never else."""
    found: Rmos = app.extensions["rmos"]
    assert found.store
    assert found._kept is not None
    found._kept.upkeep.stop()
    return found


def start(rmos: Rmos) -> str:
    """Start the log and return its verifier key."""
    key_file = open_key_file(rmos.settings)
    started = start_log(rmos.store, key_file, origin="shop.example/evidence", actor=ANNA, us=ids.now_us())
    return started.verifier_key.text()


def append(rmos: Rmos) -> None:
    append_log(rmos.store, open_key_file(rmos.settings), us=ids.now_us())


def test_without_a_log_every_route_of_it_says_so(client: FlaskClient, post: Post) -> None:
    run_id = post().json["run_id"]
    for url in ("/evidence/checkpoint", "/evidence/keys", "/evidence/tile/0/000", "/api/rmos/evidence"):
        assert (client.get(url).status_code, client.get(url).json["error"]) == (404, "EVIDENCE_OFF")
    assert client.get(f"{RUNS}/{run_id}/proof").json["error"] == "EVIDENCE_OFF"


def test_a_proof_holds_under_the_key_that_the_log_says(client: FlaskClient, post: Post, rmos: Rmos) -> None:
    run_id = post().json["run_id"]
    key = parse_verifier_key(start(rmos))
    response = client.get(f"{RUNS}/{run_id}/proof")
    assert (response.status_code, response.content_type) == (200, "application/zip")
    bundle = zipfile.ZipFile(io.BytesIO(response.data))
    note = parse_note(bundle.read("checkpoint"))
    checkpoint = parse_checkpoint(note.text)
    assert is_signed(note, key)
    for line in bundle.read("SHA256SUMS").splitlines(keepends=True):
        proof = parse_log_proof(bundle.read(f"{line[66:-1].decode()}.tlog-proof"))
        assert verify_inclusion(hash_leaf(line), proof.place, checkpoint.size, proof.path, checkpoint.root)
    assert client.get(f"{RUNS}/{run_id}/proof").data == response.data, "the same question gives the same bytes"


def test_a_run_that_is_not_logged_yet_is_to_be_asked_for_again(client: FlaskClient, post: Post, rmos: Rmos) -> None:
    start(rmos)
    run_id = post().json["run_id"]
    response = client.get(f"{RUNS}/{run_id}/proof")
    assert (response.status_code, response.json["error"]) == (409, "NOT_LOGGED_YET")
    assert int(response.headers["Retry-After"]) > 0
    append(rmos)
    assert client.get(f"{RUNS}/{run_id}/proof").status_code == 200


def test_an_unknown_run_has_no_proof(client: FlaskClient, rmos: Rmos) -> None:
    start(rmos)
    assert client.get(f"{RUNS}/run_{'0' * 32}/proof").json["error"] == "RUN_NOT_FOUND"


def test_a_proof_is_given_under_an_earlier_checkpoint_that_there_was(
    client: FlaskClient, post: Post, rmos: Rmos
) -> None:
    run_id = post().json["run_id"]
    start(rmos)
    size = client.get("/api/rmos/evidence").json["size"]
    post()
    append(rmos)
    bundle = zipfile.ZipFile(io.BytesIO(client.get(f"{RUNS}/{run_id}/proof?size={size}").data))
    assert parse_checkpoint(parse_note(bundle.read("checkpoint")).text).size == size
    refused = client.get(f"{RUNS}/{run_id}/proof?size={size + 1}")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["size"])


def test_tiles_and_bundles_of_entries_lead_to_the_root(client: FlaskClient, post: Post, rmos: Rmos) -> None:
    for _ in range(3):
        post()
    start(rmos)
    state = client.get("/api/rmos/evidence").json
    assert client.get("/evidence/checkpoint").text == state["checkpoint"]
    size = state["size"]
    entries = client.get(f"/evidence/tile/entries/000.p/{size}").data
    lines = []
    while entries:
        length = int.from_bytes(entries[:2], "big")
        lines.append(entries[2 : 2 + length])
        entries = entries[2 + length :]
    edge = Edge()
    edge.extend(map(hash_leaf, lines))
    assert base64.b64encode(edge.root()).decode() == state["root"]
    tile = client.get(f"/evidence/tile/0/000.p/{size}")
    assert tile.data == b"".join(edge.levels[0])
    assert "immutable" in tile.headers["Cache-Control"]
    assert client.get("/evidence/keys").text.splitlines() == [state["verifier_key"]]


@pytest.mark.parametrize(
    "name", ["0/000", "0/000.p/200", "0/001", "1/000", "entries/000", "0/000.p/0", "0/0", "../x", "0/x000/000"]
)
def test_a_tile_that_the_log_does_not_have_is_not_found(client: FlaskClient, post: Post, rmos: Rmos, name: str) -> None:
    post()
    start(rmos)
    assert client.get(f"/evidence/tile/{name}").status_code == 404


@pytest.mark.parametrize(("name", "beginning"), [("rmos_verify.py", b"#!"), ("verify.html", b"<!doctype html>")])
def test_what_verifies_is_a_file_to_be_saved(client: FlaskClient, name: str, beginning: bytes) -> None:
    response = client.get(f"/evidence/{name}")
    assert response.data.lower().startswith(beginning)
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    packaged = Path(__file__).parents[2] / "rmos" / "verifier" / name
    assert response.data == packaged.read_bytes()
