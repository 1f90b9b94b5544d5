"""What browsers need beyond the API: the sign-in page, headers that keep pages apart, other sites that may call."""

from flask import Flask

from rmos.config import Settings
from rmos.web import cors, headers, sign_in


def init_app(app: Flask, settings: Settings) -> None:
    """Give an app its pages and put the headers on every answer."""
    app.register_blueprint(sign_in.bp)
    if settings.cors_origins:
        cors.init_app(app, frozenset(settings.cors_origins))
    headers.init_app(app)
