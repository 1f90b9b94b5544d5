"""Programs: read, measure, judge, compare with what was approved, keep, and hand out."""
