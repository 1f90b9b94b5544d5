"""The operator pack: what a person takes to the machine for one run, as a zip whose bytes never change."""
