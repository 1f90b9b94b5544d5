"""The studio: a sentence, a dozen drawings, one picked and changed, nothing recorded before the button is pressed."""

import html
import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import digest
from rmos.config import Settings
from rmos.engines.shop.prices import MaterialPrice
from tests.helpers.problems import check_problem
from tests.makers import BEARER, write_token
from tests.web.conftest import PAGES, check_page

ROPE = "rope pattern, ebony and padauk, 6 mm band"
NEW = "/rosettes/new"
OURS = {**PAGES, "Origin": "http://localhost"}
ROSETTES = "/api/rmos/rosettes"
HOSTILE = "<script>alert(1)</script> \"><img src=x onerror=alert(1)> {{7*7}} ' rope"


def links(page: str, path: str) -> list[str]:
    """Return the links and images of a page that begin with a path, as a browser follows them."""
    return [html.unescape(found) for found in re.findall(rf'(?:href|src)="({re.escape(path)}[^"]*)"', page)]


def form_of(page: str) -> list[tuple[str, str]]:
    """Return what the form that records sends."""
    form = page.partition('<form method="post" action="/rosettes/new">')[2].partition("</form>")[0]
    return [
        (name, html.unescape(value))
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    ]


def send(client: FlaskClient, fields: list[tuple[str, str]], **headers: str) -> TestResponse:
    body = urlencode(fields)
    return client.post(NEW, data=body, content_type="application/x-www-form-urlencoded", headers={**OURS, **headers})


def count_runs(client: FlaskClient) -> int:
    return int(client.get("/api/rmos/runs?include_total=true").json["total"])


@pytest.fixture
def studio(browse: Any) -> Any:
    """Open the studio: `studio(prompt="rope", pick=3, change=["wider"])`."""

    def studio(**asked: Any) -> TestResponse:
        return browse(f"{NEW}?{urlencode(asked, doseq=True)}")  # type: ignore[no-any-return]

    return studio


def test_the_studio_offers_sentences_to_begin_with(browse: Any) -> None:
    page = browse(NEW)
    assert "Nothing is recorded until you press the button for it." in check_page(page)
    assert len(links(page.text, f"{NEW}?")) == 3
    assert "No rosette was recorded yet" in check_page(browse("/rosettes"))


def test_a_sentence_is_drawn_a_dozen_times_and_told_apart(studio: Any, client: FlaskClient) -> None:
    page = studio(prompt="rope in ebony, herringbon, 6 mm band, a horse")
    text = check_page(page)
    assert text.index("Not taken herringbon") < text.index("Understood ✓ rope ✓ ebony ✓ 6 mm band Assumed")
    [corrected] = [link for link in links(page.text, f"{NEW}?") if "herringbone" in link]
    assert "Not taken horse Understood" in check_page(client.get(corrected, headers=PAGES))
    images = links(page.text, "/rosettes/draft/drawing.svg?")
    assert len(images) == len(set(images)) == 12
    assert len({client.get(image).data for image in images}) > 1
    assert count_runs(client) == 0
    assert page.text.count('loading="lazy"') == 12
    [others] = [link for link in links(page.text, f"{NEW}?") if "pick" not in link and "herringbone" not in link]
    assert set(links(client.get(others, headers=PAGES).text, "/rosettes/draft/")).isdisjoint(images)
    assert studio(prompt=ROPE, n=3, seed=2**53 - 1).text.count('loading="lazy"') == 3


def test_that_nothing_was_understood_is_said_first(studio: Any) -> None:
    text = check_page(studio(prompt="xyzzy plugh"))
    assert text.index("Nothing of this sentence was understood.") < text.index("Not taken xyzzy")
    assert "Understood" not in text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"prompt": "86 mm hole, 2 inch hole"}, "the soundhole is given twice"),
        ({"prompt": "!"}, "Say what the rosette is like"),
        ({"prompt": "rope", "pick": 1, "change": ["-3 tiles"]}, "Take “-3 tiles” back"),
        ({"begin": "run_0123456789ab"}, None),
        ({"prompt": "x" * 501}, "Length must be between 1 and 500"),
        ({"prompt": "rope", "n": 13}, "n"),
        ({"prompt": "rope", "pick": 2**53}, "pick"),
        ({"prompt": "rope", "pick": "-1"}, "pick"),
        ({"prompt": "rope", "change": ["wider"] * 13}, "At most 12"),
        ({"prompt": "rope", "change": ["w" * 121]}, "At most 120"),
        ({"prompt": ["rope", "koa"]}, "more than once"),
        ({"promt": "rope"}, "prompt"),
        ({"begin": "../etc"}, "the id of a run"),
    ],
)
def test_what_cannot_be_drawn_is_said_and_not_drawn(studio: Any, asked: Any, said: str | None) -> None:
    response = studio(**asked)
    text = check_page(response, 404 if said is None else 422)
    assert said is None or said in text


