"""What the HTTP figures are measured by: the smallest Flask application, under the same gunicorn.conf.py."""

from flask import Flask


class NoStore:
    """Stands where gunicorn.conf.py and the worker class turn to the store; a hello-world has none."""

    def start_upkeep(self, wait_s: float) -> None:
        """Start nothing."""

    def refuses_writes(self) -> bool:
        """Refuse nothing."""
        return False

    def close(self) -> None:
        """End nothing."""


app = Flask("hello")
app.extensions["rmos"] = NoStore()


@app.get("/")
def hello() -> str:
    """Say it."""
    return "Hello, World!"
