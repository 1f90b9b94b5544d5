"""The tree that runs are by their parents, and how far each branch of it came: pure functions of rows.

    lineage = build_lineage(runs)              # the oldest first, as the index gives them
    lineage.nodes[0].depth, lineage.broken

Each run has one parent at the most, so what is not a tree is a circle: it is cut before its oldest run, which becomes a
root. A parent that is not among the runs makes its child a root too; where that is a fault it stands in `broken`.
Nothing here calls itself: a chain may be as long as there are runs.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal, get_args

import msgspec

from rmos.names import fold_name

Phase = Literal["SPEC", "PLAN", "DECISION", "TOOLPATHS", "EXECUTION", "RESULT", "OTHER"]
PHASES: Final = get_args(Phase)
"""How far a run came, in the order of a job; `OTHER` is a type of a caller's own."""
BreakReason = Literal["CYCLE", "PARENT_ABSENT", "PARENT_DELETED", "PARENT_DAMAGED"]
BREAK_REASONS: Final = get_args(BreakReason)
BatchState = Literal["COMPLETED", "ERROR", "BLOCKED", "OK"]
BATCH_STATES: Final = get_args(BatchState)
_PHASE_OF: Final[dict[str, Phase]] = {
    "rosette": "SPEC",
    "feasibility_check": "PLAN",
    "approval": "DECISION",
    "rejection": "DECISION",
    "toolpaths": "TOOLPATHS",
    "program_check": "TOOLPATHS",
}
_WORST_FIRST: Final = ("ERROR", "BLOCKED", "OK")
_REASON_OF: Final[dict[str | None, BreakReason | None]] = {
    None: "PARENT_ABSENT",
    "missing": "PARENT_ABSENT",
    "deleted": "PARENT_DELETED",
    "erased": "PARENT_DELETED",
    "damaged": "PARENT_DAMAGED",
    "live": None,
}
"""What it means that the row of a parent stands so, and the parent is not among the runs; None: it is elsewhere."""


class LineageRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run, as far as its place in the tree and its progress go."""

    run_id: str
    created_us: int
    status: str
    parent_run_id: str | None = None
    parent_state: str | None = None
    """How the row of its parent stands; None where there is none."""
    event_type: str | None = None
    released: bool = False
    """Whether somebody took its operator pack."""
    outcome: str | None = None
    good_parts: int = 0
    scrap_parts: int = 0


class LineageNode(msgspec.Struct, kw_only=True):
    """A run in the tree; what it amounts to is that of all runs from it down."""

    run: LineageRun
    depth: int = 0
    phase: Phase
    """Of the run itself."""
    furthest: Phase
    rollup: str
    """The worst status: ERROR, then BLOCKED, then OK."""
    runs: int = 1
    good_parts: int = 0
    scrap_parts: int = 0
    last_us: int = 0
    """When the latest of them was made."""
    children: list["LineageNode"] = []

    @property
    def completed(self) -> bool:
        """Whether a good part came of it."""
        return self.good_parts > 0


class BrokenLink(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a run's parent."""

    reason: BreakReason
    run_id: str
    """The run that stands as a root for it."""
    parent_run_id: str
    run_ids: tuple[str, ...] = ()
    """Of a circle: all runs of it, each the parent of the one before it."""


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """The tree of some runs."""

    nodes: list[LineageNode]
    """Each after its parent, the oldest child first."""
    roots: list[LineageNode]
    broken: list[BrokenLink]

    @property
    def rollup(self) -> str | None:
        """The worst status of all runs; None where there are none."""
        return find_worst([node.rollup for node in self.roots])

    @property
    def completed(self) -> bool:
        """Whether a good part came of every root."""
        return bool(self.roots) and all(node.completed for node in self.roots)

    def count_phases(self) -> dict[str, int]:
        """Return how many runs are in each phase, in the order of a job."""
        counts = Counter(node.phase for node in self.nodes)
        return {phase: counts[phase] for phase in PHASES if counts[phase]}


