#!/usr/bin/env python3
"""Everything a developer or a first-time user does with this repository; `python3 dev.py --help` lists it.

The work is done in `devtools/`, by the standard library alone. This file stays readable to Python 3.6, so that an old
Python gets as far as the one line that says so.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts it with an older one gets here)
    sys.exit("RMOS needs Python 3.11 or newer; this is Python {}.{}.{}.".format(*sys.version_info[:3]))
if sys.platform == "win32":
    sys.exit("RMOS is set up and served on Linux and macOS; on Windows do this in WSL 2 (see README.md).")

from devtools.command_line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
