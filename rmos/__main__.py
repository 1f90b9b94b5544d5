"""`rmos` and `python -m rmos`: the command line as a program.

The module is thin, and lets Ctrl-C end the process at once while the rest is loaded, as it would end any other program:
Python's own way is a traceback from within whatever is just being imported.
"""

import signal
import sys
from pkgutil import resolve_name
from typing import Final

_INTERRUPTED: Final = 130
"""As `rmos.cli.exits` has it, which is not loaded here."""


def main() -> None:
    """Load the commands and run one; ends the process."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    run = resolve_name("rmos.cli:main")
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            run()
        finally:
            # What follows is the interpreter's own end, which is not to be told either.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:  # just before the commands began, or just behind them
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
