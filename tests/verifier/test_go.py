"""Go's own module for transparency logs reads what RMOS writes: notes, proofs, roots and growth."""

import base64
import io
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from flask import Flask

from devtools.testing import GO_PACKAGE
from rmos.config import Settings
from rmos.digest import hash_leaf
from rmos.services.evidence import start_log
from rmos.services.evidence_pages import publish_log
from rmos.services.zip_files import make_zip
from rmos.store import Store
from rmos.store.evidence.signing import KeyFile
from rmos.tlog.note import Checkpoint, Note
from rmos.tlog.tiles import Edge
from rmos.tlog.tree import compute_root, prove_consistency
from rmos.verifier.rmos_verify import verify_ed25519
from tests.browser import serving
from tests.helpers.bundles import KEY, ORIGIN, OTHER_KEY, make_members_of, make_read_node, make_run_files
from tests.helpers.edge_signatures import is_canonical, make_edge_vectors
from tests.helpers.flipping import flip_each_place
from tests.makers import ANNA, US, make_members
from tests.verifier.conftest import Shop

pytestmark = [pytest.mark.go, pytest.mark.long]

VKEY = KEY.verifier_key.text()
COUNT = 1025


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in go/, built."""
    if shutil.which("go") is None or not GO_PACKAGE.is_dir():
        pytest.fail("Go is not there: install the Debian packages golang-go and golang-golang-x-mod-dev", pytrace=False)
    folder = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": f"{folder}:{GO_PACKAGE.parents[3]}",
        "GOCACHE": str(folder / "cache"),
    }
    source = Path(__file__).parent / "go"
    subprocess.run(["go", "build", "-o", folder / "program", "."], cwd=source, env=environment, check=True)
    return folder / "program"


def run(program: Path, *arguments: object, lines: list[str] | None = None) -> tuple[int, list[str]]:
    """Run the program; return its exit status and the lines that it printed."""
    done = subprocess.run(
        [program, *map(str, arguments)],
        input="\n".join(lines or []),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def unpack(folder: Path, members: dict[str, bytes]) -> Path:
    """Pack a bundle and unpack it as a stranger does."""
    folder.mkdir()
    (folder / "bundle.zip").write_bytes(make_zip(members))
    with zipfile.ZipFile(folder / "bundle.zip") as archive:
        archive.extractall(folder)
    return folder


def test_go_verifies_every_member_of_a_bundle(program: Path, tmp_path: Path, shop: Shop) -> None:
    with zipfile.ZipFile(io.BytesIO(shop.bundle)) as archive:
        archive.extractall(tmp_path)
    status, told = run(program, "bundle", tmp_path, shop.key)
    assert status == 0
    assert [line.split()[2].rpartition("/")[2] for line in told] == [
        f"{shop.run_id}.000001.json",
        f"{shop.run_id}.000002.json",
        f"{shop.run_id}.json",
        "log.000001.json",
    ]


@pytest.mark.parametrize("size", [37, 256, 300])
def test_go_verifies_proofs_in_logs_of_other_sizes(program: Path, tmp_path: Path, size: int) -> None:
    members = make_members_of(make_run_files(2), size=size)
    status, told = run(program, "bundle", unpack(tmp_path / "one", members), VKEY)
    assert (status, len(told)) == (0, 4)
    assert [line.split()[1] for line in told] == [str(size)] * 4


@pytest.mark.parametrize("name", ["SHA256SUMS", "2025-12-23/run_019b4a4e2c0070008000000000000001.json.tlog-proof"])
def test_go_refuses_a_flipped_byte(program: Path, tmp_path: Path, name: str) -> None:
    members = make_members_of(make_run_files(2))
    for turn, at in enumerate(range(0, len(members[name]), 40)):
        data = bytearray(members[name])
        data[at] ^= 1
        status, _ = run(program, "bundle", unpack(tmp_path / str(turn), {**members, name: bytes(data)}), VKEY)
        assert status == 1


def test_go_refuses_a_flipped_byte_in_each_place_of_a_bundle(program: Path, tmp_path: Path) -> None:
    bundle, file = make_zip(make_members_of(make_run_files(1))), tmp_path / "run.zip"
    file.write_bytes(bundle)
    status, told = run(program, "zip", file, VKEY)
    assert (status, len(told)) == (0, 3)
    accepted = []
    for place, flipped in flip_each_place(bundle).items():
        file.write_bytes(flipped)
        if run(program, "zip", file, VKEY)[0] == 0:
            accepted.append(place)
    assert accepted == []


def test_go_judges_signatures_at_the_edges_as_the_verifier_does(program: Path) -> None:
    vectors = {name: vector for name, vector in make_edge_vectors().items() if is_canonical(vector[0])}
    lines = [":".join(part.hex() for part in vector) for vector in vectors.values()]
    status, told = run(program, "signatures", lines=lines)
    assert status == 0
    assert dict(zip(vectors, told, strict=True)) == {
        name: str(verify_ed25519(*vector)).lower() for name, vector in vectors.items()
    }


def test_go_refuses_another_key(program: Path, tmp_path: Path) -> None:
    folder = unpack(tmp_path / "one", make_members_of(make_run_files(0)))
    assert run(program, "bundle", folder, OTHER_KEY.verifier_key.text()) == (1, [])


def test_roots_of_all_sizes_are_those_of_go(program: Path) -> None:
    status, told = run(program, "roots", COUNT)
    assert status == 0
    edge, leaves, roots = Edge(), [hash_leaf(f"{place}\n".encode()) for place in range(COUNT)], []
    for leaf in leaves:
        edge.extend([leaf])
        roots.append(edge.root())
    assert told[1:] == [base64.b64encode(root).decode() for root in roots]  # its empty root is not RFC 6962's
    read_node = make_read_node(leaves)
    assert [compute_root(size, read_node) for size in range(1, COUNT + 1, 64)] == roots[::64]


@pytest.mark.parametrize(("old", "size"), [(1, 2), (3, 7), (256, 257), (255, 600), (300, 512), (512, 1025), (701, 706)])
def test_go_sees_that_a_log_only_grew(program: Path, old: int, size: int) -> None:
    leaves = [hash_leaf(f"{place}\n".encode()) for place in range(size)]
    read_node = make_read_node(leaves)
    notes = []
    for end in (old, size):
        text = Checkpoint(ORIGIN, end, compute_root(end, read_node)).text()
        notes.append(base64.b64encode(Note(text, (KEY.sign(text),)).encode()).decode())
    path = [base64.b64encode(hashed).decode() for hashed in prove_consistency(old, size, read_node)]
    assert run(program, "tree", VKEY, lines=[*notes, *path]) == (0, [f"{old} {size}"])
    if path:
        assert run(program, "tree", VKEY, lines=[*notes, *path[:-1], base64.b64encode(bytes(32)).decode()])[0] == 1


@pytest.fixture
def key(store: Store, settings: Settings) -> str:
    """The verifier key of the log of a store with 300 runs."""
    for at in range(300):
        store.runs.put(make_members(US + at))
    key_file = KeyFile(settings.instance_path / "evidence.key")
    return start_log(store, key_file, origin=ORIGIN, actor=ANNA, us=US).verifier_key.text()


def test_go_reads_a_published_log_tile_by_tile(program: Path, tmp_path: Path, store: Store, key: str) -> None:
    publish_log(store, tmp_path / "public")
    assert run(program, "tiles", tmp_path / "public", key) == (0, ["301"])
    for name in ("tile/0/000", "tile/1/000.p/1", "tile/entries/001.p/45", "checkpoint"):
        path = tmp_path / "public" / name
        good = path.read_bytes()
        path.write_bytes(good[:70] + bytes([good[70] ^ 1]) + good[71:] if len(good) > 70 else good[::-1])
        assert run(program, "tiles", tmp_path / "public", key)[0] == 1, name
        path.write_bytes(good)


def test_go_reads_a_log_over_http(program: Path, app: Flask, store: Store, key: str) -> None:
    with serving(app) as url:
        assert run(program, "tiles", f"{url}/evidence", key) == (0, ["301"])
