"""Attachments over HTTP: what comes is what is kept, what is kept is what goes out, and nothing runs in a browser."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rmos import digest
from rmos.config import Settings
from rmos.http import multipart as forms
from rmos.store import Store
from tests.api.conftest import RUNS, Post
from tests.helpers.attachments import DRAWING, PNG, SHA256, damage_blob, find_blob, list_blobs, make_upload, upload
from tests.makers import write_raw
from tests.trying import tries


def test_trap_10_what_is_uploaded_is_linked_to_its_run_listed_and_downloaded(client: FlaskClient, run: str) -> None:
    response = client.post(f"{run}/attachments", json=make_upload(metadata={"side": "top"}))
    assert response.status_code == 201
    assert response.json == {
        "attachment_id": f"att_{SHA256[:32]}",
        "sha256": SHA256,
        "kind": "drawing",
        "size_bytes": len(DRAWING),
    }
    assert response.headers["Location"] == f"{run}/attachments/{SHA256}"
    listed = client.get(f"{run}/attachments").json
    assert (listed["run_id"], listed["count"]) == (run.rpartition("/")[2], 1)
    (item,) = listed["items"]
    assert item | {"created_at_utc": None} == {
        **response.json,
        "mime": "image/svg+xml",
        "filename": "rosette.svg",
        "created_at_utc": None,
        "metadata": {"side": "top"},
    }
    (recorded,) = client.get(run).json["attachments"]
    assert recorded["sha256"] == SHA256
    assert client.get(response.headers["Location"]).data == DRAWING
    (event,) = client.get(f"{run}/events").json["events"]
    assert (event["kind"], event["actor"]) == ("attachment", "local")


def test_a_file_of_a_form_is_kept_with_its_name_and_type(client: FlaskClient, run: str) -> None:
    response = upload(client, run, PNG, "top plate.png", mime="image/png", kind="photo", metadata='{"x": [1.5]}')
    assert response.status_code == 201
    (item,) = client.get(f"{run}/attachments").json["items"]
    assert (item["kind"], item["mime"], item["filename"]) == ("photo", "image/png", "top plate.png")
    assert item["metadata"] == {"x": [1.5]}
    assert client.get(response.headers["Location"]).data == PNG


@pytest.mark.parametrize("spelling", ["image/vnd.dxf", "image/x-dxf", "application/dxf", "drawing/x-dxf"])
def test_trap_44_a_drawing_for_a_machine_is_taken_whatever_a_system_calls_its_type(
    client: FlaskClient, run: str, spelling: str
) -> None:
    data = (Path(__file__).parents[1] / "data" / "files" / "t.dxf").read_bytes()
    response = upload(client, run, data, "t.dxf", mime=spelling, kind="dxf")
    assert response.status_code == 201, response.text
    assert client.get(f"{run}/attachments").json["items"][0]["mime"] == "image/vnd.dxf"


@hypothesis_settings(max_examples=tries(60))
@given(
    data=st.lists(st.sampled_from([b"\r", b"\n", b"\r\n--", b"--", b"----b", b"x", b"\x00"]), max_size=60),
    at_once=st.integers(1, 40) | st.just(1 << 18),
)
def test_bytes_that_look_like_the_edge_of_a_part_come_through_in_pieces_of_any_size(
    client: FlaskClient, run: str, monkeypatch: pytest.MonkeyPatch, data: list[bytes], at_once: int
) -> None:
    monkeypatch.setattr(forms, "_READ_BYTES", at_once)
    whole = b"".join(data)
    body = b"--b\r\nContent-Disposition: form-data; name=file; filename=f\r\n\r\n" + whole + b"\r\n--b--\r\n"
    response = client.post(f"{run}/attachments", data=body, content_type="multipart/form-data; boundary=b")
    assert response.json["sha256"] == digest.sha256_hex(whole)


def test_the_same_again_writes_nothing_and_answers_with_what_is_there(
    client: FlaskClient, run: str, settings: Settings
) -> None:
    first = client.post(f"{run}/attachments", json=make_upload())
    again = client.post(f"{run}/attachments", json=make_upload(filename="other.svg", kind="other"))
    assert (again.status_code, again.json) == (200, first.json)
    assert client.get(f"{run}/events").json["count"] == 1
    assert len(list_blobs(settings)) == 1


@pytest.mark.parametrize(
    ("over", "status", "error"),
    [
        ({"sha256": "0" * 64}, 400, "DIGEST_MISMATCH"),
        ({"b64": "===="}, 400, "BAD_ENCODING"),
        ({"b64": base64.b64encode(DRAWING).decode().rstrip("=")[:-1]}, 400, "BAD_ENCODING"),
        ({"b64": "PHN2\nZz4="}, 400, "BAD_ENCODING"),
        ({"b64": "é"}, 400, "BAD_ENCODING"),
        ({"content_type": "image/png"}, 400, "CONTENT_MISMATCH"),
        ({"content_type": "png"}, 422, "VALIDATION_FAILED"),
        ({"sha256": None}, 422, "VALIDATION_FAILED"),
        ({"sha256": SHA256.upper()}, 422, "VALIDATION_FAILED"),
        ({"kind": "a/b"}, 422, "VALIDATION_FAILED"),
        ({"kind": ".."}, 422, "VALIDATION_FAILED"),
        ({"filename": ""}, 422, "VALIDATION_FAILED"),
        ({"filename": "a\nb"}, 422, "VALIDATION_FAILED"),
        ({"filename": "x" * 256}, 422, "VALIDATION_FAILED"),
        ({"metadata": {"x": "y" * 20_000}}, 422, "VALIDATION_FAILED"),
        ({"surprise": 1}, 422, "VALIDATION_FAILED"),
    ],
)
def test_what_is_not_what_it_was_declared_to_be_leaves_nothing(
    client: FlaskClient, run: str, settings: Settings, over: dict[str, Any], status: int, error: str
) -> None:
    response = client.post(f"{run}/attachments", json=make_upload(**over))
    assert (response.status_code, response.json["error"]) == (status, error)
    assert not list_blobs(settings)
    assert client.get(f"{run}/attachments").json["count"] == 0


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"sha256": "0" * 64}, 400), ({"kind": "a b"}, 422), ({"metadata": "{"}, 422), ({"metadata": "[]"}, 422),
     ({"surprise": "1"}, 422), ({"content_type": "image/gif"}, 400), ({"kind": "x" * 70_000}, 413)],
)  # fmt: skip
@pytest.mark.parametrize("file_first", [True, False])
def test_a_form_that_is_refused_leaves_nothing_also_when_the_file_came_first(
    client: FlaskClient, run: str, settings: Settings, fields: dict[str, str], status: int, file_first: bool
) -> None:
    file = {"file": (io.BytesIO(PNG), "a.png", "image/png")}
    response = client.post(f"{run}/attachments", data={**file, **fields} if file_first else {**fields, **file})
    assert response.status_code == status, response.text
    assert not list_blobs(settings)


def test_a_form_that_breaks_off_anywhere_leaves_nothing(client: FlaskClient, run: str, settings: Settings) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    whole = head + b"x" * 100 + b'\r\n--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nphoto\r\n--b--\r\n'
    for end in [*range(0, len(whole) - 4, 7), len(whole) - 5]:
        response = client.post(f"{run}/attachments", data=whole[:end], content_type='multipart/form-data; boundary="b"')
        assert (response.status_code, response.json["error"]) == (400, "BAD_FORM"), end
        assert not list_blobs(settings)
    assert client.post(
        f"{run}/attachments", data=whole, content_type='multipart/form-data; boundary="b"'
    ).status_code == 201  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nx\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="other"; filename="f"\r\n\r\nx\r\n--b--\r\n',
        b'--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\n\xff\r\n--b--\r\n',
        b"".join(
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n' for _ in range(2)
        )
        + b"--b--\r\n",
    ],
)  # fmt: skip
def test_a_form_without_one_file_is_refused(client: FlaskClient, run: str, settings: Settings, body: bytes) -> None:
    response = client.post(f"{run}/attachments", data=body, content_type="multipart/form-data; boundary=b")
    assert (response.status_code, response.json["error"]) == (400, "BAD_FORM")
    assert not list_blobs(settings)


def test_above_the_limit_of_a_file_and_of_a_run_nothing_is_stored(
    app: Flask, client: FlaskClient, run: str, settings: Settings
) -> None:
    limited = type(settings)(
        instance_path=settings.instance_path,
        runs_dir=settings.runs_dir,
        max_attachment_bytes=3000,
        max_run_attachments_bytes=5000,
    )
    app.extensions["rmos"].settings = limited
    response = upload(client, run, b"x" * 3001)
    assert (response.status_code, response.json["error"]) == (413, "PAYLOAD_TOO_LARGE")
    assert not list_blobs(settings)
    assert upload(client, run, b"x" * 3000).status_code == 201
    assert upload(client, run, b"y" * 2001).status_code == 413
    assert upload(client, run, b"y" * 2000).status_code == 201
    assert upload(client, run, b"z").status_code == 413
    assert client.get(f"{run}/attachments").json["count"] == 2


def test_a_body_that_says_that_it_is_too_large_is_not_read(client: FlaskClient, run: str) -> None:
    environ = {"CONTENT_LENGTH": str(2 * 1024**3)}
    response = client.post(
        f"{run}/attachments", data=b"", content_type="multipart/form-data; boundary=b", environ_overrides=environ
    )
    assert (response.status_code, response.json["limit_bytes"]) == (413, 1024**3)


def test_a_run_that_is_not_there_or_deleted_takes_no_files(client: FlaskClient, run: str, settings: Settings) -> None:
    missing = f"{RUNS}/run_{'0' * 32}"
    for send in (
        lambda url: upload(client, url, PNG),
        lambda url: client.post(f"{url}/attachments", json=make_upload()),
    ):
        assert send(missing).status_code == 404
    client.delete(f"{run}?reason=a trial cut")
    for send in (
        lambda url: upload(client, url, PNG),
        lambda url: client.post(f"{url}/attachments", json=make_upload()),
    ):
        assert send(run).status_code == 410
    assert not list_blobs(settings)


def test_a_file_is_handed_over_to_be_saved_and_can_do_nothing(client: FlaskClient, run: str) -> None:
    page = b"<html><script>alert(1)</script></html>"
    url = client.post(
        f"{run}/attachments", json=make_upload(page, content_type="text/html", filename="p.html")
    ).headers["Location"]  # fmt: skip
    for response in (client.get(url), client.head(url), client.get(f"/api/rmos/attachments/{digest.sha256_hex(page)}")):
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'; style-src 'unsafe-inline'"
        assert response.headers["Content-Disposition"].startswith("attachment; ")
        assert response.headers["ETag"] == f'"{digest.sha256_hex(page)}"'
        assert response.headers["Content-Digest"] == digest.content_digest(digest.sha256_hex(page))
        assert response.headers["Content-Length"] == str(len(page))


@pytest.mark.parametrize("size", [100, 200_000])
def test_ranges_conditions_and_head(client: FlaskClient, run: str, size: int) -> None:
    data = bytes(range(100)) * (size // 100)
    url = upload(client, run, data).headers["Location"]
    for asked, (start, end) in {
        "bytes=0-9": (0, 10), "bytes=10-": (10, size), "bytes=-7": (size - 7, size), "bytes=5-9999999": (5, size),
    }.items():  # fmt: skip
        part = client.get(url, headers={"Range": asked})
        assert (part.status_code, part.data) == (206, data[start:end])
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.headers["Content-Length"] == str(end - start)
        assert part.headers["Repr-Digest"] == digest.content_digest(digest.sha256_hex(data))
        assert "Content-Digest" not in part.headers
    assert client.get(url, headers={"Range": f"bytes={size}-"}).status_code == 416
    etag = client.get(url).headers["ETag"]
    assert client.get(url, headers={"Range": "bytes=0-1", "If-Range": etag}).status_code == 206
    assert client.get(url, headers={"Range": "bytes=0-1", "If-Range": '"x"'}).data == data
    unchanged = client.get(url, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.data, unchanged.headers["ETag"]) == (304, b"", etag)
    assert client.get(url, headers={"If-None-Match": etag, "Range": f"bytes={size}-"}).status_code == 304
    assert client.get(url, headers={"If-Match": '"x"'}).status_code == 412
    head = client.head(url)
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(size))
    assert head.headers["Accept-Ranges"] == "bytes"


def test_only_what_the_run_itself_names_is_given_through_it(client: FlaskClient, run: str, post: Post) -> None:
    client.post(f"{run}/attachments", json=make_upload())
    other = f"{RUNS}/{post().json['run_id']}"
    response = client.get(f"{other}/attachments/{SHA256}")
    assert (response.status_code, response.json["error"]) == (404, "ATTACHMENT_NOT_FOUND")
    assert client.get(f"/api/rmos/attachments/{SHA256}").data == DRAWING
    assert "immutable" in client.get(f"/api/rmos/attachments/{SHA256}").headers["Cache-Control"]


def test_trap_18_verify_hashes_again_and_is_not_taken_for_a_digest(
    client: FlaskClient, run: str, settings: Settings
) -> None:
    client.post(f"{run}/attachments", json=make_upload())
    other = upload(client, run, PNG).json["sha256"]
    told = client.get(f"{run}/attachments/verify")
    assert told.json == {
        "run_id": run.rpartition("/")[2],
        "verification": {
            "ok": True,
            "count": 2,
            "results": [{"sha256": SHA256, "ok": True, "error": None}, {"sha256": other, "ok": True, "error": None}],
        },
    }
    damage_blob(settings, SHA256)
    find_blob(settings, other).unlink()
    verification = client.get(f"{run}/attachments/verify").json["verification"]
    assert not verification["ok"]
    assert [result["error"] for result in verification["results"]] == ["damaged", "missing"]


def test_a_damaged_file_is_never_served_with_200(client: FlaskClient, run: str, settings: Settings) -> None:
    url = client.post(f"{run}/attachments", json=make_upload()).headers["Location"]
    assert client.get(url).status_code == 200
    damage_blob(settings, SHA256)
    for where in (url, f"/api/rmos/attachments/{SHA256}"):
        for headers in ({}, {"Range": "bytes=0-3"}):
            response = client.get(where, headers=headers)
            assert (response.status_code, response.json["error"]) == (500, "RECORD_DAMAGED")
        assert client.head(where).status_code == 500
    find_blob(settings, SHA256).unlink()
    assert client.get(url).status_code == 404


def test_trap_20_json_of_the_earlier_system_is_given_without_a_digest_that_it_does_not_have(
    client: FlaskClient, run: str, settings: Settings
) -> None:
    stored = json.dumps({"b": 1, "a": "ü"}, indent=2).encode()
    named = digest.sha256_hex('{"a":"ü","b":1}'.encode())
    client.get(run)
    write_raw(find_blob(settings, named).with_suffix(".json"), stored)
    response = client.get(f"/api/rmos/attachments/{named}")
    assert (response.data, response.headers["ETag"]) == (stored, f'"{named}"')
    assert "Content-Digest" not in response.headers


@pytest.mark.parametrize(
    ("filename", "header"),
    [
        ("top.nc", 'attachment; filename="top.nc"'),
        ("Ébène.svg", "attachment; filename=\"_b_ne.svg\"; filename*=UTF-8''%C3%89b%C3%A8ne.svg"),
        ('a"b;c%.nc', "attachment; filename=\"a_b;c_.nc\"; filename*=UTF-8''a_b%3Bc%25.nc"),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
        ("..\\..\\boot.ini", 'attachment; filename="boot.ini"'),
        ("evil\u202egnp.exe", 'attachment; filename="evilgnp.exe"'),
        ("con.txt", 'attachment; filename="_con.txt"'),
        ("...", f'attachment; filename="{SHA256}"'),
    ],
)
def test_any_file_name_comes_back_as_one_that_is_safe(
    client: FlaskClient, run: str, filename: str, header: str
) -> None:
    url = client.post(f"{run}/attachments", json=make_upload(filename=filename)).headers["Location"]
    assert client.get(url).headers["Content-Disposition"] == header
    assert client.get(f"{run}/attachments").json["items"][0]["filename"] == filename


def test_files_of_a_damaged_index_are_served_all_the_same(
    client: FlaskClient, run: str, service_store: Store, settings: Settings
) -> None:
    url = client.post(f"{run}/attachments", json=make_upload()).headers["Location"]
    service_store.index.close()
    (settings.runs_dir / "_index.sqlite").write_bytes(b"no index")
    assert client.get(url).data == DRAWING


def test_of_an_empty_file_no_range_can_be_given_so_it_comes_whole(client: FlaskClient, run: str) -> None:
    url = upload(client, run, b"").headers["Location"]
    response = client.get(url, headers={"Range": "bytes=0-"})
    assert (response.status_code, response.data) == (200, b"")
