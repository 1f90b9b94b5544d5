"""Who calls, and what that caller may do.

    @bp.post("")
    @requires("recorder")
    def create_run() -> Response: ...

`guard` looks at each request before its view does, `callers` knows the tokens, `places` judges where a request came
from, `cookies` keeps browsers signed in, `throttle` counts. Every view declares its role; one that does not is closed
to everybody but admins.
"""

from rmos.auth.callers import Caller
from rmos.auth.cookies import COOKIE
from rmos.auth.guard import Guard, current_caller, current_guard, init_app
from rmos.auth.roles import OPEN, OPEN_ON_LOOPBACK, requires, role_of

__all__ = [
    "COOKIE",
    "OPEN",
    "OPEN_ON_LOOPBACK",
    "Caller",
    "Guard",
    "current_caller",
    "current_guard",
    "init_app",
    "requires",
    "role_of",
]
