"""Decide on a cut: by what the engine found, and by whether anybody knows what the request names.

    context = complete_context(request, engines.shop)
    result = evaluate(engine, design=request.design, context=context, …)
    decision = decide_cut(request, engine.info, engines.shop, context, result)

A tool, a machine or a material that is named and in no table leaves nothing that could be said of the cut as it is
meant: the decision is UNKNOWN, whatever the engine finds of a cut without it. What the engine found is recorded as it
is, so a replay gives the same.
"""

from typing import Any, Final

import msgspec

from rmos.engines.base import EngineInfo, EngineResult
from rmos.engines.decision import decide, mind_unknown_names
from rmos.engines.shop import Shop
from rmos.engines.shop.unknown import UnknownName, quote_name
from rmos.index.base import INDEX_ERRORS
from rmos.models import RunDecision
from rmos.names import find_name, offer_names
from rmos.row_models import RunQuery
from rmos.services.artifact import RunRequest
from rmos.services.design_cuts import complete_cuts, read_design_cuts
from rmos.store import Store

KNOWN_MODES: Final = ("router", "saw", "cam", "art_studio")
"""Modes that programs of this shop's kind use; each store has others of its own."""
NEW_MODE: Final = "NEW_MODE"
"""By what the warning of a mode begins that was never used before."""
_NOTHING_CUT: Final = "drawing_only"


def complete_context(request: RunRequest, shop: Shop) -> dict[str, Any]:
    """Return the context as it is evaluated: with what the ids of the request stand for in the shop's tables.

    That of a design with several cuts holds the contexts of all of them, each with its own tool.
    """
    found = read_design_cuts(request.design)
    if found is not None:
        return complete_cuts(
            found, request.context, shop, machine_id=request.machine_id, material_id=request.material_id
        )
    return shop.complete(
        request.context, tool_id=request.tool_id, machine_id=request.machine_id, material_id=request.material_id
    )


def find_unknown_names(
    request: RunRequest, info: EngineInfo, shop: Shop, context: dict[str, Any]
) -> tuple[UnknownName, ...]:
    """Return the ids of a request that stand for nothing, of what the engine reads; a drawing has no tool to know.

    Args:
        context: the completed one.
    """
    if request.design.get("operation") == _NOTHING_CUT:
        return ()
    unknown = shop.find_unknown(
        context, tool_id=request.tool_id, machine_id=request.machine_id, material_id=request.material_id
    )
    return tuple(item for item in unknown if _reads(info, item.section))


def _reads(info: EngineInfo, section: str) -> bool:
    """Tell whether an engine reads a member of the context; one that does not say what it reads may read it."""
    return not info.inputs or any(taken.path.startswith(f"{section}.") for taken in info.inputs)


def decide_cut(
    request: RunRequest, info: EngineInfo, shop: Shop, context: dict[str, Any], result: EngineResult
) -> RunDecision:
    """Return the decision on a cut: the engine's, unless the request names what nobody knows."""
    return mind_unknown_names(decide(result), find_unknown_names(request, info, shop, context))


def is_known_mode(mode: str) -> bool:
    """Tell whether a mode is one of those that every store knows, in any case."""
    return find_name(mode, KNOWN_MODES) is not None


def is_new_mode(mode: str, store: Store) -> bool:
    """Tell whether nobody has used a mode in this store; where the index cannot tell, it is not new."""
    return not is_known_mode(mode) and not _is_used(mode, store)


def mind_new_mode(decision: RunDecision, mode: str, store: Store) -> RunDecision:
    """Return the decision with a warning of a mode that nobody has used in this store: it is a slip, or a first time.

    Where the index cannot tell, there is no warning.
    """
    if not is_new_mode(mode, store):
        return decision
    sentences = (f"{NEW_MODE}: mode {quote_name(mode)} is new in this store.", offer_names(mode, KNOWN_MODES))
    return msgspec.structs.replace(
        decision,
        warnings=[*decision.warnings, " ".join(part for part in sentences if part)],
        details={**decision.details, "new_mode": mode},
    )


def _is_used(mode: str, store: Store) -> bool:
    try:
        return store.runs.page(RunQuery(mode=mode, include_deleted=True), limit=1).count > 0
    except INDEX_ERRORS:
        return True
