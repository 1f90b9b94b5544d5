"""Trying a cut: the form, the decision beside it, the map around it, and the one button that records it."""

import html
import random
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import create_app
from rmos.config import Settings
from tests.makers import BEARER, write_token
from tests.web.conftest import CUT, PAGES, RUNS, SLOW, check_page, shown_text
from tests.web.test_run_page import HOSTILE

OURS = {**PAGES, "Origin": "http://localhost"}
FIELD = re.compile(r'<input id="(\w+)" name="\w+"[^>]* value="([^"]*)"')
CHOSEN = re.compile(r'<select id="(\w+)".*?<option value="([^"]*)" selected>', re.DOTALL)
LETTERS = {"G": "GREEN", "Y": "YELLOW", "R": "RED", "U": "UNKNOWN"}


def read_form(page: str) -> dict[str, str]:
    """Return what the fields of a page hold, as a browser sends them."""
    page = page.split('<form id="try"')[1].split("</form>")[0]
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in (*hidden, *CHOSEN.findall(page), *FIELD.findall(page))}


def read_key(page: str) -> str:
    match = re.search(r'name="key" value="([^"]+)"', page)
    assert match is not None
    return match[1]


def read_map(page: str) -> dict[str, str]:
    figure = page.split('data-part="map"')[1].split(">")[0]
    return dict(re.findall(r'data-([a-z-]+)="([^"]*)"', figure))


def read_links(page: str, text: str) -> list[str]:
    """Return the links that are called so."""
    return [html.unescape(href) for href in re.findall(rf'href="([^"]+)">{text}', page)]


def test_a_form_that_nobody_has_filled_in_is_a_green_cut(browse: Any) -> None:
    response = browse("/try")
    text = check_page(response)
    assert "✓ GREEN" in text
    assert "Nothing is recorded until you press the button." in text
    form = read_form(response.text)
    assert (form["tool"], form["operation"]) == ("em-3175-2f", "channel")
    assert float(form["feed"]) > 0
    assert len(response.data) < 60_000
    assert len(browse("/try?material=ebony&feed=60&rpm=24000&plunge=900&pass=3").data) < 60_000


@pytest.mark.parametrize(
    "operation", ["channel", "ring_cutout", "inlay_pocket", "inlay_part", "soundhole", "drill_hole", "saw_slice"]
)
def test_every_operation_starts_green_on_every_pair_of_axes(browse: Any, operation: str) -> None:
    for axes in ("feed_rpm", "feed_pass", "stickout_pass"):
        text = check_page(browse(f"/try?operation={operation}&axes={axes}"))
        assert "✓ GREEN" in text, text[:2000]


def test_what_is_shown_is_what_would_be_recorded(browse: Any, client: FlaskClient) -> None:
    page = browse("/try?material=ebony&feed=250&rpm=24000").text
    form = read_form(page)
    response = client.post("/try", data={**form, "key": read_key(page)}, headers=OURS)
    assert response.status_code == 303
    run = client.get(f"/api/rmos{response.headers['Location']}").json
    said = shown_text(page)
    assert run["decision"]["risk_level"] in said
    assert (run["decision"]["block_reason"] or run["decision"]["warnings"][0]).partition(": ")[2] in said
    assert run["inputs"]["design"]["feed_mm_min"] == 250
    assert run["material_id"] == "ebony"
    assert run["created_by"]["name"] == "local"


