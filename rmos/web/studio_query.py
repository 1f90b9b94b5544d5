"""What the studio is asked for: its URL and its form say the same, so every step is a link that can be kept.

asked = load_studio({"prompt": ["rope in koa"], "pick": ["7"], "change": ["wider"]})
asked.request_picked()                 # the RosetteRequest of the drawing that was picked, changed
asked.query(pick="8", change=())       # prompt=rope+in+koa&pick=8
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from marshmallow import fields, validate

from rmos import ids
from rmos.errors.request import ValidationFailed
from rmos.rosette.seeded import MAX_SEED
from rmos.schemas.fields import NAME, QueryInteger, RequestSchema, matches
from rmos.schemas.lists import require_single
from rmos.services.rosettes.plans import MAX_VARIANTS, RosetteRequest

LONGEST_PROMPT: Final = 500
"""Characters of a sentence (RMOS policy): it stands in the URL of each of its drawings."""
LONGEST_CHANGE: Final = 120
MOST_CHANGES: Final = 12
_CHANGE: Final = "change"
_SEED: Final = validate.Range(0, MAX_SEED)


class _StudioSchema(RequestSchema):
    """The parameters of the studio that are given once."""

    prompt = fields.String(validate=validate.Length(1, LONGEST_PROMPT))
    seed = QueryInteger(validate=_SEED)
    n = QueryInteger(validate=validate.Range(1, MAX_VARIANTS))
    pick = QueryInteger(validate=_SEED)
    begin = fields.String(validate=matches(ids.ANY_RUN_ID.pattern, "the id of a run"))
    tool = fields.String(validate=NAME)
    machine = fields.String(validate=NAME)


_schema: Final = _StudioSchema()


class StudioQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; `change` belongs to the drawing that was picked."""

    prompt: str | None = None
    seed: int | None = None
    """Of the first drawing; without it the prompt's own."""
    n: int = MAX_VARIANTS
    """How many drawings."""
    pick: int | None = None
    """The seed of the one that was picked."""
    begin: str | None = None
    """The run whose rosette is changed, in the place of a prompt."""
    change: tuple[str, ...] = ()
    tool: str | None = None
    machine: str | None = None

    def request_all(self) -> RosetteRequest:
        """Return the request for all drawings of the prompt."""
        return self._make_request(seed=self.seed, count=self.n)

    def request_picked(self) -> RosetteRequest:
        """Return the request for the one that was picked, or that a run has, with its changes."""
        seed = None if self.begin else self.pick
        return self._make_request(seed=seed, changes=self.change or None)

    def _make_request(self, **how: Any) -> RosetteRequest:
        prompt = None if self.begin else self.prompt
        return RosetteRequest(prompt=prompt, parent_run_id=self.begin, tool=self.tool, machine=self.machine, **how)

    def query(self, **over: Any) -> str:
        """Return the query of a link to the same question with some of it changed; None takes a parameter off."""
        return urlencode(self.list_fields(**over))

    def list_fields(self, **over: Any) -> list[tuple[str, str]]:
        """Return the parameters as a form or a link sends them."""
        values = {name: getattr(self, name) for name in self.__struct_fields__} | over
        if values["n"] == MAX_VARIANTS:
            values["n"] = None
        changes = values.pop(_CHANGE) or ()
        single = [(name, str(value)) for name, value in values.items() if value is not None]
        return [*single, *((_CHANGE, change) for change in changes)]


def load_studio(parameters: Mapping[str, Sequence[str]]) -> StudioQuery:
    """Return what the studio is asked for; empty values, as a form sends them, say nothing.

    Raises:
        ValidationError, ValidationFailed: unknown, repeated or malformed parameters, by name.
    """
    stated = {name: [value for value in values if value.strip()] for name, values in parameters.items()}
    changes = tuple(stated.pop(_CHANGE, ()))
    if len(changes) > MOST_CHANGES:
        raise ValidationFailed.of_request({_CHANGE: [f"At most {MOST_CHANGES}; record the rosette and go on from it."]})
    if any(len(change) > LONGEST_CHANGE for change in changes):
        raise ValidationFailed.of_request({_CHANGE: [f"At most {LONGEST_CHANGE} characters each."]})
    loaded = _schema.load(require_single({name: values for name, values in stated.items() if values}))
    return StudioQuery(**loaded, change=changes)
