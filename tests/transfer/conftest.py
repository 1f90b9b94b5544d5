"""The tests of imports and exports use the sound store of the checks' own tests."""

from tests.checks.conftest import _hasty_disk, big_shop, big_template, shop, template

__all__ = ["_hasty_disk", "big_shop", "big_template", "shop", "template"]
