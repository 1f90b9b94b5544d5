"""An engine for RMOS that judges one thing: nothing is fed faster than a careful hand would."""

from typing import Any

from rmos.engines.base import Assessment, EngineInfo, EngineResult, Risk
from rmos.engines.rules import Rule

FASTEST_MM_MIN = 1000.0
LIMIT_MM_MIN = 2000.0

TOO_FAST = Rule(
    id="TOO_FAST",
    category="gate",
    question="Is the feed that of a careful hand?",
    formula="v_f",
    unit="mm/min",
    limits={"GREEN": "v_f <= 1000", "YELLOW": "v_f <= 2000", "RED": "v_f > 2000"},
    source="house rule of this example",
    hint="Feed slower.",
    inputs=("design.feed_mm_min",),
)


class Gentle:
    """Refuse what is fed fast; say so when the feed is not known."""

    info = EngineInfo(engine_id="gentle", version="1.0.0", description="Lets nothing through but slow cuts.")
    rules = (TOO_FAST,)

    def compute(self, *, spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
        """Judge the feed of a design."""
        feed = spec.get("feed_mm_min")
        if type(feed) not in (int, float) or not 0 < feed < 1e9:
            return self._answer(request_id, "UNKNOWN", "the feed is not known", missing=["design.feed_mm_min"])
        risk: Risk = "GREEN" if feed <= FASTEST_MM_MIN else "YELLOW" if feed <= LIMIT_MM_MIN else "RED"
        message = f"feed {feed:g} mm/min, a careful hand goes to {FASTEST_MM_MIN:g} mm/min"
        score = {"GREEN": 90.0, "YELLOW": 60.0, "RED": 10.0}[risk]
        found = Assessment(
            id=TOO_FAST.id,
            category=TOO_FAST.category,
            risk=risk,
            message=message,
            source=TOO_FAST.source,
            value=float(feed),
            unit=TOO_FAST.unit,
            limit=FASTEST_MM_MIN,
            margin=FASTEST_MM_MIN - feed,
            score=score,
            inputs_used=list(TOO_FAST.inputs),
            suggestion=None if risk == "GREEN" else f"feed {FASTEST_MM_MIN:g} mm/min or less",
        )
        return self._answer(request_id, risk, message, score=score, assessments=[found])

    def _answer(
        self,
        request_id: str,
        risk: Risk,
        reason: str,
        *,
        score: float | None = None,
        assessments: list[Assessment] | None = None,
        missing: list[str] | None = None,
    ) -> EngineResult:
        return EngineResult(
            engine_id=self.info.engine_id,
            engine_version=self.info.version,
            status=risk,
            request_id=request_id,
            reasons=[reason],
            overall_score=score,
            assessments=assessments or [],
            missing_inputs=missing or [],
        )
