"""Who calls, and what that caller may do.

    @bp.post("")
    @requires("recorder")
    def create_run() -> Response: ...

`guard` checks each request before its view, `callers` holds the tokens, `places` finds out where a request came from,
`cookies` keeps browsers signed in, `throttle` counts. Every view declares its role; one that does not is closed to all
but admins.
"""
