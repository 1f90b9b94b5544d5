"""Bundles: runs with all that belongs to them as one file, to be taken to another shop and taken in there."""
