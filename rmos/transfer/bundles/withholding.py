"""Which programs a bundle goes without, where it is asked for over the network.

    withhold = make_withhold(store, ProgramGate(…))
    withhold(view)                # {sha256: why}

A program that a session covers leaves at its own address, which asks each time whether it still may (ADR 26). So that a
bundle is no way round that, the same gate is asked for each, and one that it keeps in is left out and named. Who has
the files of the store, and an admin, has the programs too: of them nobody asks.
"""

from collections.abc import Callable, Mapping

from rmos.errors.base import RmosError
from rmos.errors.programs import NotCovered, StaleApproval
from rmos.models import RunView
from rmos.services.program_release import ProgramGate
from rmos.services.programs.doors import is_gated
from rmos.store import Store
from rmos.store.naming import NamedBlob, list_gated, list_named_blobs

Withhold = Callable[[RunView], Mapping[str, str]]
"""Returns the blobs of a run that do not go along, each with the reason."""


def withhold_nothing(view: RunView) -> Mapping[str, str]:
    """Let everything go along."""
    return {}


def make_withhold(store: Store, gate: ProgramGate) -> Withhold:
    """Return what asks the gate for each program of a run."""

    def withhold(view: RunView) -> Mapping[str, str]:
        own = {program.sha256 for program in list_gated(view)}
        found: dict[str, str] = {}
        for named in list_named_blobs(view).values():
            if named.sha256 in own:
                refusal = _find_refusal(gate, view, named)
                if refusal is not None:
                    found[named.sha256] = f"a program that does not leave now: {refusal.detail}"
            elif is_gated(store, view, named):
                found[named.sha256] = "a program, which leaves at its own address"
        return found

    return withhold


def _find_refusal(gate: ProgramGate, view: RunView, named: NamedBlob) -> RmosError | None:
    try:
        gate.require_released(view, named)
    except (NotCovered, StaleApproval) as error:
        return error
    return None
