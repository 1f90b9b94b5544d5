"""Programs: read, measure, evaluate, compare with what was approved, keep, and hand out."""
