"""The demo's runs: what a small lutherie shop might have asked for over the last two weeks. Nothing is evaluated here.

    for run in demo_runs(300, seed=7, now_us=now_us()):
        run.us, run.request, run.advisory, run.deletion

The content follows from the seed alone, the times from `now_us`: a fortnight of batches, strictly increasing, all past.
"""

import random
from collections.abc import Iterator
from typing import Final

import msgspec

from rmos.demo.cuts import BATCHES, Request

SPAN_US: Final = 14 * 24 * 3600 * 1_000_000
"""How far back the demo goes."""
_PAUSE: Final = 90.0
"""A pause between two batches, in units of the usual time between two runs of one."""


class DemoRun(msgspec.Struct, frozen=True, kw_only=True):
    """A request with its moment and batch, and what happened to its run later."""

    us: int
    batch_label: str
    request: Request
    advisory: str | None = None
    """Title of a note that a colleague attached."""
    deletion: str | None = None
    """Why the run was deleted, softly."""


class DemoSession(msgspec.Struct, frozen=True, kw_only=True):
    """The workflow session that the runs of a batch belong to, and what became of it."""

    user_id: str
    workflow_type: str
    machine_id: str
    deletion: str | None = None
    """Why it was deleted."""
    cascade: bool = False
    """Whether its runs were deleted with it."""


def demo_session(batch_label: str) -> DemoSession | None:
    """Return the session of a batch; most batches have none."""
    return _SESSIONS.get(batch_label)


def demo_runs(count: int, *, seed: int, now_us: int) -> Iterator[DemoRun]:
    """Give `count` runs, oldest first, the newest less than `SPAN_US` and more than a second before `now_us`."""
    rng = random.Random(seed)
    planned = list(_plan(count, rng))
    steps = [_PAUSE * rng.uniform(0.6, 1.4) if first else rng.uniform(0.5, 1.5) for first, _, _ in planned]
    scale = (SPAN_US - 2_000_000) / (sum(steps) + 1)
    us, elapsed = now_us - SPAN_US, 0.0
    for step, (_, label, request) in zip(steps, planned, strict=True):
        elapsed += step
        us = max(us + 1, now_us - SPAN_US + int(elapsed * scale))
        yield DemoRun(us=us, batch_label=label, request=request, **_aftermath(request, rng))


def _plan(count: int, rng: random.Random) -> Iterator[tuple[bool, str, Request]]:
    """Give whether it opens a batch, the batch's label, and the request, `count` times."""
    given, number = 0, 0
    while given < count:
        name, makes = BATCHES[number % len(BATCHES)]
        label = f"{name}-{number // len(BATCHES) + 1:02d}"
        wanted = [request for make in makes for request in make(rng)]
        wanted += [request for _ in range(rng.randint(2, 6)) for request in rng.choice(makes)(rng)]
        for place, request in enumerate(wanted[: count - given]):
            yield place == 0, label, request
        given, number = given + len(wanted), number + 1


def _aftermath(request: Request, rng: random.Random) -> dict[str, str]:
    chance = rng.random()
    if chance < 0.06:
        return {"advisory": rng.choice(_ADVISORIES)}
    if chance > 0.98 and not request.corrects:
        return {"deletion": rng.choice(_DELETIONS)}
    return {}


_SESSIONS: Final = {
    "om-spruce-rosettes-01": DemoSession(user_id="anna", workflow_type="rosette", machine_id="rigid_router"),
    "ebony-fingerboard-markers-01": DemoSession(
        user_id="jonas",
        workflow_type="inlay",
        machine_id="light_fast_spindle",
        deletion="Opened twice for the same neck.",
    ),
    "padauk-mosaic-sticks-01": DemoSession(
        user_id="anna",
        workflow_type="rosette",
        machine_id="table_saw",
        deletion="The customer withdrew the order.",
        cascade=True,
    ),
    "classical-cedar-rosettes-02": DemoSession(user_id="mei", workflow_type="rosette", machine_id="rigid_router"),
    "headstock-pearl-logo-02": DemoSession(user_id="jonas", workflow_type="inlay", machine_id="light_fast_spindle"),
}

_ADVISORIES: Final = (
    "Cut went clean, keep this feed for the next batch",
    "Slight fuzz on the downhill side: sharpen before the next top",
    "Measured 0.06 mm of play in the channel, fine for hide glue",
    "Chips were dusty, try a little more feed",
)
_DELETIONS: Final = (
    "Posted twice by the CAM plug-in.",
    "Wrong customer's drawing; the right one is in the next run.",
    "Dry run for training, nothing was cut.",
)
