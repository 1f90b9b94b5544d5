"""Every error that RMOS raises on purpose: one tree, each leaf with its code, HTTP status and exit code.

Foreign errors (`OSError`, `sqlite3.Error`, …) are translated at the boundary where they arise, `raise … from None`
where their text could show a path of the server. One handler in `http/problems.py` turns the tree into problem+json,
one in `cli/` into exit codes.

    raise RunNotFound("There is no run with this id.", run_id=run_id)

Each module holds what belongs to one subject.
"""
