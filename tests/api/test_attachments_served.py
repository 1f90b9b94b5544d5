"""Attachments through the real service: large ones in constant memory, uploads that stop half-way, the line of curl."""

import contextlib
import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError

from rmos import digest
from tests.browser import chromium, open_page
from tests.helpers.attachments import DRAWING, SHA256
from tests.helpers.waiting import wait_until
from tests.serving import Served, read_answer

MIB = 1024 * 1024
HEAD = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="top.nc"\r\n\r\n'
TAIL = b"\r\n--edge--\r\n"
RUN_HEAD = (
    b"POST /api/rmos/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)


class OneWorker(Served):
    """The service with one worker, so that its memory is in one place."""

    workers = 1


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service of this module."""
    folder = tmp_path_factory.mktemp("served")
    with OneWorker(folder, RMOS_MAX_ATTACHMENT_BYTES=str(64 * MIB)) as service:
        yield service
        service.stop()


@pytest.fixture(scope="module")
def run(served: Served) -> str:
    """The URL of a run."""
    body = json.dumps({"mode": "router", "tool_id": "em-3175-2f"}).encode()
    return f"/api/rmos/runs/{served.send(RUN_HEAD % len(body) + body).json()['run_id']}"


def post_head(run: str, length: int) -> bytes:
    return (
        f"POST {run}/attachments HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def peak_kib(pid: int) -> int:
    """Return the most memory that a process has had at once."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise AssertionError("the kernel does not tell")


def files_below(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*") if path.is_file())


def upload(served: Served, run: str, blocks: int, block: bytes) -> str:
    with served.open() as sock:
        sock.sendall(post_head(run, len(HEAD) + blocks * len(block) + len(TAIL)) + HEAD)
        for _ in range(blocks):
            sock.sendall(block)
        sock.sendall(TAIL)
        response = read_answer(sock)
    assert response.status == 201, response.body
    return str(response.json()["sha256"])


def download(served: Served, url: str) -> tuple[str, int]:
    judge, size = digest.Sha256(), 0
    with served.open() as sock:
        sock.sendall(f"GET {url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += sock.recv(65536)
        head, _, data = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        while True:
            judge.update(data)
            size += len(data)
            data = sock.recv(MIB)
            if not data:
                break
    return judge.hexdigest(), size


def test_64_mib_go_in_and_out_in_constant_memory(served: Served, run: str) -> None:
    block = bytes(range(256)) * 4096
    (worker,) = served.pids()
    small = upload(served, run, 1, block)
    download(served, f"{run}/attachments/{small}")
    before = peak_kib(worker)
    sha256 = upload(served, run, 64, block)
    assert download(served, f"{run}/attachments/{sha256}") == (sha256, 64 * MIB)
    assert download(served, f"/api/rmos/attachments/{sha256}") == (sha256, 64 * MIB)
    assert peak_kib(worker) - before < 16 * 1024


@pytest.mark.parametrize("size", [100_000, MIB // 2 + 41])
def test_a_large_form_that_comes_in_any_pieces_ends_where_the_next_request_begins(
    served: Served, run: str, size: int
) -> None:
    data = bytes(range(256)) * (size // 256) + b"\r\n--edg" + b"\r" * (size % 256)
    form = HEAD + data + TAIL
    whole = post_head(run, len(form)).replace(b"Connection: close\r\n", b"") + form
    whole += f"GET {run}/attachments/{digest.sha256_hex(data)} HTTP/1.1\r\nHost: localhost\r\n".encode()
    with served.open() as sock:
        for start in range(0, len(whole), 70_001):
            sock.sendall(whole[start : start + 70_001])
        sock.sendall(b"Connection: close\r\n\r\n")
        responses = b"".join(iter(lambda: sock.recv(MIB), b""))
    assert responses.startswith(b"HTTP/1.1 201 ")
    assert responses.endswith(b"\r\n\r\n" + data)


def test_a_client_that_stops_half_way_leaves_nothing_behind_and_the_worker_alive(served: Served, run: str) -> None:
    root = served.store
    before = files_below(root / "_attachments")
    pids = served.pids()
    whole = HEAD + b"x" * MIB + TAIL
    for end in (0, 10, len(HEAD), len(HEAD) + 1000, len(whole) - len(TAIL), len(whole) - 5):
        with served.open() as sock:
            sock.sendall(post_head(run, len(whole)) + whole[:end])
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(65536).startswith(b"HTTP/1.1 4")
    with served.open() as sock:  # and one that is simply gone
        sock.sendall(post_head(run, len(whole)) + whole[: MIB // 2])
    wait_until(lambda: files_below(root / "_attachments") == before, "the folder to be as before")
    assert served.pids() == pids
    assert served.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 200


def test_an_upload_without_an_end_is_given_up_at_the_limit(served: Served, run: str) -> None:
    before = files_below(served.store / "_attachments")
    with served.open() as sock:
        sock.sendall(
            f"POST {run}/attachments HTTP/1.1\r\nHost: localhost\r\n".encode()
            + b"Content-Type: multipart/form-data; boundary=edge\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"%x\r\n%s\r\n" % (len(HEAD), HEAD)
        )
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 256 * MIB:
                sock.sendall(b"100000\r\n" + b"x" * MIB + b"\r\n")
                sent += MIB
        assert sent < 256 * MIB
        response = read_answer(sock)
    assert (response.status, response.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")
    assert files_below(served.store / "_attachments") == before


@pytest.mark.long
@pytest.mark.curl
def test_a_drawing_that_curl_uploads_shows_in_its_preview(served: Served, run: str, tmp_path: Path) -> None:
    (tmp_path / "rosette.svg").write_bytes(DRAWING)
    address = f"http://127.0.0.1:{served.port}{run}"
    told = subprocess.run(
        ["curl", "-sS", "-F", "kind=drawing", "-F", "file=@rosette.svg", f"{address}/attachments"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert json.loads(told.stdout)["sha256"] == SHA256
    shown = subprocess.run(
        ["curl", "-sS", f"{address}/advisory/blobs/{SHA256}/preview/svg"], capture_output=True, check=True
    )
    assert shown.stdout == DRAWING


@pytest.mark.chromium
@pytest.mark.long
def test_in_a_browser_a_drawing_is_shown_and_of_all_else_nothing_runs_and_nothing_is_fetched(
    served: Served, run: str
) -> None:
    hostile = {
        "page.html": b"<html><script>alert(1)</script><img src='/healthz'></html>",
        "run.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>',
        "load.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="/healthz" width="9" height="9"/></svg>',
        "script.js": b"alert(1)",
    }
    address = f"http://127.0.0.1:{served.port}"
    shas = {name: upload_whole(served, run, data, name) for name, data in {**hostile, "honest.svg": DRAWING}.items()}
    with chromium() as browser:
        page = open_page(browser)
        ran: list[str] = []
        fetched: list[str] = []
        page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: fetched.append(request.url))
        page.goto(f"{address}{run}/advisory/blobs/{shas['honest.svg']}/preview/svg")
        assert page.locator("circle").count() == 1
        for name in hostile:
            for what in (
                f"{run}/attachments/{shas[name]}",
                f"{run}/advisory/blobs/{shas[name]}/download",
                f"{run}/advisory/blobs/{shas[name]}/preview/svg",
                f"/api/rmos/attachments/{shas[name]}",
            ):
                with contextlib.suppress(PlaywrightError):  # it becomes a download instead of a page
                    page.goto(address + what)
    assert not ran
    assert len(fetched) == 1 + 4 * len(hostile)
    assert not [url for url in fetched if url.endswith("/healthz")]


def upload_whole(served: Served, run: str, data: bytes, name: str) -> str:
    """Upload a file as a form and return its digest."""
    head = HEAD.replace(b"top.nc", name.encode())
    with served.open() as sock:
        sock.sendall(post_head(run, len(head) + len(data) + len(TAIL)) + head + data + TAIL)
        return str(read_answer(sock).json()["sha256"])
