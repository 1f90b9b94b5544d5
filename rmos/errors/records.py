"""Runs that are not there or not any more, records that collide, and what judges them.

    raise RunNotFound("There is no run with this id.", run_id=run_id)

A record that was deleted is told apart from one that never was: its history is still there to be read.
"""

from rmos.errors.base import RmosError


class RunNotFound(RmosError):
    """No run has this id."""

    code, title, status = "RUN_NOT_FOUND", "Run not found", 404
    remedy = "Compare the id with a list of runs; ids are copied whole, `run_` and 32 hex digits."


class RunDeleted(RmosError):
    """The run was deleted; the members say who, when and why."""

    code, title, status = "RUN_DELETED", "Run deleted", 410
    remedy = "Ask whoever deleted it; an operator can restore a run that was deleted softly."


class RunExists(RmosError):
    """Another run has this id already; nothing was changed."""

    code, title, status = "RUN_EXISTS", "Run exists", 409
    remedy = "Nothing; the run that stands there is whole."


class VersionConflict(RmosError):
    """The record has moved on since the caller read it."""

    code, title, status = "VERSION_CONFLICT", "Version conflict", 409
    remedy = "Read the record again and decide whether the change is still wanted."


class RosetteNotFound(RmosError):
    """The run is no rosette."""

    code, title, status = "ROSETTE_NOT_FOUND", "Rosette not found", 404
    remedy = "Name a run of a rosette: those with event_type=rosette in the list of runs."


class EngineNotFound(RmosError):
    """No feasibility engine has this id."""

    code, title, status = "ENGINE_NOT_FOUND", "Engine not found", 404
    remedy = "Name an engine that this service has, or none to use the default."


class RuleNotFound(RmosError):
    """No engine of this service has a rule with this id."""

    code, title, status = "RULE_NOT_FOUND", "Rule not found", 404
    remedy = "Compare the id with those that the list of rules gives; ids are written in capitals."


class ToolNotFound(RmosError):
    """The shop has no tool of this id, and none of it ever took part in a job."""

    code, title, status = "TOOL_NOT_FOUND", "Tool not found", 404
    remedy = "Compare the id with the list of tools; one of your own stands in instance/tools.toml."
