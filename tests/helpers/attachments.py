"""Files of runs for the tests: drawings, ways to attach them, and where they lie."""

import base64
import io
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import digest
from rmos.config import Settings
from tests.makers import write_raw

DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><circle cx="10" cy="10" r="8"/></svg>'
SHA256 = digest.sha256_hex(DRAWING)
HOSTILE = b'<svg xmlns="http://www.w3.org/2000/svg">\n<g onload="alert(1)"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20


def make_upload(data: bytes = DRAWING, **over: Any) -> dict[str, Any]:
    """Make the JSON body that attaches a file; None takes a member out."""
    body = {
        "kind": "drawing",
        "filename": "rosette.svg",
        "content_type": "image/svg+xml",
        "sha256": digest.sha256_hex(data),
        "b64": base64.b64encode(data).decode(),
    }
    return {name: value for name, value in (body | over).items() if value is not None}


def upload(client: FlaskClient, run: str, data: bytes, filename: str = "a.bin", **fields: str) -> TestResponse:
    """Attach a file as a form."""
    mime = fields.pop("mime", "application/octet-stream")
    return client.post(f"{run}/attachments", data={**fields, "file": (io.BytesIO(data), filename, mime)})


def list_blobs(settings: Settings) -> list[Path]:
    """Return the files of all blobs."""
    return [path for path in (settings.runs_dir / "_attachments").rglob("*") if path.is_file()]


def find_blob(settings: Settings, sha256: str) -> Path:
    """Return where a blob lies."""
    return settings.runs_dir / "_attachments" / sha256[:2] / sha256[2:4] / sha256


def damage_blob(settings: Settings, sha256: str) -> None:
    """Change the last byte of a blob."""
    path = find_blob(settings, sha256)
    write_raw(path, path.read_bytes()[:-1] + b"X")


def attach(client: FlaskClient, run: str, data: bytes, **over: Any) -> str:
    """Attach a file as JSON and return its digest."""
    response = client.post(f"{run}/attachments", json=make_upload(data, **over))
    assert response.status_code == 201, response.text
    return str(response.json["sha256"])
