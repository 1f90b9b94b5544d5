"""The client's calls for a shop against the real application: tools, batches, candidates, the run log, bundles."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rmos import create_app
from rmos.client import Client, Forbidden, ProblemError, Retries, ValidationFailed
from rmos.config import Settings
from tests.api.conftest import RUNS, make_named
from tests.helpers.attachments import DRAWING, SHA256, make_upload
from tests.helpers.packs import open_pack
from tests.makers import BEARER, write_token


def open_shop(folder: Path, role: str) -> Iterator[tuple[Client, httpx.Client]]:
    """Open a service of its own, a client of it with a token, and the same connections without the client."""
    write_token(folder / "runs", role=role)
    app = create_app(Settings(instance_path=folder, runs_dir=folder / "runs"))
    transport, headers = httpx.WSGITransport(app=app), {"Authorization": f"Bearer {BEARER}"}
    with (
        Client("http://shop", token=BEARER, transport=transport) as client,
        httpx.Client(base_url="http://shop", headers=headers, transport=transport) as plain,
    ):
        yield client, plain
    app.extensions["rmos"].close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Client, httpx.Client]]:
    yield from open_shop(tmp_path / "here", "operator")


@pytest.fixture
def there(tmp_path: Path) -> Iterator[tuple[Client, httpx.Client]]:
    yield from open_shop(tmp_path / "there", "admin")


def test_a_tool_is_reset_and_its_life_begins_again(shop: tuple[Client, httpx.Client]) -> None:
    client, _ = shop
    run_id = client.create_run(**make_named())["run_id"]
    tools = [{"tool_id": "em-3175-2f", "serial": "B", "minutes": 7.5}, {"tool_id": "vee bit 3"}]
    client.report_outcome(run_id, ended="completed", part="good", tools=tools)
    life = client.get_tool_life("EM-3175-2F")["tools"][-1]
    assert (life["serial"], life["minutes"], life["jobs"]) == ("B", 7.5, 1)
    reset = client.reset_tool("em-3175-2f", "sharpened", serial="B", note="In town.")
    assert (reset["number"], reset["action"], reset["serial"]) == (1, "sharpened", "B")
    [past] = client.get_tool_life("em-3175-2f")["history"]
    assert (past["minutes"], past["note"]) == (7.5, "In town.")
    assert client.get_tool_life("vee bit 3")["tools"][0]["jobs"] == 1
    with pytest.raises(ProblemError) as absent:
        client.get_tool_life("nothing of ours")
    assert absent.value.code == "TOOL_NOT_FOUND"
    for name in ("", "..", "a/b"):
        with pytest.raises(ValueError, match="id of a tool"):
            client.get_tool_life(name)


def test_a_batch_and_the_run_log_say_what_was_made_of_its_runs(
    shop: tuple[Client, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = shop
    monkeypatch.setattr("rmos.client.calls._PAGE", 2)
    first = client.create_run(**make_named())["run_id"]
    others = [client.create_run(**make_named(parent_run_id=first))["run_id"] for _ in range(3)]
    client.report_outcome(others[0], ended="completed", part="good", quantity=2)
    assert client.get_batch(label="BATCH_1")["good_parts"] == 2
    assert [node["depth"] for node in client.get_batch(label="batch_1", view="tree")["nodes"]] == [0, 1, 1, 1]
    assert client.get_batch(label="batch_1", view="timeline")["moments"][-1]["what"] == "outcome"
    assert client.get_batch(label="batch_1", view="progress")["completed_roots"] == 1
    with pytest.raises(ValidationFailed, match="label"):
        client.get_batch()
    lines = list(client.iter_run_log(batch_label="batch_1"))
    assert [line["run_id"] for line in lines] == [*others[::-1], first]
    assert [line["part"] for line in lines] == [None, None, "good", None]
    assert [line["run_id"] for line in client.iter_run_log(limit=3)] == others[::-1]


def test_a_candidate_is_decided_on_and_handed_out(shop: tuple[Client, httpx.Client]) -> None:
    client, plain = shop
    run_id = client.create_run(**make_named())["run_id"]
    plain.post(f"{RUNS}/{run_id}/attachments", json=make_upload(kind="svg_variant"))
    assert plain.post(f"{RUNS}/{run_id}/advisory/variants/{SHA256}/promote").status_code == 200
    [candidate] = client.list_candidates(run_id)
    with pytest.raises(ProblemError) as refused:
        client.download_candidate(run_id, candidate["candidate_id"])
    assert refused.value.code == "CANDIDATE_NOT_GREEN"
    assert client.decide_candidate(run_id, candidate["candidate_id"], "GREEN", note="Go.")["decision"] == "GREEN"
    assert DRAWING in open_pack(client.download_candidate(run_id, candidate["candidate_id"])).values()
    assert client.decide_candidate(run_id, candidate["candidate_id"], None)["decision"] is None
    with pytest.raises(ValueError, match="id of a candidate"):
        client.download_candidate(run_id, "../x")


def test_a_bundle_goes_from_one_shop_to_another(
    shop: tuple[Client, httpx.Client], there: tuple[Client, httpx.Client]
) -> None:
    (client, _), (other, _) = shop, there
    run_id = client.create_run(**make_named())["run_id"]
    data = client.create_bundle(run_ids=[run_id])
    assert other.import_bundle(data)["imported"] == 1
    assert other.download(run_id) == client.download(run_id)
    assert other.create_bundle(run_ids=[run_id]) == data
    assert other.import_bundle(data)["there"] == 1
    assert other.create_bundle(created_from="2025-01-01")[:2] == b"PK"
    with pytest.raises(Forbidden):
        client.import_bundle(data)
    for wrong, code in ((data[:-40], "BUNDLE_REFUSED"), (b"", "BUNDLE_REFUSED")):
        with pytest.raises(ProblemError) as refused:
            other.import_bundle(wrong)
        assert refused.value.code == code
    with pytest.raises(ValidationFailed):
        client.create_bundle()


def test_what_must_not_be_recorded_twice_is_sent_once_and_a_bundle_again() -> None:
    sent: list[str] = []

    def busy(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        return httpx.Response(503)

    retries = Retries(attempts=3, base_s=0.001, cap_s=0.001)
    with Client("http://rmos", transport=httpx.MockTransport(busy), retries=retries) as client:
        for ask, times in (
            (lambda: client.reset_tool("em-1", "new"), 1),
            (lambda: client.decide_candidate("run_0123456789ab", "mc_0123456789ab", "RED"), 1),
            (lambda: client.import_bundle(b"PK"), 3),
        ):
            sent.clear()
            with pytest.raises(ProblemError):
                ask()
            assert len(sent) == times
