"""`/programs/check`: a file that a CAM posted is dropped into a form; the run of its check shows what came of it."""

import io
import re
import zipfile
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.conftest import RUNS
from tests.helpers.rings import NONSENSE, RING
from tests.web.conftest import OURS, PAGES, check_page

pytestmark = pytest.mark.usefixtures("measured_here")

PATH = "/programs/check"
SAID = {"tool": "em-3175-2f", "material_id": "sitka_spruce", "thickness_mm": "3"}


def find_key(client: FlaskClient) -> str:
    found = re.search(r'name="key" value="([^"]+)"', client.get(PATH, headers=PAGES).text)
    assert found is not None
    return found[1]


def drop(client: FlaskClient, data: bytes | str = RING, *, key: str | None = None, **fields: str) -> TestResponse:
    """Send the form as a browser does, with CR LF in what stands in several lines."""
    content = data.encode() if isinstance(data, str) else data
    sent = {**SAID, **{name: text.replace("\n", "\r\n") for name, text in fields.items()}}
    form = {**sent, "key": find_key(client) if key is None else key, "file": (io.BytesIO(content), "ring.nc")}
    return client.post(PATH, data=form, headers=OURS)


def test_a_file_is_checked_and_its_run_shows_what_came_of_it(client: FlaskClient) -> None:
    sent = drop(client, RING.replace("F1800", "F60", 1))
    assert sent.status_code == 303, sent.text
    path = sent.headers["Location"]
    text = check_page(client.get(path, headers=PAGES))
    assert "Its worst cut begins at line" in text
    assert "No session covers it; it is not released." in text
    run = client.get(f"{RUNS}{path.removeprefix('/runs')}").json
    assert (run["event_type"], run["attachments"][0]["filename"]) == ("program_check", "ring.nc")
    assert run["decision"]["risk_level"] == "RED"


def test_all_that_the_form_says_is_what_the_program_is_measured_against(client: FlaskClient) -> None:
    text = RING.replace("M3 S", "T2\nM3 S")
    fields = {"tool": "", "more_tools": "T2 = em-3175-2f", "origin": "stock_centre", "dialect": "grbl"}
    more = {"width_mm": "160", "height_mm": "140,5", "zero": "stock_top", "units": "mm", "notes": "From Ann."}
    sent = drop(client, text, machine_id="light_desktop", **fields, **more)
    assert sent.status_code == 303, sent.text
    run = client.get(f"{RUNS}{sent.headers['Location'].removeprefix('/runs')}").json
    program = run["decision"]["details"]["program"]
    assert program["options"]["tools"] == {"2": "em-3175-2f"}
    assert (program["options"]["origin"], program["options"]["dialect"]) == ("stock_centre", "grbl")
    stock = program["setup"]["stock"]
    assert (stock["thickness_mm"], stock["width_mm"], stock["height_mm"]) == (3, 160, 140.5)
    assert (run["machine_id"], run["notes"]) == ("light_desktop", "From Ann.")


def test_the_form_sent_twice_is_one_run_and_with_another_file_it_is_refused(client: FlaskClient) -> None:
    key = find_key(client)
    first, again = (drop(client, NONSENSE, key=key).headers["Location"] for _ in range(2))
    assert first == again
    assert len(client.get(RUNS).json["items"]) == 1
    other = drop(client, NONSENSE + "\n", key=key)
    assert other.status_code in (409, 422)
    assert f'value="{key}"' not in other.text
    assert len(client.get(RUNS).json["items"]) == 1


@pytest.mark.parametrize(
    ("data", "fields", "at", "said"),
    [
        (b"", {}, "file", "Choose the file"),
        ("M30\n", {}, "file", "moves nothing"),
        (NONSENSE, {"tool": ""}, "tool", "Choose the tool"),
        (NONSENSE, {"tool": "em-nothing"}, "tool", "no such tool"),
        (NONSENSE, {"more_tools": "the small one"}, "more_tools", "write its number"),
        (NONSENSE, {"more_tools": "2 = <b>"}, "more_tools", "no such tool"),
        (NONSENSE, {"thickness_mm": ""}, "thickness_mm", "how thick"),
        (NONSENSE, {"thickness_mm": "0"}, "thickness_mm", "above 0"),
        (NONSENSE, {"width_mm": "1e3"}, "width_mm", "no length"),
        (NONSENSE, {"origin": "moon"}, "origin", "stock_corner"),
        (NONSENSE, {"dialect": "gerbl"}, "dialect", "grbl"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_used_is_told_at_its_field_and_nothing_is_recorded(
    client: FlaskClient, data: bytes | str, fields: dict[str, str], at: str, said: str
) -> None:
    answer = drop(client, data, **fields)
    check_page(answer, 422)
    wrong = re.search(rf'id="{at}-wrong">(.*?)</p>', answer.text)
    assert wrong is not None, answer.text
    assert said in wrong[1]
    assert 'value="sitka_spruce" selected' in answer.text
    assert client.get(RUNS).json["items"] == []


def test_a_zip_is_told_by_what_is_in_it_and_names_stay_text(client: FlaskClient) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("<script>alert(1)</script>.nc", RING)
    answer = drop(client, packed.getvalue(), notes="<img src=x>")
    text = check_page(answer, 422)
    assert "This is a zip of <script>" in text


def test_without_the_key_of_a_form_nothing_is_recorded(client: FlaskClient) -> None:
    answer = drop(client, NONSENSE, key="x")
    check_page(answer, 422)
    assert "Open the page again" in answer.text
    assert client.get(RUNS).json["items"] == []


def test_who_may_only_look_cannot_check_and_no_page_of_another_site_can(
    signed_in: dict[str, FlaskClient],
) -> None:
    for role, browser in signed_in.items():
        assert browser.get(PATH, headers=PAGES).status_code == (403 if role == "viewer" else 200)
    form: dict[str, Any] = {**SAID, "key": find_key(signed_in["operator"]), "file": (io.BytesIO(b"G0 X1\n"), "a.nc")}
    foreign = {**PAGES, "Origin": "http://evil.example"}
    assert signed_in["operator"].post(PATH, data=form, headers=foreign).status_code == 403
