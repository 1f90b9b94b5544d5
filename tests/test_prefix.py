"""Under a path of a host that has other pages too: whatever leads somewhere leads there, through a real nginx."""

import base64
import gzip
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rmos.digest import sha256_hex
from tests.faults.service import make_body
from tests.helpers.nginx import AUTHORIZATION, DEPLOY, ROOT, Nginx
from tests.helpers.waiting import PATIENCE_S
from tests.makers import BEARER, write_token
from tests.serving import Served

pytestmark = [pytest.mark.nginx, pytest.mark.long]

PREFIX = "/rmos"
RUNS = f"{PREFIX}/api/rmos/runs"
LINKS = re.compile(r'(?:href|src|action)="([^"#][^"]*)"')


class Prefixed(Served):
    """The service under a prefix."""

    prefix = PREFIX


def documented_sed() -> list[str]:
    """Return the arguments of the command by which deploy/nginx.conf is put under a prefix."""
    text = (DEPLOY / "nginx.conf").read_text()
    [command] = re.findall(r"^#   sed (.*) nginx\.conf$", text, re.MULTILINE)
    return [word for word in shlex.split(command) if word != "-i"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The service under a prefix behind nginx, as the comment in deploy/nginx.conf says it is done."""
    folder = tmp_path_factory.mktemp("prefixed")
    write_token(folder / "runs", role="operator")
    environment = {"SCRIPT_NAME": PREFIX, "RMOS_TRUSTED_PROXIES": "127.0.0.1", "RMOS_AUTH": "tokens"}
    with (
        Prefixed(folder, **environment) as served,
        Nginx(tmp_path_factory.mktemp("nginx"), served.port, sed=documented_sed()) as nginx,
    ):
        yield f"http://127.0.0.1:{nginx.port}"


@pytest.fixture(scope="module")
def known(address: str) -> Iterator[httpx.Client]:
    """A client with a token."""
    with httpx.Client(base_url=address, headers=AUTHORIZATION, timeout=PATIENCE_S) as client:
        yield client


@pytest.fixture(scope="module")
def stranger(address: str) -> Iterator[httpx.Client]:
    """A client without one."""
    with httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
        yield client


def make_run(known: httpx.Client, name: str = "a cut") -> str:
    """Record a run and return where it is."""
    made = known.post(RUNS, json=make_body(name))
    assert made.status_code == 201
    return made.headers["Location"]


def test_trap_45_what_was_made_and_the_next_page_are_found_where_the_answer_says(known: httpx.Client) -> None:
    places = [make_run(known, f"cut {number}") for number in range(2)]
    assert all(known.get(place).json()["run_id"] == place.rpartition("/")[2] for place in places)
    first = known.get(RUNS, params={"limit": 1})
    second = known.get(first.links["next"]["url"])
    assert {first.json()["items"][0]["run_id"], second.json()["items"][0]["run_id"]} == {
        place.rpartition("/")[2] for place in places
    }
    session = known.post(f"{PREFIX}/api/workflow-sessions", json={})
    assert known.get(session.headers["Location"]).json() == session.json()


def test_trap_45_a_problem_leads_to_its_page_whoever_found_it(known: httpx.Client, stranger: httpx.Client) -> None:
    found = {
        "RUN_NOT_FOUND": known.get(f"{RUNS}/run_{'0' * 32}"),
        "NOT_FOUND": known.get(f"{PREFIX}/nowhere"),
        "UNAUTHENTICATED": stranger.get(RUNS),
        "PAYLOAD_TOO_LARGE": known.post(RUNS, content=b" " * (6 * 1024 * 1024)),
        "URI_TOO_LONG": known.get(f"{PREFIX}/{'a' * 9000}"),
    }
    for code, problem in found.items():
        told = problem.json()
        assert (told["error"], told["type"]) == (code, f"{PREFIX}/problems/{code}")
        page = stranger.get(told["type"])
        assert (page.status_code, code in page.text) == (200, True), code
    assert f"runs are at {RUNS}" in found["NOT_FOUND"].json()["detail"]


def test_trap_45_a_browser_signs_in_and_walks_along_every_link(address: str, known: httpx.Client) -> None:
    make_run(known)
    with httpx.Client(base_url=address, timeout=PATIENCE_S, follow_redirects=True) as browser:
        browser.headers["Accept"] = "text/html"
        page = browser.get(f"{PREFIX}/runs")
        assert page.url.path == f"{PREFIX}/sign-in"
        [action, *choices] = dict.fromkeys(re.findall(r'action="([^"]+)"', page.text))
        assert sorted(choices) == [f"{PREFIX}/theme", f"{PREFIX}/units"]
        signed_in = browser.post(
            action, data={"token": BEARER, "next": page.url.params["next"]}, headers={"Origin": address}
        )
        assert signed_in.url.path == f"{PREFIX}/runs"
        [cookie] = browser.cookies.jar
        assert cookie.path == PREFIX
        seen, waiting = set(), [f"{PREFIX}/", f"{PREFIX}/api/docs", f"{PREFIX}/problems"]
        while waiting and len(seen) < 120:
            path = waiting.pop()
            seen.add(path)
            answer = browser.get(path)
            assert answer.status_code == 200, path
            if answer.headers["Content-Type"].startswith("text/html"):
                found = {link.replace("&amp;", "&") for link in LINKS.findall(answer.text)}
                assert [link for link in found if link.startswith("/") and not link.startswith(f"{PREFIX}/")] == []
                waiting += sorted(
                    link
                    for link in found
                    if link.startswith("/")
                    and not link.endswith(("/sign-out", "/theme", "/units"))
                    and link not in seen
                )
        assert len(seen) > 20


def test_trap_45_the_document_names_the_prefix_and_its_pages_bring_their_files(stranger: httpx.Client) -> None:
    document = stranger.get(f"{PREFIX}/api/openapi.json").json()
    assert document["servers"] == [{"url": PREFIX}]
    assert stranger.get(f"{document['servers'][0]['url']}/healthz").status_code == 200
    assert "/healthz" in document["paths"]
    page = stranger.get(f"{PREFIX}/api/docs")
    files = [stranger.get(link) for link in LINKS.findall(page.text) if link.startswith("/")]
    assert {file.status_code for file in files} == {200}
    assert len(files) >= 3


def test_trap_45_a_signed_link_is_followed_as_it_is(known: httpx.Client, stranger: httpx.Client) -> None:
    place = make_run(known)
    data = b"G0 X0"
    body = {
        "kind": "note",
        "filename": "a.txt",
        "content_type": "text/plain",
        "b64": base64.b64encode(data).decode(),
        "sha256": sha256_hex(data),
    }
    attached = known.post(f"{place}/attachments", json=body)
    assert attached.status_code == 201, attached.text
    assert known.get(attached.headers["Location"]).content == data
    asked = {"items": [{"run_id": place.rpartition("/")[2], "sha256": sha256_hex(data)}]}
    [link] = known.post(f"{PREFIX}/api/rmos/links", json=asked).json()["links"]
    assert stranger.get(link["url"]).content == data


def test_outside_the_prefix_there_is_nothing_of_the_service(stranger: httpx.Client) -> None:
    for path in ("/healthz", "/", "/api/rmos/runs", "/rmosx/healthz"):
        assert stranger.get(path).status_code == 404, path
    redirected = stranger.get(PREFIX)
    assert redirected.status_code == 301
    assert redirected.headers["Location"].endswith(f"{PREFIX}/")


def test_what_gunicorn_refuses_leads_to_its_page_too(tmp_path: Path) -> None:
    with Prefixed(tmp_path, SCRIPT_NAME=PREFIX) as served:
        answer = served.send(b"GET /rmos/healthz HTTP/1.1\r\nHost: localhost\r\nBad Header: 1\r\n\r\n")
        assert (answer.status, answer.json()["type"]) == (400, f"{PREFIX}/problems/BAD_REQUEST")


@pytest.mark.parametrize("prefix", ["rmos", "/rmos/", "//rmos", "/a b", "/", "/<b>"])
def test_a_prefix_of_which_no_links_can_be_made_ends_the_start_in_one_line(prefix: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--log-level", "warning", "--bind", "127.0.0.1:0", "wsgi:app"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "SCRIPT_NAME": prefix, "RMOS_RUNS_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 1
    assert (
        done.stderr
        == f"rmos: SCRIPT_NAME is {prefix!r}; it must be a path such as /rmos, without a slash at its end.\n"
    )


def test_trap_48_the_page_of_the_document_is_less_than_a_megabyte_on_its_way(stranger: httpx.Client) -> None:
    page = stranger.get(f"{PREFIX}/api/docs")
    links = [link for link in LINKS.findall(page.text) if link.startswith("/")]
    total = 0
    for link in {*links, f"{PREFIX}/api/openapi.json"}:
        with stranger.stream("GET", link, headers={"Accept-Encoding": "gzip"}) as answer:
            raw = b"".join(answer.iter_raw())
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in answer.headers.get_list("Vary", split_commas=True)
        plain = stranger.get(link, headers={"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in plain.headers
        assert gzip.decompress(raw) == plain.content
        assert plain.headers["ETag"] != answer.headers["ETag"]
        again = stranger.get(link, headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
        total += len(raw)
    assert total < 1_000_000