def find_phase(run: LineageRun) -> Phase:
    """Return how far a run came: its outcome, the pack that was taken, else what its type says."""
    if run.outcome is not None:
        return "RESULT"
    if run.released:
        return "EXECUTION"
    return find_phase_of_type(run.event_type)


def find_phase_of_type(event_type: str | None) -> Phase:
    """Return the phase of a job in which runs of a type are made."""
    return _PHASE_OF.get(fold_name(event_type or ""), "OTHER")


def find_worst(statuses: Sequence[str]) -> str | None:
    """Return the worst of some statuses, None of none."""
    return next((word for word in _WORST_FIRST if word in statuses), None)


def build_lineage(runs: Sequence[LineageRun]) -> Lineage:
    """Return the tree of some runs, which are in the order of their making."""
    nodes = {run.run_id: _make_node(run) for run in runs}
    broken = [link for link in map(_find_break, (run for run in runs if run.parent_run_id not in nodes)) if link]
    cycles = _find_cycles(nodes)
    cut = {link.run_id for link in cycles}
    roots: list[LineageNode] = []
    for node in nodes.values():
        parent = None if node.run.run_id in cut else nodes.get(node.run.parent_run_id or "")
        (roots if parent is None else parent.children).append(node)
    ordered = _order_nodes(roots)
    for node in reversed(ordered):
        for child in node.children:
            _add_child(node, child)
    places = {run.run_id: place for place, run in enumerate(runs)}
    broken = sorted([*broken, *cycles], key=lambda link: places[link.run_id])
    return Lineage(nodes=ordered, roots=roots, broken=broken)


def _make_node(run: LineageRun) -> LineageNode:
    phase = find_phase(run)
    return LineageNode(
        run=run,
        phase=phase,
        furthest=phase,
        rollup=run.status,
        good_parts=run.good_parts,
        scrap_parts=run.scrap_parts,
        last_us=run.created_us,
    )


def _find_break(run: LineageRun) -> BrokenLink | None:
    """Return what is wrong with the parent of a run, where that is not among the runs."""
    reason = _REASON_OF.get(run.parent_state, "PARENT_ABSENT")
    if run.parent_run_id is None or reason is None:
        return None
    return BrokenLink(reason=reason, run_id=run.run_id, parent_run_id=run.parent_run_id)


def _find_cycles(nodes: dict[str, LineageNode]) -> list[BrokenLink]:
    """Return the circles; each run is walked over once."""
    seen: dict[str, int] = {}
    found = []
    for walk, start in enumerate(nodes):
        path: list[str] = []
        at: str | None = start
        while at in nodes and at not in seen:
            seen[at] = walk
            path.append(at)
            at = nodes[at].run.parent_run_id
        if at in nodes and seen[at] == walk:
            found.append(_cut_cycle(nodes, path[path.index(at) :]))
    return found


def _cut_cycle(nodes: dict[str, LineageNode], circle: list[str]) -> BrokenLink:
    """Return where a circle is cut: before its oldest run."""
    oldest = min(range(len(circle)), key=lambda place: (nodes[circle[place]].run.created_us, circle[place]))
    turned = circle[oldest:] + circle[:oldest]
    parent = nodes[turned[0]].run.parent_run_id or ""
    return BrokenLink(reason="CYCLE", run_id=turned[0], parent_run_id=parent, run_ids=tuple(turned))


def _order_nodes(roots: Sequence[LineageNode]) -> list[LineageNode]:
    """Return all nodes, each after its parent, and note how deep they stand."""
    ordered, waiting = [], list(reversed(roots))
    while waiting:
        node = waiting.pop()
        ordered.append(node)
        for child in reversed(node.children):
            child.depth = node.depth + 1
            waiting.append(child)
    return ordered


def _add_child(node: LineageNode, child: LineageNode) -> None:
    node.runs += child.runs
    node.good_parts += child.good_parts
    node.scrap_parts += child.scrap_parts
    node.last_us = max(node.last_us, child.last_us)
    node.rollup = find_worst((node.rollup, child.rollup)) or node.rollup
    node.furthest = max(node.furthest, child.furthest, key=_rank)


def _rank(phase: Phase) -> int:
    return -1 if phase == "OTHER" else PHASES.index(phase)
