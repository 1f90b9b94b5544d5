"""Every operation of the document, tried with what its description allows and with what it forbids (schemathesis).

All checks, on all operations: with the examples, made-up values, and chains of requests in which one uses what another
answered, and values along the borders of each schema. What a document cannot say is arranged here, for
requests that should be taken: that one parameter excludes another, that a key is not to come back with another body,
that a condition has to hold, and the limits of RFC 7493 in free JSON.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.transport.wsgi import WSGITransport

from rmos import ids
from rmos.auth import guard
from rmos.config import Settings
from rmos.digest import MAX_INTEGER, sha256_hex
from rmos.http.openapi import load_example
from rmos.schemas.workflow import TAKEN
from rmos.services.bulk_runs import MAX_RUNS
from rmos.store import Store
from tests.helpers.rings import SLOT
from tests.makers import BEARER, make_members, write_token
from tests.trying import tries_at_night

pytestmark = [pytest.mark.parametrize("app", ["local"], indirect=True), pytest.mark.usefixtures("measured_here")]

US = ids.parse_utc("2025-12-23T09:46:13.123456Z")
RUN_ID = ids.new_run_id(US)
ROSETTE_ID = ids.new_run_id(US + 1)

_MANY = "/api/rmos/runs/batch"
_TAKEN = ["2xx", "3xx", "401", "403", "404", "409", "410", "429"]
"""What may become of a request that is right: also that the run was deleted by one before it."""
_OF_THE_NETWORK = ("max_redirects", "verify", "cert", "proxies")
ROSETTE = {
    "request": {},
    "seed_source": "given",
    "assumptions": [],
    "unrecognized": [],
    "changed": [],
    "spec": {"soundhole_diameter_mm": 86, "rings": [{"kind": "rope", "width_mm": 6, "materials": ["ebony", "koa"]}]},
}
_numbers = count()
_SAID = {
    "mode": "router",
    "tool_id": "em-3175-2f",
    "reason": "Because.",
    "outputs": {"gcode_text": "G0 X0"},
    "design": {},
    "context": {},
}
"""What an action is told where it needs to be told something."""
_MET = {"If-Match": "*", "Range": "bytes=0-"}
"""Conditions that hold for whatever is there, and a range that is still JSON; others are refused with reason."""
schemathesis.openapi.format("rmos-run-id", st.just(RUN_ID))
schemathesis.openapi.format("rmos-prompt", st.sampled_from(["rope in koa, 6 mm band", "boca 85 mm, espiga", "wider"]))
schemathesis.openapi.format("rmos-rosette-run-id", st.just(ROSETTE_ID))
schemathesis.openapi.format("rmos-cursor", st.just(ids.make_cursor(US, RUN_ID)))
schemathesis.openapi.format("rmos-audit-cursor", st.just(ids.make_cursor(US, ids.new_event_id(US))))
schemathesis.openapi.format("rmos-outcome-cursor", st.just(ids.make_cursor(US, ids.make_outcome_id(RUN_ID, 1))))
schemathesis.openapi.format("rmos-session-cursor", st.just(ids.make_cursor(US, ids.new_session_id(US))))


def tamed(value: Any) -> Any:
    """Return free JSON without what RFC 7493 and the record exclude."""
    if isinstance(value, dict):
        return {tamed(name): tamed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [tamed(inner) for inner in value]
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, (int, float)) and abs(value) > MAX_INTEGER:
        return 0
    return value


_MEANT: dict[str, dict[str, Any]] = {
    "/suggest-and-attach": {"advisory_markdown": "Slower."},
    "/review": {"rating": 4},
    "/outcomes": {"ended": "completed", "part": "good", "note": "The grain runs out at four."},
    "/reject": {"reason_code": "AESTHETIC"},
    "/feasibility/suggest": load_example("engines.setting"),
    "/variants/bulk": {"action": "promote", "items": [{"sha256": sha256_hex(b"x")}]},
}
"""What is sent where members that go together cannot be described; tests of their own send the others."""


def as_meant(body: dict[str, Any], label: str) -> dict[str, Any]:
    """Return a body whose members that belong together do."""
    if "b64" in body:
        body |= {"b64": "eA==", "sha256": sha256_hex(b"x"), "content_type": "application/octet-stream"}
    if label.endswith("/programs"):
        if "file" in body:
            said = {"dry_run": body["dry_run"]} if "dry_run" in body else {}
            return {"file": SLOT, "stock": '{"thickness_mm": 3}', **said}
        return {"gcode_text": SLOT, "stock": {"thickness_mm": 3}, "dry_run": body.get("dry_run") is True}
    if "file" in body:
        body = {"file": body["file"]}
    if "grid" in body:  # two numbers of one cut, which has room for both, at no more places than a grid may have
        axes = (("x", "design.feed_mm_min"), ("y", "design.spindle_rpm"))
        body["grid"] |= {name: {**body["grid"][name], "path": path, "steps": 3} for name, path in axes}
    return next((dict(meant) for end, meant in _MEANT.items() if label.endswith(end)), body)


def fitting(case: Case, body: dict[str, Any]) -> dict[str, Any]:
    """Return a body with what its action takes and needs, or with an override that somebody answers for."""
    if case.operation.path.endswith("/override"):
        return {**body, "acknowledge_risk": True, "expires_at_utc": None}
    action = case.path_parameters.get("action")
    if action not in TAKEN:
        return body
    if action == "store_toolpaths":
        return {"outputs": _SAID["outputs"]}
    if action == "set_design":  # one of the two, and the run of a rosette has a test of its own
        return {"design": body.get("design") or _SAID["design"]}
    needed, optional = TAKEN[action]
    taken = {name: value for name, value in body.items() if name in (*needed, *optional)}
    return taken | {name: _SAID[name] for name in needed if taken.get(name) is None}


def make_drawable(body: dict[str, Any]) -> None:
    """Let a rosette that is asked for begin with something, and a spec be one: most objects are none."""
    if isinstance(body.get("spec"), dict):
        body["spec"] = ROSETTE["spec"]
    if all(body.get(name) is None for name in ("prompt", "spec", "parent_run_id")):
        body["prompt"] = "rope in koa, 6 mm band"


@schemathesis.hook
def before_call(context: object, case: Case, kwargs: object) -> None:
    """Let a request that should be taken not go against what only the descriptions say."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.operation.path == "/api/rmos/bundles" and case.operation.method == "get":  # one scope, and just one
        case.query = {"run_ids": RUN_ID}
    if "cursor" in case.query and "offset" in case.query:
        del case.query["offset"]
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"key-{next(_numbers)}"
    for header, met in _MET.items():
        if header in case.headers:
            case.headers[header] = met
    if isinstance(case.body, dict) and all(part.mode.is_positive for part in case.meta.components.values()):
        case.body = fitting(case, as_meant(tamed(case.body), case.operation.label))
        if case.path == "/api/rmos/rosettes":
            make_drawable(case.body)


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client that calls an application ask for what it understands, without settings of the network."""
    send = WSGITransport.send

    def without(transport: WSGITransport, case: Case, **settings: Any) -> Any:
        kept = {name: value for name, value in settings.items() if name not in _OF_THE_NETWORK}
        kept["headers"] = {**(kept.get("headers") or {}), "Accept-Encoding": "identity"}  # it decompresses nothing
        return send(transport, case, **kept)

    monkeypatch.setattr(WSGITransport, "send", without)
    monkeypatch.setattr(guard, "WRONG_TOKENS", 10**9)  # what comes when there were many has tests of its own


@pytest.fixture
def app(app: Flask, settings: Settings) -> Flask:
    """The service as the document describes it: with tokens, this one an admin's."""
    write_token(settings.runs_dir, role="admin")
    # Each operation is tried with wrong tokens as well, more than one address is let have in a minute.
    return app


