"""Light, dark or as the system says: a form, a cookie, an attribute."""

import re
from importlib import resources
from typing import Any

import pytest
from flask.testing import FlaskClient

from rmos.http.themes import THEME_COOKIE
from rmos.web.inches import spell_inches
from tests.web.conftest import ELSEWHERE, PAGES, check_page

OURS = {**PAGES, "Origin": "http://localhost"}


def choose(client: FlaskClient, theme: str, wanted: str = "/runs?risk_level=RED") -> Any:
    return client.post("/theme", data={"theme": theme, "back": wanted}, headers=OURS)


def test_a_choice_is_kept_and_leads_back(client: FlaskClient, browse: Any) -> None:
    page = browse("/runs?risk_level=RED").text
    assert '<html lang="en">' in page
    assert 'name="back" value="/runs?risk_level=RED"' in page
    response = choose(client, "dark")
    assert (response.status_code, response.headers["Location"]) == (303, "/runs?risk_level=RED")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=31536000"} <= set(response.headers["Set-Cookie"].split("; "))
    page = browse("/runs").text
    assert '<html lang="en" data-theme="dark">' in page
    assert re.search(r'value="dark" class="plain" aria-pressed="true"', page)
    assert choose(client, "system").status_code == 303
    assert client.get_cookie(THEME_COOKIE) is None
    check_page(browse("/runs"))


def test_the_page_of_the_document_follows_the_choice(client: FlaskClient) -> None:
    for theme, html in (("system", '<html lang="en">'), ("dark", '<html lang="en" data-theme="dark">')):
        choose(client, theme)
        assert html in client.get("/api/docs").text


def test_a_page_of_another_theme_is_another_state_of_it(client: FlaskClient, browse: Any) -> None:
    tag = browse("/help").headers["ETag"]
    choose(client, "light")
    assert client.get("/help", headers={**PAGES, "If-None-Match": tag}).status_code == 200


def test_a_cookie_that_nobody_made_changes_nothing(client: FlaskClient) -> None:
    client.set_cookie(THEME_COOKIE, '"><script>')
    check_page(client.get("/help", headers=PAGES))


@pytest.mark.parametrize("theme", ["", "pink", "dark\x00", '"><script>'])
def test_a_theme_that_there_is_not_is_refused(client: FlaskClient, theme: str) -> None:
    response = choose(client, theme)
    check_page(response, 422)
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("mm", "said"),
    [
        (3.175, "1/8"), (25.4, "1"), (38.1, "1 1/2"), (6.35, "1/4"), (0.396875, "1/64"), (3.177, "1/8"),
        (3.179, "0.125"),
        (3, "0.118"), (0.0127, "0.0005"), (0, "0"), (-3.175, "-0.125"), (609.6, "24"),
    ],
)  # fmt: skip
def test_millimetres_are_fractions_of_an_inch_where_there_is_one(mm: float, said: str) -> None:
    assert spell_inches(mm) == said


def test_inches_stand_beside_millimetres_for_whoever_chose_them_and_nowhere_else(
    client: FlaskClient, browse: Any, record: Any
) -> None:
    run_id = record()
    for path in (f"/runs/{run_id}", "/shop/tools", f"/runs/{run_id}/sheet", f"/runs/{run_id}/label"):
        page = browse(path)
        assert "″" not in page.text
        response = client.post("/units", data={"units": "inch", "back": path}, headers=OURS)
        assert response.headers["Location"] == path
        text = check_page(browse(path))
        assert "70.9 in/min" in text or "(1/8 ″)" in text or "(1/8″)" in text
        assert browse(path).headers["ETag"] != page.headers["ETag"]
        assert client.post("/units", data={"units": "mm", "back": path}, headers=OURS).status_code == 303
        assert browse(path).text == page.text
    assert client.post("/units", data={"units": "ell"}, headers=OURS).status_code == 422


def test_what_is_typed_and_recorded_stays_in_millimetres(client: FlaskClient, browse: Any, record: Any) -> None:
    run_id = record()
    fields = re.findall(r"<(?:input|option)[^>]*>", browse(f"/try?from={run_id}").text)
    recorded = client.get(f"/api/rmos/runs/{run_id}/download").data
    client.post("/units", data={"units": "inch", "back": "/"}, headers=OURS)
    assert re.findall(r"<(?:input|option)[^>]*>", browse(f"/try?from={run_id}").text) == fields
    assert client.get(f"/api/rmos/runs/{run_id}/download").data == recorded


@pytest.mark.parametrize("wanted", [place for place in ELSEWHERE if place != "/sign-out"])
def test_a_choice_leads_nowhere_else(client: FlaskClient, wanted: str) -> None:
    response = choose(client, "dark", wanted)
    assert response.status_code in (303, 422)
    assert response.headers.get("Location", "/") == "/"


def test_a_page_of_another_site_chooses_nothing(client: FlaskClient) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        response = client.post("/theme", data={"theme": "dark"}, headers=headers)
        assert response.status_code == 403
        assert "Set-Cookie" not in response.headers


def test_dark_is_the_same_whoever_asks_for_it() -> None:
    sheet = (resources.files("rmos.web") / "assets" / "rmos.css").read_text()
    by_system = re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', sheet, re.DOTALL)
    by_choice = re.search(r':root\[data-theme="dark"\] \{\s*color-scheme: dark;(.*?)\}', sheet, re.DOTALL)
    assert by_system is not None
    assert by_choice is not None
    assert by_system[1].split() == by_choice[1].split()
