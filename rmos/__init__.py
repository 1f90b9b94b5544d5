"""RMOS: the flight recorder of a CNC lutherie shop."""