def tried(app: Flask, examples: int) -> Iterator[events.ScenarioFinished]:
    """Try the service with so many made-up requests for each operation and yield what came of each scenario."""
    config = SchemathesisConfig.from_dict(
        {
            "generation": {"max-examples": examples, "deterministic": True},
            "checks": {"positive_data_acceptance": {"expected-statuses": _TAKEN}},
            "auth": {"openapi": {"token": {"bearer": BEARER}}},
        }
    )
    schema = schemathesis.openapi.from_dict(app.test_client().get("/api/openapi.json").json, config=config)
    schema.app = app  # loaded by its URL, that URL would not be tried
    for event in from_schema(schema).execute():
        assert not isinstance(event, (events.NonFatalError, events.FatalError)), event.info
        if isinstance(event, events.ScenarioFinished):
            yield event


def has_items(body: Any) -> bool:
    """Tell whether a body of many runs is one by its outer form."""
    items = body.get("runs") if isinstance(body, dict) and len(body) == 1 else None
    return isinstance(items, list) and 1 <= len(items) <= MAX_RUNS


def told(scenario: events.ScenarioFinished) -> Iterator[str]:
    """Yield what each check has against a request of the scenario, with the request to try it again."""
    for case_id, checks in scenario.recorder.checks.items():
        for check in checks:
            case = scenario.recorder.cases[case_id].value
            # A session is a record: one that was deleted is still read, and says so.
            kept = check.name == "use_after_free" and "{session_id}" in case.operation.label
            answer = scenario.recorder.interactions[case_id].response
            # That a run is deleted by now, or that a file is no drawing or no bundle, no request can know.
            gone = (
                check.name == "positive_data_acceptance"
                and answer is not None
                and (
                    answer.status_code in (410, 415) or (answer.status_code == 422 and "BUNDLE_REFUSED" in answer.text)
                )
            )
            # One of many runs that cannot be taken is a problem among the results, and refuses no other.
            among = check.name == "negative_data_rejection" and case.operation.path == _MANY and has_items(case.body)
            if check.failure_info is not None and not kept and not gone and not among:
                body = answer.text if answer is not None else ""
                yield f"{case.operation.label}: {check.failure_info.failure}\n{case.as_curl_command()}\n{body}"


def try_everything(app: Flask, store: Store, examples: int) -> None:
    """Fail with everything that any check has against any operation."""
    store.runs.put(make_members(US, RUN_ID))
    store.runs.put(make_members(US + 1, ROSETTE_ID, design={"rosette": ROSETTE}))
    found: set[str] = set()
    reached: set[str] = set()
    for scenario in tried(app, examples):
        reached |= {node.value.operation.label for node in scenario.recorder.cases.values()}
        found |= set(told(scenario))
    assert not found, "\n\n".join(sorted(found))
    document = app.test_client().get("/api/openapi.json").json
    methods = {"get", "post", "put", "patch", "delete"}
    assert reached == {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in methods & item.keys()
    }


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_every_operation_does_what_the_document_says(app: Flask, service_store: Store) -> None:
    try_everything(app, service_store, tries_at_night(40, 6))
