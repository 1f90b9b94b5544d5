"""`GET /api/rmos/engines`."""

from flask.testing import FlaskClient

from rmos.schemas.service import EnginesSchema
from tests.api.conftest import Post, make_body


def test_the_engines_are_listed_with_their_versions_and_what_they_read(client: FlaskClient) -> None:
    response = client.get("/api/rmos/engines")
    assert response.status_code == 200
    assert response.json.keys() == EnginesSchema().fields.keys()
    assert (response.json["default_engine_id"], response.json["count"]) == ("baseline_v2", 2)
    engine, earlier = response.json["items"]
    assert (engine["engine_id"], earlier["engine_id"]) == ("baseline_v2", "baseline_v1")
    assert engine["version"].count(".") == 2
    assert engine["description"]
    inputs = {given.pop("path"): given for given in engine["inputs"]}
    assert inputs["design.feed_mm_min"] == {"kind": "number", "inch_path": "design.feed"}
    assert inputs["design.spindle_rpm"] == {"kind": "number"}
    assert inputs["context.units"] == {"kind": "choice", "allowed": ["mm", "inch"]}
    assert "channel" in inputs["design.operation"]["allowed"]
    assert not any("refused" in given.values() for given in inputs.values())
    assert {"context.tool.angle_deg", "context.machine.min_rpm"} <= inputs.keys() - {
        given["path"] for given in earlier["inputs"]
    }


def test_what_is_listed_is_what_is_read(client: FlaskClient, post: Post) -> None:
    listed = {given["path"] for given in client.get("/api/rmos/engines").json["items"][0]["inputs"]}
    body = make_body()
    sent = {f"design.{name}" for name in body["design"]} | {"context.material.id", "context.machine.class"}
    assert sent <= listed
    made = post(engine_id="baseline_v2")
    assert made.json["risk_level"] == "GREEN"


def test_no_parameter_is_taken_for_an_engine(client: FlaskClient) -> None:
    assert client.get("/api/rmos/engines/baseline_v1").status_code == 404
    assert client.post("/api/rmos/engines").status_code == 405
