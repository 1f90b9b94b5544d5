"""Decisions looked back on: evaluated again, by another engine, and beside what became of the cuts."""
