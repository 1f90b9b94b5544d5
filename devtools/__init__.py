"""What `dev.py` does: it sets the repository up, serves, tests, checks and measures.

Standard library only: it runs on a machine that has Python and git and nothing else.
"""
