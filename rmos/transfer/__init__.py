"""Runs between stores: import, export, and the way out of the single-file store."""
