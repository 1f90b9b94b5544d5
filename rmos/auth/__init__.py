"""Who calls, and what that caller may do.

    @bp.post("")
    @requires("recorder")
    def create_run() -> Response: ...

`guard` looks at each request before its view does, `callers` knows the tokens, `places` judges where a request came
from, `cookies` keeps browsers signed in, `throttle` counts. Every view declares its role; one that does not is closed
to everybody but admins.
"""
