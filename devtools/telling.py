"""How the commands of `dev.py` speak, and how they give up."""

import sys


class Failed(Exception):
    """A command cannot go on; the text is one line for whoever typed it, `status` the exit status."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status


def say(text: str) -> None:
    """Print one line on stderr, at once: stdout belongs to the tools."""
    print(text, file=sys.stderr, flush=True)