def test_from_a_red_run_the_advice_leads_to_a_green_one_that_is_recorded_after_it(
    browse: Any, record: Any, client: FlaskClient
) -> None:
    run_id = record(SLOW)
    before = client.get(f"/api/rmos/runs/{run_id}").json
    page = browse(f"/runs/{run_id}").text
    tried = browse(read_links(page, "Try 610 mm/min")[0]).text
    assert read_form(tried)["feed"] == "610"
    assert f'href="/runs/{run_id}"' in tried
    nearest = read_links(tried, "Take the nearest GREEN")
    green = browse(nearest[0]).text if nearest else tried
    assert "✓ GREEN" in shown_text(green)
    answer = client.post("/try", data={**read_form(green), "key": read_key(green)}, headers=OURS)
    run = client.get(f"/api/rmos{answer.headers['Location']}").json
    assert run["decision"]["risk_level"] == "GREEN"
    assert run["parent_run_id"] == run_id
    changed = {
        name
        for name in run["inputs"]["design"]
        if run["inputs"]["design"][name] != before["inputs"]["design"].get(name)
    }
    assert changed <= {"feed_mm_min", "spindle_rpm"}
    assert run["inputs"]["context"] == before["inputs"]["context"]


def test_a_run_that_is_tried_as_it_is_has_its_decision_and_its_inputs(
    browse: Any, record: Any, client: FlaskClient
) -> None:
    own = {"kind": "end_mill", "diameter_mm": 2.5, "flutes": 3, "material": "hss", "stickout_mm": 14, "max_rpm": 20000}
    for changes in ({}, SLOW, {"context": {**CUT["context"], "tool": own}, "tool_id": "mine", "machine_id": None}):
        run_id = record(changes)
        run = client.get(f"/api/rmos/runs/{run_id}").json
        page = browse(f"/try?from={run_id}")
        assert run["decision"]["risk_level"] in check_page(page)
        answer = client.post("/try", data={**read_form(page.text), "key": read_key(page.text)}, headers=OURS)
        again = client.get(f"/api/rmos{answer.headers['Location']}").json
        assert again["hashes"]["feasibility_sha256"] == run["hashes"]["feasibility_sha256"]
        assert again["inputs"] == run["inputs"]


def test_a_run_in_inches_is_tried_in_millimetres(browse: Any, record: Any) -> None:
    tool = {"kind": "end_mill", "diameter": 0.125, "flutes": 2, "material": "carbide", "stickout": 0.75}
    design = {
        "operation": "channel", "feed": 70, "plunge_feed": 24, "spindle_rpm": 18000, "axial_depth": 0.03,
        "total_depth": 0.06, "feature_width": 0.25,
    }  # fmt: skip
    context = {
        "units": "inch", "tool": {**tool, "flute_length": 0.5, "centre_cutting": True}, "stock": {"thickness": 0.12},
    }  # fmt: skip
    run_id = record(design=design, context=context, tool_id="old")
    page = browse(f"/try?from={run_id}").text
    assert "✓ GREEN" in shown_text(page)
    assert {**read_form(page), "feed": "1778", "stickout": "19.05", "stock": "3.048", "tool": "old"} == read_form(page)


def test_two_hundred_places_of_maps_are_what_a_run_of_that_cut_is_decided(browse: Any, client: FlaskClient) -> None:
    draw = random.Random(17)
    questions = [
        "/try/map?steps=fine",
        "/try/map?material=ebony&tool=em-1588-2f&axes=feed_pass&total=1&width=2",
        "/try/map?operation=soundhole&axes=stickout_pass&steps=fine",
        "/try/map?operation=drill_hole",
        "/try/map?operation=saw_slice&steps=fine",
    ]
    seen: set[tuple[str, str | None]] = set()
    for question in questions:
        page = browse(question).text
        found = read_map(page)
        form = read_form(browse(question.replace("/map", "").replace("steps=fine", "").rstrip("?&")).text)
        names, rules = found["names"].split(" "), found["rules"].split()
        xs, ys = found["x"].split(), found["y"].split()
        assert len(found["colours"]) == len(found["rules-at"]) == len(xs) * len(ys)
        for place in draw.sample(range(len(xs) * len(ys)), 40):
            row, column = divmod(place, len(xs))
            data = {**form, names[0]: xs[column], names[1]: ys[row], "key": f"place-{place:016}"}
            answer = client.post("/try", data=data, headers=OURS)
            assert answer.status_code == 303, answer.text
            summary = client.get(f"{RUNS}?limit=1").json["items"][0]
            sign = found["rules-at"][place]
            rule = None if sign == "." else rules["abcdefghijklmnopqrstuvwxyz".index(sign)]
            assert (LETTERS[found["colours"][place]], rule) == (summary["risk_level"], summary["rule"]), data
            seen.add((summary["risk_level"], rule))
    assert {risk for risk, _ in seen} == {"GREEN", "YELLOW", "RED"}
    assert len(seen) > 6


