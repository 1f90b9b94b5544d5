"""The tests of what the views share use the app and the cut of the views' own tests."""

from tests.api.conftest import _hasty_disk, app, post, service_store

__all__ = ["_hasty_disk", "app", "post", "service_store"]