def test_the_picked_drawing_has_its_sizes_materials_files_and_changes(studio: Any, client: FlaskClient) -> None:
    page = studio(prompt=ROPE, pick=7)
    text = check_page(page)
    for part in ("Soundhole 86 mm", "Width 9 mm", "Outside 110 mm", "rope in", "black fibre", "✓ GREEN"):
        assert part in text
    files = {link.partition("?")[0].rpartition("/")[2]: link for link in links(page.text, "/rosettes/draft/")}
    files["drawing.svg"] = f"/rosettes/draft/drawing.svg?{urlencode({'prompt': ROPE, 'pick': 7})}"
    begins = {
        "drawing.svg": b"<svg ", "drawing.png": b"\x89PNG", "cam.svg": b"<svg ", "cam.dxf": b"  0\nSECTION",
        "plan.svg": b"<svg ", "plan.html": b"<!doctype html>", "spec.json": b"{\n",
    }  # fmt: skip
    assert set(files) == set(begins)
    for name, link in files.items():
        response = client.get(link)
        assert response.data.startswith(begins[name]), name
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert response.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        again = client.get(link, headers={"If-None-Match": response.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    assert json.loads(client.get(files["spec.json"]).data)["seed"] == 7
    [wider] = [link for link in links(page.text, f"{NEW}?") if link.endswith("change=wider#picked")]
    changed = client.get(wider, headers=PAGES)
    assert "width in all 9 mm → 10.2 mm" in check_page(changed)
    assert f"{NEW}?{urlencode({'prompt': ROPE, 'pick': 7})}#picked" in links(changed.text, f"{NEW}?")
    assert count_runs(client) == 0


def test_the_bill_says_what_the_blanks_cost_where_the_shop_states_prices(
    studio: Any, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"prompt": ROPE, "pick": 7, "n": 1}
    assert "Cost" not in check_page(studio(**asked))
    engines = app.extensions["rmos"].engines
    prices = {"ebony": MaterialPrice(95, "EUR", "dm3"), "black_fibre": MaterialPrice(0.8, "EUR", "m")}
    monkeypatch.setattr(engines, "shop", msgspec.structs.replace(engines.shop, prices=prices))
    text = check_page(studio(**asked))
    assert "≈ Cost" in text
    costs = [float(cost) for cost in re.findall(r" (\d+\.\d\d) EUR", text)]
    total = float(re.findall(r"The blanks cost about (\d+\.\d\d) EUR", text)[0])
    assert sum(costs) - total == pytest.approx(total, abs=0.02)  # the lines and, once more, their sum
    assert "without white fibre, padauk, of which the shop states no price" in text


def test_every_file_is_another_one_for_another_question(client: FlaskClient) -> None:
    asked: list[dict[str, Any]] = [{}, {"pick": 7}, {"pick": 8}, {"pick": 7, "change": ["wider"]}]
    asked += [{"pick": 7, "change": ["wider", "deeper"]}, {"pick": 7, "change": ["deeper", "wider"]}]
    queries = [urlencode({"prompt": ROPE, **one}, doseq=True) for one in asked]
    tags = {client.get(f"/rosettes/draft/{name}?{query}").headers["ETag"] for query in queries for name in
            ("drawing.svg", "cam.svg")}  # fmt: skip
    assert len(tags) == 2 * len(queries)
    check_problem(client.get("/rosettes/draft/drawing.gif?prompt=rope"), 404, "NOT_FOUND")
    check_problem(client.get("/rosettes/draft/drawing.svg"), 400, "PROMPT_EMPTY")


def test_what_was_looked_at_is_recorded_once_however_often_the_button_is_pressed(
    studio: Any, client: FlaskClient, browse: Any
) -> None:
    asked = {"prompt": ROPE, "pick": 7, "change": ["wider", "in koa"], "machine": "light_desktop"}
    page = studio(**asked)
    looked_at = client.get(links(page.text, "/rosettes/draft/drawing.svg?")[0]).data
    fields = form_of(page.text)
    first, second = send(client, fields), send(client, fields)
    assert (first.status_code, first.headers["Cache-Control"]) == (303, "no-store")
    assert first.headers["Location"] == second.headers["Location"]
    assert count_runs(client) == 1
    path = first.headers["Location"]
    run = client.get(f"/api/rmos{path}").json
    recorded = run["inputs"]["design"]["rosette"]
    assert recorded["request"] | {"prompt": ROPE, "seed": 7, "changes": ["wider", "in koa"]} == recorded["request"]
    assert recorded["changed"]
    assert run["attachments"][0]["sha256"] == digest.sha256_hex(looked_at)
    assert run["machine_id"] == "light_desktop"
    assert run["meta"]["interpreter"]["provider"] == "builtin"
    assert "Change this rosette plan.svg plan.html cam.svg cam.dxf" in check_page(browse(path))
    assert "10.2 mm wide" in check_page(browse("/rosettes"))
    # Another drawing of the page is another press.
    assert send(client, form_of(studio(**asked).text)).headers["Location"] != path


def test_a_key_is_good_for_what_its_page_showed(studio: Any, client: FlaskClient) -> None:
    fields = dict(form_of(studio(prompt=ROPE, pick=7).text))
    assert send(client, list(fields.items())).status_code == 303
    other = send(client, list({**fields, "pick": "8"}.items()))
    assert "key" in check_page(other, 422).lower()
    for key in ("", "x", "x" * 200, "ü" * 22, '"' * 22):
        assert "Open the page again" in check_page(send(client, list({**fields, "key": key}.items())), 422)
    for wrong in ({"pick": ""}, {"surprise": "1"}, {"prompt": "x" * 501}, {"prompt": "a\x00b"}):
        check_page(send(client, list({**fields, **wrong}.items())), 422)
    check_page(send(client, [*fields.items(), ("prompt", "y" * 20_000)]), 413)
    assert count_runs(client) == 1


def test_a_recorded_rosette_is_gone_on_from(studio: Any, client: FlaskClient, browse: Any) -> None:
    made = client.post(ROSETTES, json={"prompt": ROPE, "seed": 7}).json
    [change] = links(browse("/rosettes").text, f"{NEW}?begin=")
    page = browse(change)
    check_page(page)
    assert page.text.count("<img") == 1
    drawn = json.loads(client.get(links(page.text, "/rosettes/draft/spec.json?")[0]).data)
    assert drawn == made["spec"]
    sent = send(client, form_of(studio(begin=made["run_id"], change=["wider"]).text))
    run = client.get(f"/api/rmos{sent.headers['Location']}").json
    assert run["parent_run_id"] == made["run_id"]
    assert client.delete(f"/api/rmos/runs/{made['run_id']}?reason=Drawn+twice.").status_code == 200
    assert "deleted" in check_page(studio(begin=made["run_id"]), 422)
    cut = client.post("/api/rmos/runs", json={"mode": "router", "tool_id": "x"}).json["run_id"]
    assert "no rosette" in check_page(studio(begin=cut), 422)


@pytest.mark.parametrize("prompt", [HOSTILE, "\u200brope\u202e", "rope \U0001f600", "&lt;b&gt; rope", "%00rope%0d%0a"])
def test_a_hostile_sentence_stays_text(studio: Any, client: FlaskClient, browse: Any, prompt: str) -> None:
    page = studio(prompt=prompt, pick=1, change=[HOSTILE[:100]])
    check_page(page, page.status_code)
    picked = studio(prompt=prompt, pick=1)
    text = check_page(picked)
    assert "49" not in text.replace("49 mm", "")
    assert f'value="{html.escape(prompt, quote=False)}' in picked.text.replace("&#34;", '"').replace("&#39;", "'")
    assert send(client, form_of(picked.text)).status_code == 303
    listed = browse("/rosettes")
    assert "alert(1)</script>" not in listed.text
    check_page(listed)


def test_a_rosette_that_cannot_be_made_says_why_before_it_is_recorded(studio: Any) -> None:
    text = check_page(studio(prompt="rope, 60 mm band", pick=1))
    assert "✕ RED" in text
    assert "TOO_WIDE" in text


def test_who_may_draw_and_who_may_look(app: Flask, settings: Settings, browse: Any) -> None:
    write_token(settings.runs_dir, name="vera", role="viewer")
    client = app.test_client()
    headers = {**PAGES, "Authorization": f"Bearer {BEARER}"}
    page = client.get("/rosettes", headers=headers)
    assert "A recorder draws one" in check_page(page)
    assert NEW not in page.text
    for path in (NEW, f"{NEW}?prompt=rope", "/rosettes/draft/drawing.svg?prompt=rope"):
        check_page(client.get(path, headers=headers), 403)
    assert client.post(NEW, data={}, headers=headers).status_code == 403
    assert browse(f"{NEW}?prompt=rope").headers["Location"] == "/sign-in?next=/rosettes/new%3Fprompt%3Drope"


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_page_of_another_site_records_nothing(studio: Any, client: FlaskClient, headers: dict[str, str]) -> None:
    fields = form_of(studio(prompt=ROPE, pick=7).text)
    assert send(client, fields, **headers).status_code == 403
    assert count_runs(client) == 0


def test_rosettes_are_listed_in_pages_and_one_that_cannot_be_read_keeps_its_place(
    client: FlaskClient, browse: Any, settings: Settings
) -> None:
    run_ids = [
        variant["run_id"]
        for seed in (0, 12, 24)
        for variant in client.post(ROSETTES, json={"prompt": "bwb", "seed": seed, "count": 12}).json["variants"]
    ]
    first = browse("/rosettes")
    [older] = links(first.text, "/rosettes?cursor=")
    second = browse(older)
    check_page(second)
    shown = [link.rpartition("/")[2] for page in (first, second) for link in links(page.text, "/runs/run_")]
    assert shown == sorted(run_ids, reverse=True)
    [path] = settings.runs_dir.glob(f"*/{shown[0]}.json")
    path.chmod(0o644)
    path.write_text(path.read_text().replace("bwb", "wbw"))
    page = browse("/rosettes")
    assert "A rosette that cannot be read" in check_page(page)
    check_page(browse("/rosettes?risk=RED"), 422)
    assert dict(parse_qsl(older.partition("?")[2])).keys() == {"cursor"}
