import os
from importlib.metadata import EntryPoint

import pytest

from rmos.engines import registry
from rmos.engines.baseline.engine import BaselineV1
from rmos.engines.baseline_v2.engine import BaselineV2
from rmos.engines.plugin import Plugin
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.errors.installation import ConfigError, PluginError
from rmos.errors.records import EngineNotFound
from tests.engines.plugins import Good


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> "Installer":
    return Installer(monkeypatch)


class Installer:
    """Pretend that distributions offer these objects as entry points."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, **values: str) -> None:
        points = [EntryPoint(name, value, "rmos.engines") for name, value in values.items()]
        self._monkeypatch.setattr(registry, "entry_points", lambda group: [p for p in points if p.group == group])


def test_the_newest_built_in_engine_is_the_default_and_comes_first() -> None:
    engines = Registry.load()
    assert isinstance(engines.get(None), BaselineV2)
    assert engines.get(None) is engines.get("baseline_v2")
    assert engines.default_engine_id == "baseline_v2"
    assert [info.engine_id for info in engines.infos()] == ["baseline_v2", "baseline_v1"]


def test_another_default_is_asked_for_when_it_is_needed_and_comes_first() -> None:
    asked: list[str] = []

    def default() -> str:
        asked.append("once")
        return "baseline_v1"

    engines = Registry([("first", "tests.engines.plugins:Good")], default=default)
    assert asked == []
    assert isinstance(engines.get(None), BaselineV1)
    assert [info.engine_id for info in engines.infos()] == ["baseline_v1", "baseline_v2", "plugin"]
    assert engines.rule("HEAT")[0] == "baseline_v1"
    assert asked == ["once"]


def test_a_store_that_names_an_engine_which_is_gone_takes_the_newest() -> None:
    assert Registry(default=lambda: "gone").default_engine_id == "baseline_v2"


def test_a_setting_that_names_no_engine_stops_the_start_with_those_there_are() -> None:
    engines = Registry([("first", "tests.engines.plugins:Good")])
    engines.require_default("plugin")
    with pytest.raises(ConfigError, match=r"RMOS_DEFAULT_ENGINE is 'gone'; .* baseline_v1, baseline_v2, plugin\."):
        engines.require_default("gone")


def test_trap_27_an_unknown_engine_id_never_falls_back_to_the_default() -> None:
    engines = Registry.load()
    for unknown in ("baseline_v3", "", "BASELINE_V1", "baseline_v1 ", "\0", "x" * 10_000):
        with pytest.raises(EngineNotFound) as caught:
            engines.get(unknown)
        assert caught.value.members == {"engine_id": unknown}
        assert "There are: baseline_v1, baseline_v2." in caught.value.detail
        assert len(caught.value.detail) < 200


@pytest.mark.parametrize("name", ["Good", "GOOD", "make_good"])
def test_a_plugin_is_an_engine_or_a_class_or_function_that_makes_one(install: Installer, name: str) -> None:
    install(anything=f"tests.engines.plugins:{name}")
    engines = Registry.load()
    assert [info.engine_id for info in engines.infos()] == ["baseline_v2", "baseline_v1", "plugin"]
    plugin = engines.get("plugin")
    assert isinstance(plugin, Plugin)
    assert plugin.info == Good().info


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (
            "tests.engines.no_such_module",
            r"acme \(.*no_such_module\) cannot be imported: ModuleNotFoundError",
        ),
        ("tests.engines.plugins:Missing", "cannot be imported: AttributeError"),
        ("no reference", "cannot be imported: AttributeError"),
        ("tests.engines.plugins:make_raising", r"acme \(.*\) raised RuntimeError: no licence"),
        ("tests.engines.plugins:make_leaving", r"acme \(.*\) raised SystemExit: no licence"),
        ("tests.engines.plugins:NOT_AN_ENGINE", r"acme \(.*\) raised TypeError"),
        ("tests.engines.plugins:Impostor", "acme: there is an engine baseline_v1 already"),
        ("tests.engines.plugins:ODD_ID", r"acme \(.*\): `info\.engine_id`"),
        ("tests.engines.plugins:ODD_VERSION", r"acme \(.*\): `info\.version`"),
        ("tests.engines.plugins:ODD_RULES", r"acme \(.*\): `rules` must be"),
        ("tests.engines.plugins:ODD_HINT", r"acme \(.*\): `info` or `rules` do not hold what their types say: .*hint"),
    ],
)
def test_a_broken_plugin_stops_the_start_with_its_name(install: Installer, value: str, says: str) -> None:
    install(acme=value)
    with pytest.raises(PluginError, match=rf"^Engine plug-in .*{says}"):
        Registry.load()


def test_two_plugins_with_one_id_stop_the_start() -> None:
    with pytest.raises(PluginError, match="Engine plug-in second: there is an engine plugin already"):
        Registry([("first", "tests.engines.plugins:Good"), ("second", "tests.engines.plugins:GOOD")])


def test_an_engine_object_is_refused_because_no_process_can_import_it() -> None:
    with pytest.raises(PluginError, match=r"^Engine plug-in acme is an object; name it by a reference, such as pack"):
        Registry([("acme", Good())])  # type: ignore[list-item]


def test_a_registry_that_is_closed_ends_the_processes_of_its_plugins() -> None:
    engines = Registry([("faulty", "tests.engines.faulty:Faulty")])
    plugin = engines.get("plugin")
    design = {"act": "tell_pid"}
    pid = int(
        evaluate(plugin, design=design, context={}, request_id="r", timeout_ms=60_000).reasons[0],
    )
    engines.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
