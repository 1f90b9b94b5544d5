from importlib.metadata import EntryPoint

import pytest

from rmos.engines import registry
from rmos.engines.baseline.engine import BaselineV1
from rmos.engines.registry import Registry
from rmos.errors.installation import PluginError
from rmos.errors.records import EngineNotFound
from tests.engines.plugins import Good, Plugin, refuse


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


def test_the_built_in_engine_is_the_default() -> None:
    engines = Registry.load()
    assert isinstance(engines.get(None), BaselineV1)
    assert engines.get(None) is engines.get("baseline_v1")
    assert engines.infos()[0].engine_id == "baseline_v1"


def test_trap_27_an_unknown_engine_id_never_falls_back_to_the_default() -> None:
    engines = Registry.load()
    for unknown in ("baseline_v2", "", "BASELINE_V1", "baseline_v1 ", "\0", "x" * 10_000):
        with pytest.raises(EngineNotFound) as caught:
            engines.get(unknown)
        assert caught.value.members == {"engine_id": unknown}
        assert "There are: baseline_v1." in caught.value.detail
        assert len(caught.value.detail) < 200


@pytest.mark.parametrize("value", ["tests.engines.plugins:Good", "tests.engines.plugins:GOOD"])
def test_a_plugin_is_an_engine_or_a_class_that_makes_one(install: Installer, value: str) -> None:
    install(anything=value)
    engines = Registry.load()
    assert [info.engine_id for info in engines.infos()] == ["baseline_v1", "plugin"]
    assert isinstance(engines.get("plugin"), Good)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("tests.engines.no_such_module", "cannot be imported: ModuleNotFoundError"),
        ("tests.engines.plugins:Missing", "cannot be imported: AttributeError"),
        ("tests.engines.plugins:make_raising", "raised RuntimeError: no licence"),
        ("tests.engines.plugins:NOT_AN_ENGINE", "raised TypeError"),
        ("tests.engines.plugins:Impostor", "there is an engine baseline_v1 already"),
    ],
)
def test_a_broken_plugin_stops_the_start_with_its_name(install: Installer, value: str, says: str) -> None:
    install(acme=value)
    with pytest.raises(PluginError, match=rf"^Engine plug-in acme\b.*{says}"):
        Registry.load()


def test_two_plugins_with_one_id_stop_the_start() -> None:
    with pytest.raises(PluginError, match="Engine plug-in second: there is an engine plugin already"):
        Registry([("first", Good()), ("second", Good())])


def test_a_malformed_id_or_version_stops_the_start() -> None:
    with pytest.raises(PluginError, match=r"Engine plug-in acme: `info\.engine_id`"):
        Registry([("acme", Plugin(refuse, engine_id="acme-1"))])
    with pytest.raises(PluginError, match=r"Engine plug-in acme: `info\.version`"):
        Registry([("acme", Plugin(refuse, version="one"))])
