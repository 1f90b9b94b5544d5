from flask.testing import FlaskClient

from rmos.schemas.service import RuleListSchema, RuleSchema


def test_the_rules_of_the_engines_are_listed(client: FlaskClient) -> None:
    response = client.get("/api/rmos/rules")
    assert response.status_code == 200
    items = RuleListSchema().load(response.json)["items"]
    assert [item["id"] for item in items if item["engine_id"] == "baseline_v1"] == sorted(item["id"] for item in items)
    assert len(items) == 16


def test_a_rule_is_explained(client: FlaskClient) -> None:
    response = client.get("/api/rmos/rules/OVERSPEED")
    rule = RuleSchema().load(response.json)
    assert rule["weight"] == 0.15
    assert rule["limits"]["RED"] == "share > 1"
    assert "EN 847-1" in rule["source"]
    assert rule["operations"][-1] == "saw_slice"


def test_a_rule_that_no_engine_has_is_not_found(client: FlaskClient) -> None:
    response = client.get("/api/rmos/rules/LUCK")
    assert (response.status_code, response.json["error"], response.json["rule_id"]) == (404, "RULE_NOT_FOUND", "LUCK")