def test_a_double_tap_is_one_run_and_another_cut_of_the_same_form_is_another(browse: Any, client: FlaskClient) -> None:
    page = browse("/try").text
    data = {**read_form(page), "key": read_key(page)}
    places = {client.post("/try", data=data, headers=OURS).headers["Location"] for _ in range(2)}
    assert len(places) == 1
    other = client.post("/try", data={**data, "feed": "777"}, headers=OURS).headers["Location"]
    assert other not in places
    assert len(client.get(RUNS).json["items"]) == 2
    assert read_key(browse("/try").text) != data["key"]


def test_nothing_is_recorded_by_looking_or_without_a_key(browse: Any, client: FlaskClient) -> None:
    page = browse("/try?feed=900").text
    browse("/try/map?feed=900")
    for key in ("", "x", "<script>", "k" * 65):
        assert client.post("/try", data={**read_form(page), "key": key}, headers=OURS).status_code == 422
    assert len(client.get(RUNS).json["items"]) == 0


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_page_of_another_site_records_nothing(browse: Any, client: FlaskClient, headers: dict[str, str]) -> None:
    page = browse("/try").text
    data = {**read_form(page), "key": read_key(page)}
    assert client.post("/try", data=data, headers={**PAGES, **headers}).status_code == 403
    assert len(client.get(RUNS).json["items"]) == 0


def test_a_viewer_tries_and_cannot_record(app: Flask, settings: Settings) -> None:
    write_token(settings.runs_dir, name="vera", role="viewer")
    client = app.test_client()
    client.post("/sign-in", data={"token": BEARER}, headers=OURS)
    page = client.get("/try", headers=PAGES)
    text = check_page(page)
    assert "To record takes the role recorder; you are a viewer." in text
    assert 'name="key"' not in page.text
    assert client.post("/try", data={**read_form(page.text), "key": "k" * 20}, headers=OURS).status_code == 403
    other = app.test_client()
    assert other.get("/try?feed=900", headers=PAGES).headers["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("tool=em-3157-2f", "Did you mean em-3175-2f"),
        ("material=mapel", "there is no 'mapel' here."),
        ("machine=shapeoko", "there is no 'shapeoko' here."),
        ("operation=drawing_only", "there is no 'drawing_only' here."),
        ("coolant=water", "there is no 'water' here."),
        ("feed=fast", "must be a number, such as 900 or 0.75"),
        ("rpm=-1", "must be a number above 0"),
        ("pass=1e99", "must be a number above 0"),
        ("width=nan", "must be a number"),
        ("width=1_0", "must be a number"),
        ("axes=time", "there is no 'time' here."),
        ("fed=900", "Unknown field. Did you mean feed?"),
        ("feed=900&feed=800", "is given more than once"),
    ],
)
def test_what_cannot_be_used_is_told_beside_its_field_and_nothing_is_lost(browse: Any, query: str, said: str) -> None:
    response = browse(f"/try?stock=2.75&{query}")
    text = check_page(response, 422)
    assert said in text
    form = read_form(response.text)
    assert form["stock"] == "2.75"
    name, value = next(iter(parse_qs(query).items()))
    assert form.get(name, value[0]) == value[0] or len(value) > 1
    assert "disabled>Record this cut" in response.text
    assert browse(f"/try/map?{query}").status_code == 422


def test_a_number_with_a_comma_is_a_number(browse: Any) -> None:
    assert read_form(browse("/try?pass=0,75").text)["pass"] == "0,75"
    assert "✓ GREEN" in check_page(browse("/try?pass=0,75"))


