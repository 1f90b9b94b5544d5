"""The examples under deploy/: nginx in front of the real service; what the others name is there."""

import contextlib
import hashlib
import json
import re
import shlex
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from rmos.config import load_settings, unknown_variables
from tests.faults.service import RUNS, make_body
from tests.helpers.nginx import AUTHORIZATION, DEPLOY, ROOT, Nginx, find_nginx
from tests.helpers.waiting import wait_until
from tests.makers import BEARER, write_token
from tests.serving import Served, read_answer

HEAD = (
    "POST /api/rmos/runs HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
    f"Authorization: Bearer {BEARER}\r\n"
).encode()
IN_PROGRESS = re.compile(r"^rmos_http_requests_in_progress (\d+)", re.MULTILINE)


# nginx


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service behind nginx."""
    folder = tmp_path_factory.mktemp("behind")
    write_token(folder / "runs", role="operator")
    settings = {"RMOS_LOG_FORMAT": "json", "RMOS_LOG_LEVEL": "INFO", "RMOS_TRUSTED_PROXIES": "127.0.0.1"}
    with Served(folder, **settings) as served:
        served.wait_for("/readyz")
        yield served


@pytest.fixture(scope="module")
def nginx(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """nginx in front of it."""
    with Nginx(tmp_path_factory.mktemp("nginx"), served.port) as nginx:
        yield nginx


def get(path: str, *headers: str) -> bytes:
    """Return a GET request of a caller whose token is right, unless the headers bring another one."""
    named = any(header.startswith("Authorization:") for header in headers)
    known = [] if named else [f"Authorization: Bearer {BEARER}"]
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: shop", *known, *headers, "", "")).encode()


@pytest.mark.long
@pytest.mark.nginx
def test_a_run_is_posted_and_read_through_nginx(served: Served, nginx: Nginx) -> None:
    created = nginx.ask("POST", RUNS, make_body("through nginx"))
    assert created.status == 201
    path = f"{RUNS}/{created.json()['run_id']}"
    with served.connect() as direct:
        for url in (path, f"{path}/download"):
            assert nginx.ask("GET", url) == direct.ask("GET", url, **AUTHORIZATION)
    etag = nginx.send(get(path)).headers["etag"]
    with nginx.open() as sock:
        sock.sendall(get(path, f"If-None-Match: {etag}", "Connection: close"))
        assert sock.recv(100).startswith(b"HTTP/1.1 304")
    assert nginx.ask("GET", f"{RUNS}?limit=1").json()["items"][0]["run_id"] == created.json()["run_id"]


@pytest.mark.long
@pytest.mark.nginx
@pytest.mark.parametrize(("sent", "kept"), [("mine-1", True), ("", False), ("not one of ours", False)])
def test_the_request_id_passes_through_and_both_logs_agree(served: Served, nginx: Nginx, sent: str, kept: bool) -> None:
    path = f"/nowhere/{len(sent)}"
    answer = nginx.send(get(path, *([f"X-Request-Id: {sent}"] if sent else [])))
    request_id = answer.headers["x-request-id"]
    assert (request_id == sent) is kept
    assert answer.json()["request_id"] == request_id
    served.wait_for_log(path)
    (line,) = [line for line in served.log_lines() if line.get("path") == path]
    assert line["request_id"] == request_id
    wait_until(lambda: request_id in (nginx.folder / "access.log").read_text(), "the line of nginx")


@pytest.mark.long
@pytest.mark.nginx
def test_nginx_takes_slow_clients_upon_itself(served: Served, nginx: Nginx) -> None:
    body = json.dumps(make_body("slow")).encode()
    request = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with contextlib.ExitStack() as clients:
        slow = [clients.enter_context(nginx.open()) for _ in range(60)]
        for sock in slow:
            sock.sendall(request[:-20])
        for byte in range(20, 15, -1):
            for sock in slow:
                sock.sendall(request[-byte : -byte + 1])
            # Two workers have 16 threads, and none of them knows of these clients yet.
            assert nginx.ask("GET", "/healthz").status == 200
            with served.connect() as direct:
                (busy,) = IN_PROGRESS.findall(direct.ask("GET", "/metrics").body.decode())
            assert int(busy) == 1
            time.sleep(0.2)
        for sock in slow:
            sock.sendall(request[-15:])
        assert {read_answer(sock).status for sock in slow} == {201}


@pytest.mark.long
@pytest.mark.nginx
def test_a_body_above_the_limit_is_refused_in_the_one_form_by_whoever_sees_it(nginx: Nginx) -> None:
    answer = nginx.ask("POST", RUNS, "x" * (4 * 1024 * 1024 + 100))
    assert (answer.status, answer.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")
    refused = nginx.send(HEAD + b"Content-Length: 6000000\r\n\r\n")
    assert (refused.status, refused.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.long
@pytest.mark.nginx
def test_files_of_runs_go_through_nginx_above_the_limit_of_other_bodies_and_not_above_their_own(
    served: Served, nginx: Nginx
) -> None:
    place = f"{RUNS}/{nginx.ask('POST', RUNS, make_body('with a large file')).json()['run_id']}/attachments"
    data = bytes(range(256)) * 4096 * 6  # 6 MiB; other bodies may have 5
    form = (
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="top.nc"\r\n\r\n' + data + b"\r\n--edge--\r\n"
    )
    head = (
        f"POST {place} HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {BEARER}\r\n"
        "Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: "
    ).encode()
    attached = nginx.send(head + b"%d\r\n\r\n" % len(form) + form)
    assert (attached.status, attached.json()["sha256"]) == (201, hashlib.sha256(data).hexdigest())
    assert nginx.send(get(f"{place}/{attached.json()['sha256']}")).body == data
    assert not list(nginx.folder.glob("client_body/*")), "a form is passed on while it comes"
    refused = nginx.send(head + b"%d\r\n\r\n" % (1026 * 1024 * 1024 + 1))
    assert (refused.status, refused.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")
    elsewhere = nginx.send(head.replace(b"/attachments", b"/attachmentsx") + b"%d\r\n\r\n" % len(form))
    assert (elsewhere.status, elsewhere.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.long
@pytest.mark.nginx
@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (get("/" + "a" * 9000), 414, "URI_TOO_LONG"),
        (get("/", "X-Long: " + "a" * 9000), 431, "REQUEST_HEADER_FIELDS_TOO_LARGE"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "BAD_REQUEST"),
        (get("/", "Content-Length: x"), 400, "BAD_REQUEST"),
        (b"nonsense\r\n\r\n", 400, "BAD_REQUEST"),
        (b"GET / HTTP/7.3\r\n\r\n", 400, "BAD_REQUEST"),
    ],
)
def test_what_nginx_itself_refuses_has_the_one_form(nginx: Nginx, data: bytes, status: int, code: str) -> None:
    answer = nginx.send(data)
    told = answer.json()
    assert (answer.status, told["status"], told["error"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["request_id"] == answer.headers["x-request-id"]
    assert set(told) == {"type", "title", "status", "detail", "error", "request_id"}


@pytest.mark.long
@pytest.mark.nginx
def test_a_service_that_is_down_is_told_in_the_one_form(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with Nginx(tmp_path, nobody.getsockname()[1]) as nginx:
            answer = nginx.send(get("/healthz", "X-Request-Id: mine"))
    assert (answer.status, answer.json()["error"], answer.json()["request_id"]) == (502, "BAD_GATEWAY", "mine")


@pytest.mark.long
@pytest.mark.nginx
def test_queries_stay_out_of_the_log_of_nginx(nginx: Nginx) -> None:
    nginx.send(get("/nowhere/queries?secret=s3cr3t", "Authorization: Bearer s3cr3t", "Cookie: a=s3cr3t"))
    log = nginx.folder / "access.log"
    wait_until(lambda: "/nowhere/queries" in log.read_text(), "the line of nginx")
    assert "s3cr3t" not in log.read_text()


@pytest.mark.long
@pytest.mark.nginx
def test_the_tls_lines_and_the_change_for_compose_are_a_configuration_too(tmp_path: Path) -> None:
    config = Nginx(tmp_path, 8000).config
    (command,) = [part for part in compose()["services"]["nginx"]["command"] if part.startswith("sed")]
    expression = shlex.split(command)[1]
    changed = subprocess.run(["sed", expression, DEPLOY / "nginx.conf"], capture_output=True, text=True, check=True)
    assert re.findall(r"^ *listen .*", changed.stdout, re.MULTILINE) == ["        listen 8080;"]
    if shutil.which("openssl") is None:
        pytest.fail("openssl is not there: install the Debian package openssl", pytrace=False)
    certificate = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=shop", "-days", "1"]
    keys = ["-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"]
    subprocess.run([*certificate, *keys], capture_output=True, check=True)
    text = re.sub(r"# (listen|ssl_|add_header)", r"\1", config.read_text()).replace("/etc/ssl/rmos", str(tmp_path))
    assert len(re.findall("^ *(?:listen|ssl_certificate) ", text, re.MULTILINE)) == 4
    config.write_text(text)
    command_line = [find_nginx(), "-t", "-p", tmp_path, "-e", tmp_path / "error.log", "-c", config]
    done = subprocess.run(command_line, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_nginx_hangs_up_before_gunicorn_does_and_waits_longer_than_it() -> None:
    text, conf = (DEPLOY / "nginx.conf").read_text(), (ROOT / "rmos" / "serving" / "gunicorn_conf.py").read_text()

    def number(pattern: str, where: str) -> int:
        (found,) = set(re.findall(pattern, where, re.MULTILINE))
        return int(found)

    upstream = text[text.index("upstream rmos") : text.index("map ")]
    assert number(r"keepalive_timeout (\d+)s", upstream) < number(r"^keepalive = (\d+)", conf)
    assert number(r"proxy_read_timeout (\d+)s", text) > number(r"^timeout = (\d+)", conf)
    settings = load_settings({}, Path("/nowhere"))
    limits = [int(size) * 1024 * 1024 for size in re.findall(r"client_max_body_size (\d+)m", text)]
    assert limits[0] > settings.max_body_bytes
    assert limits[1] > settings.max_attachment_bytes + 1024 * 1024


# systemd


def units() -> list[Path]:
    """Return the unit files."""
    return sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])


def settings_of(unit: Path) -> dict[str, str]:
    """Return the environment that a unit sets."""
    pairs = re.findall(r"^Environment=(\w+)=(.*)$", unit.read_text(), re.MULTILINE)
    return dict(pairs)


def demand_real(environ: dict[str, str]) -> None:
    """Demand that every setting exists and has a value that it may have."""
    assert unknown_variables(environ) == []
    load_settings(environ, Path("/nowhere"))


def test_units_are_what_systemd_takes(tmp_path: Path) -> None:
    for unit in units():
        text = unit.read_text().replace("/opt/rmos/.venv/bin/gunicorn", "/bin/true")
        (tmp_path / unit.name).write_text(text.replace("/opt/rmos/.venv/bin/rmos", "/bin/true"))
    if shutil.which("systemd-analyze") is None:
        # Without the program at least what it would complain of first: a line that is no setting.
        for unit in units():
            for line in unit.read_text().splitlines():
                assert not line or line[0] in "#[" or re.fullmatch(r"[A-Z]\w+=.*", line), line
        return
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(tmp_path.iterdir())], capture_output=True, text=True
    )
    ours = [line for line in done.stderr.splitlines() if "rmos" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_units_name_real_settings_and_the_same_store_and_metrics() -> None:
    service, verify = settings_of(DEPLOY / "rmos.service"), settings_of(DEPLOY / "rmos-verify.service")
    demand_real(service)
    demand_real(verify)
    for name in ("RMOS_RUNS_DIR", "PROMETHEUS_MULTIPROC_DIR"):
        assert service[name] == verify[name]


def test_the_service_is_hardened_and_has_time_to_end() -> None:
    lines = (DEPLOY / "rmos.service").read_text().splitlines()
    assert {"ProtectSystem=strict", "PrivateTmp=yes", "NoNewPrivileges=yes", "StateDirectory=rmos"} <= set(lines)
    (stop,) = [line for line in lines if line.startswith("TimeoutStopSec=")]
    (graceful,) = re.findall(r"graceful_timeout = (\d+)", (ROOT / "rmos" / "serving" / "gunicorn_conf.py").read_text())
    assert int(stop.partition("=")[2]) > int(graceful)


# Containers


def compose(name: str = "compose.yaml") -> dict[str, Any]:
    """Return an example for containers."""
    read: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text())
    return read


def cluster() -> dict[str, Any]:
    """Return the services of two hosts."""
    services: dict[str, Any] = compose("compose.cluster.yaml")["services"]
    return services


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, each in one line."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.strip().partition(" ") for line in lines)]


def copied() -> list[str]:
    """Return what the Dockerfile copies from the repository."""
    return [
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]


def test_what_the_dockerfile_copies_is_there_and_let_through() -> None:
    let_through = set(re.findall("^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE))
    assert set(copied()) == let_through
    for source in copied():
        assert (ROOT / source).exists(), source


def test_the_image_holds_locked_packages_only_and_runs_without_root() -> None:
    found = instructions()
    installs = re.findall(r"pip install ([^&]*)", " ".join(rest for name, rest in found if name == "RUN"))
    assert len(installs) == 3
    for arguments in installs:
        assert "--require-hashes" in arguments or "--no-deps --no-index" in arguments, arguments
        for lock in ("base.txt", cluster()["rmos-1"]["build"]["args"]["LOCK"]):
            lists = re.findall(r"-r (\S+)", arguments.replace("${LOCK}", lock))
            assert all((ROOT / name).exists() for name in lists), arguments
    assert ("ARG", "LOCK=base.txt") in found
    names = [name for name, _ in found]
    # An official image, which there is for amd64 and arm64, and for whichever of them the builder is.
    assert {rest.split(" AS ")[0] for name, rest in found if name == "FROM"} == {"python:${PYTHON}-slim"}
    assert names.count("FROM") == 2
    assert "HEALTHCHECK" in names
    assert ("USER", "rmos") in found[names.index("FROM", 1) :]
    assert find_spec(json.loads(found[-1][1])[2]) is not None, "what it starts is in the wheel, not beside it"


def test_the_container_is_told_what_the_service_knows() -> None:
    (given,) = [rest for name, rest in instructions() if name == "ENV" and "RMOS" in rest]
    demand_real(dict(re.findall(r"(RMOS_\w+)=(\S+)", given)))
    demand_real({name: str(value) for name, value in compose()["services"]["rmos"]["environment"].items()})


def test_the_service_in_compose_is_reached_from_this_machine_through_nginx_alone() -> None:
    services = compose()["services"]
    assert services["rmos"]["ports"] == ["127.0.0.1:8080:8080"]
    assert services["nginx"]["network_mode"] == "service:rmos"
    build = services["rmos"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    for volume in services["nginx"]["volumes"]:
        assert (DEPLOY / volume.split(":")[0]).is_file()
    for volume in services["rmos"]["volumes"]:
        assert volume.split(":")[0] in compose()["volumes"]


def test_two_hosts_are_told_what_the_service_knows_and_differ_in_their_volume_alone() -> None:
    text = (DEPLOY / "compose.cluster.yaml").read_text()
    told = dict(re.findall(r"^# +([A-Z]\w+)=(\S+)", text, re.MULTILINE))
    password = told.pop("POSTGRES_PASSWORD")
    hosts = [cluster()[name] for name in ("rmos-1", "rmos-2")]
    for host in hosts:
        given = {name: str(value) for name, value in host["environment"].items()}
        given["RMOS_DATABASE_URL"] = re.sub(r"\$\{POSTGRES_PASSWORD[^}]*\}", password, given["RMOS_DATABASE_URL"])
        demand_real({**told, **given, "RMOS_SECRET_KEY": 64 * "0"})
        assert host["env_file"] == "cluster.env"
        assert f"/deploy/{host['env_file']}" in (ROOT / ".gitignore").read_text().splitlines()
        assert (DEPLOY / host["build"]["context"] / host["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    volumes = {volume.partition(":")[0] for host in hosts for volume in host["volumes"]}
    assert volumes == {"host-1", "host-2"}
    assert volumes < compose("compose.cluster.yaml")["volumes"].keys()
    assert [name for name, service in cluster().items() if "ports" in service] == ["nginx"]
    assert cluster()["nginx"]["ports"] == ["127.0.0.1:8080:8080"]


class Upstream:
    """A host behind nginx that takes requests whole and ends without an answer, or answers; it counts them."""

    def __init__(self, answer: bytes) -> None:
        self.requests = 0
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                with sock, sock.makefile("rb") as file:
                    length = 0
                    for line in iter(file.readline, b"\r\n"):
                        name, _, value = line.partition(b":")
                        length = int(value) if name.lower() == b"content-length" else length
                    file.read(length)
                    self.requests += 1
                    sock.sendall(self._answer)

    def close(self) -> None:
        """Refuse connections from now on."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def to_two_hosts(port: int) -> list[str]:
    """Return the arguments of sed by which the configuration of nginx has two hosts, as in compose.cluster.yaml."""
    (command,) = [part for part in cluster()["nginx"]["command"] if part.startswith("sed")]
    words = shlex.split(command)
    (expression,) = [word for word in words if "rmos-1" in word]
    changed = expression.replace("rmos-1:8000", "127.0.0.1:8000").replace("rmos-2:8000", f"127.0.0.1:{port}")
    return ["-e", changed]


