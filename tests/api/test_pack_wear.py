"""What a setup sheet says of the lives of its tools: figures, from 80 % on in bold, above all of it a warning."""

import html
import re
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos.services.packs.releasing import OperatorPacks
from rmos.store.tool_records import make_record_id
from tests.api.conftest import RUNS
from tests.helpers.packs import open_pack, pack_url, quicken, store_slot

TOOL = "em-3175-2f"
_WEAR = ("min are over", "its age is not known", "nobody knows how long")


@pytest.fixture
def ready(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run that may be taken to a machine."""
    quicken(monkeypatch)
    return store_slot(client)


def set_life(app: Flask, minutes: float) -> None:
    """Let the shop's table say how long the tool lasts."""
    engines = app.extensions["rmos"].engines
    engines.shop = msgspec.structs.replace(engines.shop, tool_lives={TOOL: minutes})


def list_wear(app: Flask, run_id: str) -> list[str]:
    """Return what the sheet of a new pack says of the lives of its tools, with `*` around what is in bold."""
    rmos = app.extensions["rmos"]
    sheet = OperatorPacks(rmos.store, rmos.engines, rmos.settings).make(run_id).members["sheet.html"].decode()
    lines = [line for line in re.findall("<li>(.*?)</li>", sheet) if any(words in line for words in _WEAR)]
    return [html.unescape(re.sub("<[^>]+>", "", re.sub("</?strong>", "*", line))) for line in lines]


def report(client: FlaskClient, run_id: str, minutes: float | None, serial: str | None = None) -> None:
    tool = {"tool_id": TOOL, "minutes": minutes, "serial": serial}
    job = {"ended": "cancelled", "part": "unjudged", "tools": [tool]}
    assert client.post(f"{RUNS}/{run_id}/outcomes", json=job).status_code == 201


def test_a_sheet_says_how_old_its_tools_are_and_warns_of_those_whose_life_is_over(
    app: Flask, client: FlaskClient, ready: str
) -> None:
    report(client, ready, 40)
    assert list_wear(app, ready) == []  # nothing is set, so nothing is said
    set_life(app, 100)
    decision = client.get(f"{RUNS}/{ready}").json["decision"]
    found = list_wear(app, ready)
    report(client, ready, 40)
    found += list_wear(app, ready)
    report(client, ready, 19.99)
    found += list_wear(app, ready)
    report(client, ready, 30)
    report(client, ready, None)
    found += list_wear(app, ready)
    over = f"{TOOL}: at least 130.0 of 100 min are over (130 %), 130.0 min after this pack: sharpen or replace it"
    assert found == [
        f"{TOOL}: 40.0 of 100 min are over (40 %), 40.0 min after this pack",
        f"*{TOOL}: 80.0 of 100 min are over (80 %), 80.0 min after this pack*",
        f"*{TOOL}: 100.0 of 100 min are over (100 %), 100.0 min after this pack: it does not last to the end*",
        f"*! YELLOW, its life is over: {over}*",
    ]
    client.post(f"/api/rmos/tools/{TOOL}/life", json={"action": "discarded"})
    assert list_wear(app, ready) == []
    report(client, ready, 5, "B")
    report(client, ready, None)
    assert list_wear(app, ready) == [
        f"{TOOL}: lasts 100 min, used for nobody knows how long",
        f"{TOOL} B: 5.0 of 100 min are over (5 %), 5.0 min after this pack",
    ]
    # The decision and the approval stand as they were, and a pack that was taken keeps its sheet.
    assert client.get(f"{RUNS}/{ready}").json["decision"] == decision
    taken = client.get(pack_url(ready))
    assert taken.status_code == 200
    report(client, ready, 500, "B")
    assert open_pack(client.get(pack_url(ready)).data) == open_pack(taken.data)


def test_of_a_tool_whose_record_is_damaged_a_sheet_says_that_nobody_knows(
    app: Flask, client: FlaskClient, ready: str
) -> None:
    set_life(app, 100)
    client.post(f"/api/rmos/tools/{TOOL}/life", json={"action": "new"})
    path = Path(app.extensions["rmos"].store.objects.root) / "_tools" / f"{make_record_id(TOOL)}.000001.json"
    path.chmod(0o644)
    path.write_bytes(b"{}")
    assert list_wear(app, ready) == [f"*{TOOL}: its record is damaged, so its age is not known*"]
