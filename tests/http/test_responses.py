"""Headers of every answer, whatever it is and whoever asks."""

import pytest
from flask.testing import FlaskClient

from rmos.http.responses import with_headers
from rmos.web.assets import read_assets

RUNS = "/api/rmos/runs"
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.mark.parametrize(
    ("method", "path", "status", "kept"),
    [
        ("GET", RUNS, 200, "private, no-cache"),
        ("POST", RUNS, 201, "no-store"),
        ("GET", f"{RUNS}/run_1", 404, "no-store"),
        ("GET", "/nowhere", 404, "no-store"),
        ("PUT", RUNS, 405, "no-store"),
        ("GET", "/sign-in", 200, "no-store"),
        pytest.param("GET", read_assets()["rmos.css"].url, 200, "private, max-age=31536000, immutable", id="asset"),
        ("POST", "/sign-out", 303, "no-store"),
        ("GET", "/healthz", 200, "no-store"),
    ],
)
def test_every_answer_has_them_and_says_who_may_keep_it(
    client: FlaskClient, method: str, path: str, status: int, kept: str
) -> None:
    response = client.open(path, method=method, json={"mode": "router", "tool_id": "x"} if method == "POST" else None)
    assert response.status_code == status
    assert response.headers.getlist("Cache-Control") == [kept]
    for name, value in EVERYWHERE.items():
        assert response.headers.getlist(name) == [value]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert len(response.headers.getlist("Referrer-Policy")) == 1
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert {"Authorization", "Cookie"} <= set(", ".join(response.headers.getlist("Vary")).split(", "))


def test_a_record_is_kept_by_its_caller_alone_and_asked_for_again(client: FlaskClient) -> None:
    made = client.post(RUNS, json={"mode": "router", "tool_id": "x"})
    response = client.get(made.headers["Location"])
    assert response.headers["Cache-Control"].startswith("private")
    again = client.get(made.headers["Location"], headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["Cache-Control"] == response.headers["Cache-Control"]


def test_what_a_view_has_set_itself_stands_whatever_its_case() -> None:
    own = [("content-security-policy", "sandbox"), ("CACHE-CONTROL", "immutable"), ("referrer-policy", "no-referrer")]
    seen: list[tuple[str, str]] = []

    def view(environ: object, start_response: object) -> list[bytes]:
        start_response("200 OK", own)  # type: ignore[operator]
        return [b""]

    with_headers(view)({"REQUEST_METHOD": "GET"}, lambda status, headers: seen.extend(headers))
    names = [name.lower() for name, _ in seen]
    assert seen[:3] == own
    assert len(names) == len(set(names))
    assert len(names) == 8
