"""The log of a store: what is in it, how it grows, what it proves (docs/evidence.md)."""
