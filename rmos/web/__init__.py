"""What browsers need beyond the API: the sign-in page, and headers that keep pages apart."""

from flask import Flask

from rmos.http import responses
from rmos.web import sign_in


def init_app(app: Flask) -> None:
    """Give an app its pages and put the headers on every response."""
    app.register_blueprint(sign_in.bp)
    responses.init_app(app)
