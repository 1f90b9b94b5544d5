"""The guard around the real `instance/`: a guard that nobody tests may have been asleep for years."""

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from rmos.config import default_instance_path, load_settings
from rmos.store import Store
from tests.conftest import INSTANCE, InstanceTouched, is_guarded


def test_the_guarded_folder_is_the_one_that_the_settings_mean() -> None:
    assert str(default_instance_path()) == INSTANCE


@pytest.mark.parametrize(
    "touch",
    [
        lambda path: Path(path).write_text("x"),
        lambda path: Path(path).read_bytes(),
        lambda path: os.open(path, os.O_RDONLY),
        os.mkdir,
        os.listdir,
        os.remove,
        lambda path: os.rename("/nowhere", path),
        sqlite3.connect,
        lambda path: sqlite3.connect(f"file://{path}?mode=ro", uri=True),
        lambda path: Path(os.path.relpath(path)).touch(),
    ],
)
def test_touching_the_real_instance_is_an_error(touch: object, instance_guard: list[str]) -> None:
    with pytest.raises(InstanceTouched):
        touch(f"{INSTANCE}/runs/any")  # type: ignore[operator]
    assert instance_guard
    instance_guard.clear()


def test_opening_the_store_that_the_bare_settings_name_is_an_error(instance_guard: list[str]) -> None:
    with pytest.raises(InstanceTouched):
        Store.open(load_settings({}))
    instance_guard.clear()


def test_a_touch_whose_refusal_was_swallowed_is_remembered(instance_guard: list[str]) -> None:
    with contextlib.suppress(AssertionError):
        os.listdir(INSTANCE)
    assert instance_guard == [f"os.listdir {INSTANCE}"]
    instance_guard.clear()


@pytest.mark.parametrize("path", [f"{INSTANCE}/README.md", f"{INSTANCE}-other/x", "/tmp/instance/x", "instance.txt"])
def test_what_is_no_data_of_the_instance_may_be_touched(path: str) -> None:
    assert not is_guarded(path)


def test_no_setting_of_the_caller_reaches_a_test() -> None:
    assert [name for name in os.environ if name.startswith("RMOS_")] == []
