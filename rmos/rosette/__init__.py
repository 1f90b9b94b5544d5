"""Rosettes: from a sentence to a drawing that can be made. Pure: no clock, no disk, no network, no chance."""
