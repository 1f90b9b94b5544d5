"""The components that the descriptions of routes share: ids in URLs, headers, the ways to authenticate.

A new noun adds its id to `PATH_PARAMETERS`; a header that a route heeds or bears is described here once and then named
by the route (`routes`).
"""

from typing import Any, Final

from rmos.auth.cookies import COOKIE
from rmos.auth.roles import OPEN, OPEN_ON_LOOPBACK, OPEN_WHERE_PUBLIC
from rmos.workflow import ACTIONS

SECURITY_SCHEMES: Final[dict[str, dict[str, Any]]] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of this service: `rmos_<id>_<secret>`. None is needed while none was ever made: "
        "then programs on this machine, and nobody else, may do what an operator may.",
    },
    "sign_in": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The cookie of a browser that signed in at /sign-in.",
    },
}
NEEDS_CALLER: Final[list[dict[str, list[str]]]] = [{"token": []}, {"sign_in": []}]
SECURITY: Final[dict[str, list[dict[str, list[str]]]]] = {
    OPEN: [],
    OPEN_ON_LOOPBACK: [{}, *NEEDS_CALLER],
    OPEN_WHERE_PUBLIC: [{}, *NEEDS_CALLER],
}
"""Routes that need no caller, by the role that they declare."""

RUN_ID: Final = "run_019b4ac234bb71c88a6e3d2c1b0a9f88"
SESSION_ID: Final = "ws_019b4ac2304270fa8a6e3d2c1b0a9f77"

SHA256: Final = "3c81e211396fdeace2335cec68493e3c7818b64ac220fb14eef63adb460c5adb"

PATH_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "run_id": {
        "description": "The id of a run: `run_` and 32 hex digits; legacy ids may be shorter or bare.",
        "schema": {"type": "string", "pattern": "^(run_[0-9a-f]{12,32}|[0-9a-f]{32})$"},
        "example": RUN_ID,
    },
    "session_id": {
        "description": "The id of a workflow session: `ws_` and 32 hex digits; in legacy records `ws_` and 12.",
        "schema": {"type": "string", "pattern": "^ws_[0-9a-f]{12,32}$"},
        "example": SESSION_ID,
    },
    "number": {
        "description": "The number of a program of a run, from 1.",
        "schema": {"type": "string", "pattern": "^[1-9][0-9]{0,3}$"},
        "example": "1",
    },
    "sha256": {
        "description": "The SHA-256 of an attachment, as the run names it.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "example": SHA256,
    },
    "candidate_id": {
        "description": "The id of a manufacturing candidate: `mc_` and 12 hex digits.",
        "schema": {"type": "string", "pattern": "^mc_[0-9a-f]{12}$"},
        "example": "mc_7c2a34a7e209",
    },
    "token_id": {
        "description": "The id of a token, without what stands before it in files and in what callers send.",
        "schema": {"type": "string", "pattern": "^[a-z0-9]{1,32}$"},
        "example": "0a1b2c3d4e5f",
    },
    "tool_id": {
        "description": "The id of a tool, in any case: one of the table of tools, or one that a job or a reset named.",
        "schema": {"type": "string", "pattern": "^[^/]{1,200}$"},
        "example": "em-3175-2f",
    },
    "tile_name": {
        "description": "The name of a tile as C2SP's tlog-tiles has it, or of a bundle of entries.",
        "schema": {"type": "string", "pattern": "^(entries|[0-9]{1,2})(/x[0-9]{3})*/[0-9]{3}(\\.p/[0-9]{1,3})?$"},
        "example": "0/000.p/3",
    },
    "token": {
        "description": "The token of a signed link.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,4096}$"},
        "example": "eyJyIjoicnVuXzAxOWI0YThmIn0.c2lnbmF0dXJl",
    },
    "action": {
        "description": "What to do with the session.",
        "schema": {"type": "string", "enum": list(ACTIONS)},
        "example": "request_feasibility",
    },
    "code": {
        "description": "The code of a problem, as its member `error` has it.",
        "schema": {"type": "string", "pattern": "^[A-Z_]{1,64}$"},
        "example": "RUN_NOT_FOUND",
    },
    "output": {
        "description": "Which file of a rosette.",
        "schema": {
            "type": "string",
            "enum": ["plan.svg", "plan.html", "cam.svg", "cam.dxf", "drawing.png", "spec.json"],
        },
        "example": "plan.svg",
    },
    "rule_id": {
        "description": "The id of a rule, as assessments carry it.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"},
        "example": "CHIP_RUBBING",
    },
    "digest": {
        "description": "The digest of the file.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "example": "0123456789abcdef",
    },
    "asset": {
        "description": "The name of the file.",
        "schema": {"type": "string", "pattern": "^[a-z.-]{1,64}$"},
        "example": "pages.css",
    },
}
"""By its name, what each variable part of a URL is."""