@pytest.mark.long
@pytest.mark.nginx
def test_nginx_sends_no_request_that_records_twice_and_one_that_reached_nobody_to_another_host(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    for path in (RUNS, f"{RUNS}/run_1/attachments"):
        silent, other = Upstream(b""), Upstream(b"")
        (folder := tmp_path / str(silent.port)).mkdir()
        with Nginx(folder, silent.port, sed=to_two_hosts(other.port)) as nginx:
            assert nginx.ask("POST", path, make_body("once")).status == 502
            assert silent.requests + other.requests == 1
        silent.close()
        other.close()
    dead, alive = Upstream(answer), Upstream(answer)
    dead.close()
    (folder := tmp_path / str(alive.port)).mkdir()
    with Nginx(folder, dead.port, sed=to_two_hosts(alive.port)) as nginx:
        assert [nginx.ask("POST", RUNS, make_body("elsewhere")).status for _ in range(4)] == [201] * 4
    assert (dead.requests, alive.requests) == (0, 4)
    alive.close()


def test_every_example_is_described_and_none_names_a_place_of_whoever_wrote_it() -> None:
    described = (ROOT / "docs" / "operations.md").read_text()
    for path in DEPLOY.iterdir():
        assert path.name == "Dockerfile.dockerignore" or path.name in described, path.name
        assert not re.search(r"/(work|root|home)/", path.read_text()), path.name
