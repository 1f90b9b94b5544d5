"""Rules: what an engine can say of a cut, by the id that its assessments carry.

    for engine_id, rule in registry.rules():
        rule.id, rule.formula, rule.limits["GREEN"], rule.source, rule.hint

An engine that offers `rules` emits no id that is not among them; the contract kit looks.
"""

from typing import Any

import msgspec


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One check: what it asks, how it reckons, where the colours change, where that comes from, what helps.

    `category` is the group whose score it goes into, `weight` that group's share; a gate has none. `limits` has the
    colours that the check can give.
    """

    id: str
    category: str
    question: str
    formula: str
    unit: str
    limits: dict[str, str]
    source: str
    hint: str
    inputs: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    weight: float | None = None

    def members(self, engine_id: str) -> dict[str, Any]:
        """Return the rule as plain JSON, as routes and commands show it."""
        return {
            "id": self.id,
            "engine_id": engine_id,
            "category": self.category,
            "weight": self.weight,
            "question": self.question,
            "formula": self.formula,
            "unit": self.unit,
            "limits": dict(self.limits),
            "source": self.source,
            "hint": self.hint,
            "inputs": list(self.inputs),
            "operations": list(self.operations),
        }
