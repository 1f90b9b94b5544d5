"""The measure of the HTTP figures: the smallest Flask application, run by the same gunicorn in the same configuration."""

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
