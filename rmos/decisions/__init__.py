"""Decisions looked back on: evaluate a recorded cut again, or a whole store with another engine."""
