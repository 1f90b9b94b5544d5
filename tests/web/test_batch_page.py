"""`/batches`: the runs of a label as a tree that folds without a script."""

import html.parser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos.store import Store
from tests.makers import ANNA, US, add_event, make_members
from tests.web import conftest
from tests.web.conftest import check_page


class _Nesting(html.parser.HTMLParser):
    """Notes how deep each link to a run stands in lists, and that what begins ends."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.depths: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("class") == "run":
            self.depths.append((str(values["href"]).removeprefix("/runs/"), self.open.count("details")))
        if tag in ("ul", "li", "details", "summary", "div"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ul", "li", "details", "summary", "div"):
            assert self.open.pop() == tag


def read_tree(page: str) -> list[tuple[str, int]]:
    parser = _Nesting()
    parser.feed(page)
    assert parser.open == []
    return parser.depths


@pytest.fixture
def store(app: Flask) -> Store:
    found: Store = app.extensions["rmos"].store
    return found


def put(store: Store, minute: int, parent: str | None = None, label: str | None = "Rosette ß/5", **over: Any) -> str:
    meta = {} if label is None else {"batch_label": label}
    members = make_members(US + minute * 60_000_000, meta=meta, parent_run_id=parent, **over)
    return store.runs.put(members).view.artifact.run_id


def test_each_branch_is_nested_and_ends_where_it_ends(browse: Any, store: Store) -> None:
    first = put(store, 0)
    child = put(store, 1, first)
    grandchild = put(store, 2, child, None, status="BLOCKED")
    late = put(store, 3, first)
    root = put(store, 4, f"run_{9:032x}")
    add_event(
        store, grandchild, "outcome", {"ended": "completed", "part": "good", "outcome": "done"}, actor=ANNA, us=US
    )
    page = browse("/batches?label=rosette+%C3%9F%2F5")
    text = check_page(page)
    assert "Rosette ß/5" in text
    # A run of which others were made stands in the head of its own branch.
    assert read_tree(page.text) == [(first, 1), (child, 2), (grandchild, 2), (late, 1), (root, 0)]
    assert "A good part came of 1 of the 2 runs that it began with." in text
    assert "1 run has no sound parent" in text
    assert "names a parent that is not there" in text
    timeline = check_page(browse("/batches?label=rosette+%C3%9F%2F5&view=timeline"))
    assert "Result 1 good, finished by anna" in timeline


def test_a_chain_deeper_than_pages_nest_goes_on_beside_and_says_its_level(browse: Any, store: Store) -> None:
    ids = [put(store, 0)]
    for minute in range(1, 20):
        ids.append(put(store, minute, ids[-1]))
    page = browse("/batches?label=rosette+%C3%9F%2F5")
    assert "level 19" in check_page(page)
    assert read_tree(page.text) == [(run_id, min(depth + 1, 12)) for depth, run_id in enumerate(ids)]


def test_a_batch_is_reached_from_its_runs_and_from_their_list(browse: Any, store: Store, client: FlaskClient) -> None:
    run_id = put(store, 0, material_id="ebony")
    link = "/batches?label=Rosette+%C3%9F%2F5"
    assert f'href="{link}"' in browse(f"/runs/{run_id}").text
    assert 'href="/batches?label=Rosette+%C3%9F%2F5"' in browse("/runs?batch_label=Rosette+%C3%9F%2F5").text
    assert "rosette ss/5" in check_page(browse("/batches"))  # folded, as each filter has it
    assert run_id in browse(link).text
    assert browse("/batches?label=").status_code == 303
    for address in (
        "/api/rmos/run-logs/export.csv?batch_label=rosette+ss%2F5",
        "/api/rmos/batches?label=Rosette+%C3%9F%2F5&view=progress",
    ):
        assert address.replace("&", "&amp;") in browse(link).text
        assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/batches", 200, "No batch yet"),
        ("/batches?label=none", 200, "No run has this"),
        ("/batches?label=%3Cscript%3Ealert(1)", 200, "<script>alert(1)"),
        ("/batches?labels=x", 422, "labels"),
        ("/batches?label=x&view=map", 422, "view"),
    ],
)
def test_what_no_run_has_and_what_is_no_question_is_said(browse: Any, path: str, status: int, said: str) -> None:
    assert said in check_page(browse(path), status)


def test_a_job_shows_its_runs_as_a_tree(browse: Any, app: Flask) -> None:
    assert conftest.CUT
    session = app.test_client().post("/api/workflow-sessions", json={}).json["session_id"]
    app.test_client().post("/api/rmos/runs", json={**conftest.CUT, "workflow_session_id": session})
    link = f"/batches?workflow_session_id={session}"
    assert f'href="{link}"' in browse(f"/sessions/{session}").text
    assert "No good part came of it yet." in check_page(browse(link))
