"""Rosettes: from a sentence to recorded runs."""