REQUEST_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "X-Request-Id": {
        "description": "Comes back with the response and is on every log line; one that is not 1 to 64 of "
        "`A-Z a-z 0-9 . _ -` is replaced.",
        "schema": {"type": "string"},
    },
    "If-None-Match": {
        "description": "ETags that the caller has already; one of them is answered 304.",
        "schema": {"type": "string"},
    },
    "If-Match": {
        "description": "ETags; when none of them is the record's, the response is 412.",
        "schema": {"type": "string"},
    },
    "Range": {"description": "One range of bytes, as `bytes=0-99`.", "schema": {"type": "string"}},
    "If-Range": {
        "description": "An ETag; when it is no longer the record's, the whole is answered instead of the range.",
        "schema": {"type": "string"},
    },
    "Idempotency-Key": {
        "description": "Makes a repeated request give what the first one made instead of another run or session.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
    "Prefer": {
        "description": "`return=minimal`: the response holds the id alone; the decision is at the URL in Location.",
        "schema": {"type": "string"},
    },
}
"""Headers that routes heed. None but the pattern of an Idempotency-Key refuses anything: HTTP says what to ignore.

None has an example: the pages would send it with every try, so that the second fails or the decision is not shown.
"""

RESPONSE_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "X-Request-Id": {"description": "The id of this request.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How to say who asks: `Bearer`.", "schema": {"type": "string"}},
    "ETag": {"description": "Names this state of the record.", "schema": {"type": "string"}},
    "Vary": {"description": "The request headers on which the response depends.", "schema": {"type": "string"}},
    "X-Total-Count": {
        "description": "How many runs match, in a stream with `include_total=true`.",
        "schema": {"type": "integer"},
    },
    "Location": {"description": "The URL of what was made.", "schema": {"type": "string"}},
    "Link": {"description": 'The next page, as `<URL>; rel="next"`.', "schema": {"type": "string"}},
    "Cache-Control": {"description": "Who may keep the response, and how.", "schema": {"type": "string"}},
    "Content-Disposition": {"description": "The name for the file.", "schema": {"type": "string"}},
    "Content-Security-Policy": {
        "description": "What a browser may do with the file: show it, in a sandbox.",
        "schema": {"type": "string"},
    },
    "Content-Digest": {
        "description": "The SHA-256 of the body (RFC 9530), as `sha-256=:…:`.",
        "schema": {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"},
    },
    "Repr-Digest": {
        "description": "The SHA-256 of the whole of which this is a range (RFC 9530).",
        "schema": {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"},
    },
    "Content-Range": {"description": "Which bytes of how many these are.", "schema": {"type": "string"}},
    "Accept-Ranges": {"description": "`bytes`: ranges may be requested.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "`true` when the run was made by an earlier request with the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Preference-Applied": {
        "description": "The preference that was heeded.",
        "schema": {"type": "string", "enum": ["return=minimal"]},
    },
}
"""Headers of responses."""


def reference(kind: str, name: str) -> dict[str, str]:
    """Return the reference to a part of the document."""
    return {"$ref": f"#/components/{kind}/{name}"}