def test_a_form_that_is_posted_with_a_slip_keeps_its_values(browse: Any, client: FlaskClient) -> None:
    page = browse("/try").text
    response = client.post("/try", data={**read_form(page), "feed": "quick", "key": read_key(page)}, headers=OURS)
    check_page(response, 422)
    assert read_form(response.text)["feed"] == "quick"
    assert len(client.get(RUNS).json["items"]) == 0


@pytest.mark.parametrize(
    "name", ["tool", "material", "machine", "operation", "coolant", "feed", "width", "axes", "evil"]
)
def test_hostile_values_stay_text(browse: Any, name: str) -> None:
    response = browse(f"/try?{urlencode({name: HOSTILE})}")
    check_page(response, 422)
    assert "<img src=x" not in response.text
    assert "<script>alert" not in response.text


@pytest.mark.parametrize("member", ["tool_id", "material_id", "machine_id", "operation"])
def test_a_hostile_run_is_tried_as_text(browse: Any, record: Any, member: str) -> None:
    if member == "operation":
        run_id = record(design={**CUT["design"], "operation": HOSTILE, HOSTILE: HOSTILE, "feed_mm_min": HOSTILE})
    else:
        run_id = record({member: HOSTILE})
    response = browse(f"/try?from={run_id}")
    check_page(response, 422)
    assert "<img src=x" not in response.text
    odd = record(
        design={"operation": ["channel"], "feed_mm_min": {"a": 1}}, context={"tool": 5, "stock": [], "units": 7}
    )
    check_page(browse(f"/try?from={odd}"), 422)
    check_page(browse(f"/runs/{odd}"))


def test_a_place_of_the_table_takes_its_two_settings(browse: Any) -> None:
    found = read_map(browse("/try/map?rpm=15000").text)
    table = browse("/try?rpm=15000&as=table").text
    assert table.count('name="at"') == len(found["colours"])
    assert 'name="at"' not in browse("/try?rpm=15000").text
    response = browse("/try?rpm=15000&at=3.7")
    assert response.status_code == 303
    form = parse_qs(urlsplit(response.headers["Location"]).query)
    assert (form["feed"], form["rpm"]) == (
        [found["x"].split()[3]],
        [found["y"].split()[7]],
    )
    for odd in ("99.99", "x", "-1.3", "3"):
        assert browse(f"/try?at={odd}").status_code == 303


def test_a_run_that_is_not_there_is_a_page_that_says_so(browse: Any) -> None:
    assert "There is no run with this id." in check_page(browse("/try?from=run_0123456789ab"), 404)


def test_whoever_lacks_a_number_of_the_axes_is_told(browse: Any) -> None:
    text = check_page(browse("/try?feed=&rpm=18000"))
    assert "A map needs a number for each of its axes." in text
    assert "It lacks design.feed_mm_min" in text


def test_a_map_names_its_colours_and_rules_in_words(browse: Any) -> None:
    page = browse("/try?by=rule").text
    titles = set(re.findall(r"<g shape-rendering=\"crispEdges\"><title>([^<]+)</title>", page))
    assert "GREEN" in titles
    assert any(title.startswith("YELLOW: ") for title in titles)
    for title in titles:
        assert f"{title}, " in shown_text(page)
    for pattern, risk in (("hatch", "YELLOW"), ("cross", "RED")):
        count = page.count(f'class="over" fill="url(#{pattern})"')
        assert count == sum(title.startswith(risk) for title in titles) > 0


def test_an_old_engine_of_a_store_is_asked_for_maps_too(tmp_path: Path) -> None:
    settings = Settings(instance_path=tmp_path / "i", runs_dir=tmp_path / "runs", default_engine="baseline_v1")
    (tmp_path / "i").mkdir()
    app = create_app(settings)
    client = app.test_client()
    page = client.get("/try", headers=PAGES)
    check_page(page)
    found = read_map(page.text)
    assert set(found["colours"]) <= set("GYRU")
    app.extensions["rmos"].close()
