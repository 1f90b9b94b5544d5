"""Requests to a test server that no store ever sends: buckets are made, keys are put that RMOS would not write.

send(url, "PUT", "/rmos-tests")
send(url, "PUT", "/rmos-tests", query="versioning=", body=b"<VersioningConfiguration>…")
"""

import hashlib
import hmac
import http.client
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from tests.helpers.buckets import ACCESS_KEY, REGION, SECRET_KEY

VERSIONS_ON = (
    b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<Status>Enabled</Status></VersioningConfiguration>"
)


def send(url: str, method: str, path: str, *, query: str = "", body: bytes = b"") -> bytes:
    """Send a signed request, whose path is given unquoted, and return the body of its response, which is a success."""
    parts = urlsplit(url)
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target, digest = quote(path, safe="/~"), hashlib.sha256(body).hexdigest()
    headers = {"host": parts.netloc, "x-amz-content-sha256": digest, "x-amz-date": now}
    signed = ";".join(headers)
    lines = [method, target, query, *(f"{name}:{value}" for name, value in headers.items()), "", signed, digest]
    scope = f"{now[:8]}/{REGION}/s3/aws4_request"
    canonical = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    text = "\n".join(("AWS4-HMAC-SHA256", now, scope, canonical))
    key = f"AWS4{SECRET_KEY}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(method, f"{target}?{query}" if query else target, body, headers)
        response = connection.getresponse()
        answer = response.read()
        assert response.status < 300, (method, path, response.status, answer)
        return answer
    finally:
        connection.close()


def make_bucket(url: str, name: str, *, versions: bool = False) -> None:
    """Make a bucket, or find it there."""
    send(url, "PUT", f"/{name}")
    if versions:
        send(url, "PUT", f"/{name}", query="versioning=", body=VERSIONS_ON)
