"""The error tree as it is imported: one door, every class behind it, each in the module of its subject."""

import importlib
import pkgutil

import rmos.errors
from rmos.errors import RmosError

MODULES = [f"rmos.errors.{module.name}" for module in pkgutil.iter_modules(rmos.errors.__path__)]


def test_every_error_of_every_module_can_be_imported_from_the_package() -> None:
    defined = {
        name
        for module in MODULES
        for name, value in vars(importlib.import_module(module)).items()
        if isinstance(value, type) and issubclass(value, RmosError) and value.__module__ == module
    }
    assert len(defined) > 70
    assert defined | {"every_error"} == set(rmos.errors.__all__)
    assert all(getattr(rmos.errors, name).__name__ == name for name in rmos.errors.__all__)
