"""The pages that stand beside the runs: the shop, the rules, the record."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import create_app
from rmos.config import Settings
from tests.helpers.problems import check_problem
from tests.web.conftest import PAGES, SLOW, check_page


@pytest.mark.parametrize("kind", ["tools", "materials", "machines"])
def test_the_shop_shows_every_entry_with_where_its_figures_come_from(
    browse: Any, client: FlaskClient, kind: str
) -> None:
    table = client.get(f"/api/rmos/{kind}").json
    assert table["count"] == len(table["items"]) > 3
    text = check_page(browse(f"/shop/{kind}"))
    for entry in table["items"]:
        assert entry["id"] in text
        assert " ".join(entry["source"].split()) in text
        assert entry["own"] is False
    check_problem(client.get(f"/api/rmos/{kind}?a=1"), 422, "VALIDATION_FAILED")


def test_what_the_shop_wrote_itself_is_marked(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    instance.mkdir()
    own = {"kind": "end_mill", "diameter_mm": 3.1, "flutes": 2, "material": "carbide", "source": "<b>mine</b>"}
    lines = [f"{name} = {json.dumps(value)}" for name, value in own.items()]
    (instance / "tools.toml").write_text("\n".join(['["em-3175-2f"]', *lines]))
    app = create_app(Settings(instance_path=instance, runs_dir=tmp_path / "runs"))
    client = app.test_client()
    entry = next(item for item in client.get("/api/rmos/tools").json["items"] if item["id"] == "em-3175-2f")
    assert entry == {"id": "em-3175-2f", "own": True, **own}
    text = check_page(client.get("/shop/tools", headers=PAGES))
    assert "em-3175-2f your own" in text
    assert text.count("your own") == 1
    assert "<b>mine</b>" in text
    app.extensions["rmos"].close()


def test_a_table_that_the_shop_does_not_have_is_a_problem(browse: Any) -> None:
    assert "there are tools, materials, machines" in check_page(browse("/shop/clamps"), 404)


def test_help_names_every_rule_and_each_rule_has_a_lesson(browse: Any, client: FlaskClient) -> None:
    rules = client.get("/api/rmos/rules").json["items"]
    page = browse("/help").text
    check_page(browse("/help"))
    default = client.get("/api/rmos/engines").json["default_engine_id"]
    assert set(re.findall(r'href="/help/rules/(\w+)"', page)) == {
        rule["id"] for rule in rules if rule["engine_id"] == default
    }
    for rule in rules:
        text = check_page(browse(f"/help/rules/{rule['id'].lower()}"))
        for part in ("question", "formula", "hint", "source"):
            assert " ".join(rule[part].split()) in text
    assert "lists them" in check_page(browse("/help/rules/%3Cb%3E"), 404)


def test_a_rule_leads_to_the_runs_that_it_spoke_in(browse: Any, record: Any, client: FlaskClient) -> None:
    record(SLOW)
    rule = client.get("/api/rmos/runs?limit=1").json["items"][0]["rule"]
    page = browse(f"/help/rules/{rule}")
    assert "1 run in six weeks" in check_page(page)
    link = re.search(r'href="(/runs\?rule=[^"]+)"', page.text)
    assert link is not None
    assert browse(link[1].replace("&amp;", "&")).text.count('class="chip red"') == 1


def test_the_record_says_when_it_was_verified_and_what_to_do_about_what_was_found(
    browse: Any, record: Any, app: Flask, settings: Settings
) -> None:
    run_id = record()
    assert "Not verified" in check_page(browse("/record"))
    settings.instance_path.mkdir(exist_ok=True)
    note = settings.instance_path / "last-verify.json"
    found = {"store_root": str(settings.runs_dir), "at_utc": "2025-12-23T09:46:13.000000Z", "ok": True, "runs": 1}
    note.write_text(json.dumps({**found, "findings": {}}))
    text = check_page(browse("/record"))
    assert "1 run, one file each" in text
    assert "✓ Whole 1 runs verified 23 Dec 2025 09:46 UTC" in text
    note.write_text(json.dumps({**found, "ok": False, "findings": {"blob_missing": 3, "of another release": 1}}))
    text = check_page(browse("/record"))
    assert "Blob missing 3 restore the blob from a back-up" in text.replace("blob missing 3", "Blob missing 3")
    assert "of another release 1" in text
    for junk in ("", "[]", json.dumps({**found, "findings": 3}), json.dumps({**found, "at_utc": "x", "findings": {}})):
        note.write_text(junk)
        assert "Not verified" in check_page(browse("/record"))
    note.write_text(json.dumps({**found, "store_root": "/another", "findings": {}}))
    assert "Not verified" in check_page(browse("/record"))
    moved = settings.runs_dir / "_quarantine" / "2025-12-23"
    moved.mkdir(parents=True)
    (moved / f"{run_id}.json").write_text("{}")
    assert f"2025-12-23/{run_id}.json" in check_page(browse("/record"))


def test_a_year_is_a_grid_with_a_table_of_months(browse: Any, record: Any) -> None:
    record()
    page = browse("/record").text
    assert "1 on 1 day, at most 1 on one." in page
    assert page.count('class="shade-4"') == 2
    month = re.search(r'<a href="(/runs\?created_from=[^"]+)">', page)
    assert month is not None
    assert browse(month[1].replace("&amp;", "&")).text.count('class="chip green"') == 1
