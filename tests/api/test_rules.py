from flask.testing import FlaskClient

from rmos.schemas.service import RuleListSchema, RuleSchema

ENGINES = ("baseline_v2", "baseline_v1")


def test_the_rules_of_the_engines_are_listed(client: FlaskClient) -> None:
    response = client.get("/api/rmos/rules")
    assert response.status_code == 200
    items = RuleListSchema().load(response.json)["items"]
    by_engine = {engine_id: [rule["id"] for rule in items if rule["engine_id"] == engine_id] for engine_id in ENGINES}
    assert list(dict.fromkeys(rule["engine_id"] for rule in items)) == list(ENGINES)
    assert {engine_id: len(ids) for engine_id, ids in by_engine.items()} == {"baseline_v2": 18, "baseline_v1": 16}
    assert all(ids == sorted(ids) for ids in by_engine.values())


def test_a_rule_is_explained(client: FlaskClient) -> None:
    response = client.get("/api/rmos/rules/OVERSPEED")
    rule = RuleSchema().load(response.json)
    assert rule["engine_id"] == "baseline_v2"
    assert rule["weight"] == 0.15
    assert "EN 847-1" in rule["source"]
    assert rule["operations"][-1] == "saw_slice"


def test_a_rule_that_no_engine_has_is_not_found(client: FlaskClient) -> None:
    response = client.get("/api/rmos/rules/LUCK")
    assert (response.status_code, response.json["error"], response.json["rule_id"]) == (404, "RULE_NOT_FOUND", "LUCK")
