"""Every kind of damage, each done to runs of its own, so that all of them can be in one store at once."""

from tests.checks import (
    damage_artifacts,
    damage_beside,
    damage_events,
    damage_mixed,
    damage_sessions,
    damage_tokens,
    damage_tools,
)
from tests.checks.registry import DAMAGES, Damage

__all__ = [
    "DAMAGES",
    "Damage",
    "damage_artifacts",
    "damage_beside",
    "damage_events",
    "damage_mixed",
    "damage_sessions",
    "damage_tokens",
    "damage_tools",
]
