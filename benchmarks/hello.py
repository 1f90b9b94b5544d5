"""What the HTTP figures are measured by: the smallest Flask application, under the same gunicorn.conf.py."""

from flask import Flask


class NoUpkeep:
    """Stands where gunicorn.conf.py starts the upkeep of the store; a hello-world has none."""

    def start_upkeep(self, wait_s: float) -> None:
        """Start nothing."""


app = Flask("hello")
app.extensions["rmos"] = NoUpkeep()


@app.get("/")
def hello() -> str:
    """Say it."""
    return "Hello, World!"
