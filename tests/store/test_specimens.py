"""A row that would hold something else makes another schema, and an index of another schema is filled anew."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rmos import row_models
from rmos.config import Settings
from rmos.errors.store import IndexBroken, IndexRebuilding
from rmos.models import RunArtifact, RunDecision, RunView, Session
from rmos.row_models import RunQuery, RunRow, SessionRow
from rmos.store import Store, folding, rows, session_records
from rmos.store.specimens import FULL_RUN, FULL_SESSION, row_schema, specimen_rows, specimen_session_rows
from tests.makers import summarise
from tests.store.writing import put


def with_a_field_more(view: RunView) -> str:
    """Shape the summary of the tests with a new field."""
    return json.dumps({**json.loads(summarise(view)), "mode": view.artifact.mode})


CHANGES: dict[str, Callable[[RunView], str]] = {
    "a new field": with_a_field_more,
    "a field less": lambda view: json.dumps({"run_id": view.artifact.run_id}),
    "another meaning of a field": lambda view: summarise(msgspec.structs.replace(view, version=view.version + 1)),
    "a field of deleted runs only": lambda view: summarise(view) if view.deletion is None else "{}",
    "a field of overridden runs only": lambda view: "{}" if view.overrides else summarise(view),
    "a field of damaged runs only": lambda view: "{}" if view.artifact.tool_id == "unknown" else summarise(view),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_summary_makes_another_schema(change: str) -> None:
    assert row_schema(CHANGES[change]) != row_schema(summarise) == row_schema(summarise)


def test_another_column_another_fold_and_another_session_make_another_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {row_schema(summarise)}
    changes: list[tuple[object, str, object]] = [
        (rows, "explanation_status", lambda view: None),
        (rows, "_latest_us", lambda advisories: None),
        (folding, "fold_deletion", lambda event, before: None),
        (session_records, "DAMAGED_SESSION", "another text"),
        (row_models, "fold_name", lambda text: text),
    ]
    for number, (module, name, value) in enumerate(changes, 2):
        monkeypatch.setattr(module, name, value)
        seen.add(row_schema(summarise))
        assert len(seen) == number, name
        monkeypatch.undo()
    assert row_schema(summarise) in seen


def unset(struct: msgspec.Struct) -> list[str]:
    """Return the fields that are as they are when nobody sets them."""
    return [
        field.name
        for field in msgspec.structs.fields(struct)
        if getattr(struct, field.name) in (field.default, None, [], {})
    ]


def test_the_full_specimens_have_a_value_in_each_field() -> None:
    decision: RunDecision = FULL_RUN.decision
    for struct in (FULL_RUN, decision, FULL_RUN.hashes, FULL_SESSION, FULL_SESSION.policy):
        assert unset(struct) == [], type(struct)


def test_the_rows_of_the_specimens_have_values_in_each_column_and_are_in_each_state() -> None:
    runs = list(specimen_rows(summarise))
    assert {row.state for row in runs} == {"live", "deleted", "erased", "damaged"}  # `missing` is a row as it was
    for name in RunRow.__struct_fields__:
        assert any(getattr(row, name) for row in runs), name
    sessions = list(specimen_session_rows())
    for name in SessionRow.__struct_fields__:
        assert any(getattr(row, name) for row in sessions), name


def open_with(folder: Path, shape: Callable[[RunView], str] | None) -> Store:
    return Store.open(Settings(instance_path=folder, runs_dir=folder / "runs"), summarise=shape)


def shown(store: Store) -> list[dict[str, Any]]:
    return [json.loads(item) for item in store.runs.page(RunQuery(), limit=5).items]


def test_a_store_that_is_opened_with_another_summary_fills_its_index_anew_by_itself(tmp_path: Path) -> None:
    before = open_with(tmp_path, summarise)
    before.reconcile()
    run_id = put(before)
    before.index.close()
    after = open_with(tmp_path, with_a_field_more)
    assert after.runs.record(run_id).version == 0  # found without the index meanwhile
    with pytest.raises(IndexRebuilding):
        shown(after)
    report = after.reconcile()
    assert (report.replaced_index, report.indexed) == (True, 1)
    assert [run["mode"] for run in shown(after)] == ["router"]
    with pytest.raises(IndexBroken):  # whoever runs the older one reads by id until the next start
        before.index.runs.count(RunQuery())
    after.index.close()


def test_a_store_that_is_opened_without_a_summary_reads_any_index_and_keeps_it(tmp_path: Path) -> None:
    service = open_with(tmp_path, with_a_field_more)
    service.reconcile()
    put(service)
    script = open_with(tmp_path, None)
    assert script.index.runs.count(RunQuery()) == service.index.runs.count(RunQuery())
    assert script.index.prepare() is False
    script.index.close()
    service.index.close()


def test_specimens_are_what_their_types_say() -> None:
    """A field that becomes narrower must not leave a specimen behind that no record could be."""
    assert msgspec.convert(msgspec.to_builtins(FULL_SESSION), Session) == FULL_SESSION
    members = msgspec.json.decode(msgspec.json.encode(FULL_RUN))
    assert msgspec.json.decode(msgspec.json.encode(members), type=RunArtifact).meta == FULL_RUN.meta
