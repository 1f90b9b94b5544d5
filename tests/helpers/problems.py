"""What every problem looks like: one check for the tests of all routes."""

import json
from typing import Any

from werkzeug.test import TestResponse


def check_problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """Check the form of a problem and return it."""
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = json.loads(response.data)
    assert list(problem)[:6] == ["type", "title", "status", "detail", "error", "request_id"]
    assert problem["type"] == f"/problems/{code}"
    assert (problem["status"], problem["error"]) == (status, code)
    assert problem["request_id"] == response.headers["X-Request-Id"]
    assert problem["title"]
    assert problem["detail"]
    return problem
